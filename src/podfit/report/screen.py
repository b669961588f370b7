"""The comparison as a terminal shows it: the matrix, what to do, what to know, and at the end verdict and next step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podfit.model import Action, Plan
from podfit.model.words import shortened
from podfit.report.ahead import Ahead, next_steps
from podfit.report.findings import Concern, Told, checks, told
from podfit.report.held import held_decisions, held_summary
from podfit.report.made import made_with
from podfit.report.matrix import screen_table
from podfit.report.members import member_lines
from podfit.report.model import Block, Item, Items, Report, Section, Span, Style, Text, items, section, text
from podfit.report.remarks import (
    SHADOWED,
    Remark,
    alternatives,
    changes,
    conflicts,
    drifts,
    questions,
    reasons,
    told_once,
)
from podfit.report.rows import counts, prominent
from podfit.report.template import origin_in_short, provenance
from podfit.report.weight import slim_lines, weight_line
from podfit.report.words import human_bytes, plural, where

_MOST_FINDINGS = 8
"""So many findings that did not fail are shown without details."""

_MOST_WHOLE = 3
"""For so many templates, what is held and what was checked is told whole; beyond, it is one line each, too."""

_MOST_NAMES = 6
"""So many names stand for a longer list, where the list is one line."""


def screen(
    plans: Sequence[Plan],
    refused: Mapping[str, str] | None = None,
    *,
    details: bool = False,
    ahead: Ahead | None = None,
) -> Report:
    """Return what a terminal shows of the plans of one project.

    refused names the templates without any plan, with the reason. Without details, what decides nothing is one line
    each. ahead says which commands come next, None when that is not known.
    """
    found = told(plans)
    matrix = section("", screen_table(plans, details=details)) if plans else ()
    parts = (
        *matrix,
        *section("Cannot be had", *items(*(_remark("conflict", one, plans) for one in conflicts(plans)))),
        *section("Failed", *_findings(found, (Concern.FAILED,), plans, details=details)),
        *section("Changes to the templates", *items(*_changes(plans))),
        *section("Open questions", *_questions(plans, details=details)),
        *section("The project's own, carried and built by podfit apply", *items(*member_lines(plans, details=details))),
        *_advice(found, plans, details=details),
        *section("Different from what was tested locally", *_drift(plans, details=details)),
        *(_whole(found, plans) if details else _brief(found, plans)),
        *_end(plans, refused or {}, ahead),
    )
    return Report((), parts)


def _changes(plans: Sequence[Plan]) -> Iterator[Text]:
    """Yield what of the templates is replaced and why, what that does to them, and what there is without it."""
    found = changes(plans)
    yield from (_remark("change", one, plans) for one in found)
    if found:
        yield text(Span(SHADOWED, Style.ASIDE))
    for words, numbers in alternatives(plans):
        yield text(f"{words}{where(numbers, plans)}")


def _remark(word: str, remark: Remark, plans: Sequence[Plan]) -> Text:
    """Return `conflict NAME on TEMPLATE: why`, the word in the style of that name."""
    style = Style(remark.action.value) if remark.action else Style.NAME
    return text(Span(f"{word} {remark.name}".strip(), style), f"{where(remark.plans, plans)}: {remark.text}")


def _questions(plans: Sequence[Plan], *, details: bool) -> tuple[Items, ...]:
    """Return what only a person can answer, with where it was seen."""
    lines = []
    for question, numbers in questions(plans):
        seen = question.evidence if details else question.evidence[:1]
        at = f" [{'; '.join(str(one) if details else one.source for one in seen)}]" if seen else ""
        answer = f"; {question.remedy}" if question.remedy else ""
        head = Span(question.subject, Style.UNKNOWN)
        lines.append(text(head, f"{where(numbers, plans)}: {question.message}{answer}", Span(at, Style.ASIDE)))
    return items(*lines)


def _advice(found: Sequence[Told], plans: Sequence[Plan], *, details: bool) -> tuple[Section, ...]:
    """Return the sections of findings that did not fail and concern the project; so many that they can be read."""
    failed = sum(1 for one in found if one.concern is Concern.FAILED)
    left = len(found) if details else max(0, _MOST_FINDINGS - failed)
    parts: list[Section] = []
    hidden = 0
    for title, which in (("To do", Concern.TO_DO), ("To know", Concern.TO_KNOW)):
        chosen = [one for one in found if one.concern is which]
        parts += section(title, *_findings(chosen[:left], (which,), plans, details=details))
        hidden += len(chosen[left:])
        left -= len(chosen[:left])
    if hidden:
        more = Span(f"and {hidden} more that did not fail: --details shows them", Style.ASIDE)
        parts += section("" if parts else "To do", *items(text(more)))
    return tuple(parts)


def _findings(
    found: Sequence[Told], which: Sequence[Concern], plans: Sequence[Plan], *, details: bool
) -> tuple[Items, ...]:
    """Return the findings of some concerns; with details each with its whole evidence, else its kind."""
    lines = []
    for one in found:
        if one.concern in which:
            finding = one.finding
            at = "" if finding.subject in {plans[n].template.name for n in one.plans} else where(one.plans, plans)
            sources = dict.fromkeys(str(e) if details else e.kind.value for e in one.evidence)
            remedy = f"; {finding.remedy}" if finding.remedy else ""
            head = Span(f"{finding.verdict.value} {finding.subject}", Style(finding.verdict.value))
            lines.append(
                text(
                    head,
                    f"{at}: {finding.message.removeprefix(f'{finding.subject} ')}{remedy}",
                    Span(f" [{'; '.join(sources)}]", Style.ASIDE),
                )
            )
    return items(*lines)


def _drift(plans: Sequence[Plan], *, details: bool) -> tuple[Items, ...]:
    """Return how versions differ from the local ones.

    Without details: the reason where a version is installed that the project asked for otherwise; what just stays as
    the template has it, and dependencies, are counted.
    """
    every = drifts(plans)
    if details:
        return items(*(_remark("", one, plans) for one in told_once(every, plans)))
    first = prominent(plans)
    shown = [one for one in every if one.name in first and one.action is not Action.KEEP]
    lines = [Item(_remark("", one, plans)) for one in told_once(shown, plans)]
    rest = [one for one in every if one not in shown]
    stay = list(dict.fromkeys(one.name for one in rest if one.name in first))
    others = {one.name for one in rest if one.name not in first}
    if stay:
        words = f"{shortened(stay, _MOST_NAMES)}: as the templates have them, not as tested"
        lines.append(Item(text(words), brief=True))
    if others:
        lines.append(Item(text(f"{plural(len(others), 'distribution')} that the project does not name"), brief=True))
    return (Items(tuple(lines)),) if lines else ()


def _per_template(said: Sequence[str], plans: Sequence[Plan]) -> Iterator[tuple[str, str]]:
    """Yield (` on NAME`, sentence) for one sentence per plan, equal ones made one and empty ones left out."""
    found: dict[str, list[int]] = {}
    for number, words in enumerate(said):
        if words:
            found.setdefault(words, []).append(number)
    for words, numbers in found.items():
        yield where(numbers, plans), words


def _labelled(label: str, said: Sequence[str], plans: Sequence[Plan], style: Style = Style.PLAIN) -> Iterator[Text]:
    """Yield `label on NAME: sentence` for one sentence per plan."""
    for at, words in _per_template(said, plans):
        yield text(Span(f"{label}{at}", style), f": {words}")


def _brief(found: Sequence[Told], plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return one line for each thing that a reader may want to know whole, and how to get it."""
    if not plans:
        return ()
    short = len(plans) > _MOST_WHOLE
    summaries = [held_summary(plan) for plan in plans]
    lines = [Item(line, brief=short) for line in _labelled("held", summaries, plans, Style.KEEP)]
    said = [", ".join(map(str, checks(plan.findings))) for plan in plans]
    lines += [Item(line, brief=short) for line in _labelled("checks", said, plans)]
    heavy = [weight_line(plan) for plan in plans]
    lines += [Item(line, brief=short) for line in _labelled("heaviest", heavy, plans)]
    lines += [Item(text(words)) for words in slim_lines(plans)]
    own = list(dict.fromkeys(one.finding.subject for one in found if one.concern is Concern.TEMPLATE))
    if own:
        words = f"broken in the templates themselves, and left so: {shortened(own, _MOST_NAMES)}"
        lines.append(Item(text(words), brief=True))
    unknown = list(dict.fromkeys(one.finding.message for one in found if one.concern is Concern.UNDECIDED))
    if unknown:
        lines.append(Item(text(f"not known, deciding nothing: {'; '.join(unknown)}"), brief=True))
    lines += [
        Item(text(Span(at.removeprefix(" on ") or "all", Style.NAME), f": {words}"), brief=True)
        if len(plans) > 1
        else Item(text(words), brief=True)
        for at, words in _per_template([_origin(plan, notes=len(plans) > 1) for plan in plans], plans)
    ]
    said_here = _notes(plans, of_templates=len(plans) == 1)
    lines += [Item(text(f"note{at}: {words}"), brief=True) for at, words in said_here]
    installs = [len([d for d in plan.with_action(Action.INSTALL) if not d.direct]) for plan in plans]
    hidden = [f"{plural(count, 'dependency')} to install" if count else "" for count in installs]
    lines += [Item(text(f"{words}{at}, not in the table"), brief=True) for at, words in _per_template(hidden, plans)]
    skipped = [counts(plan)[Action.SKIP] for plan in plans]
    unneeded = [f"{plural(count, 'local distribution')} not needed" if count else "" for count in skipped]
    lines += [Item(text(f"{words}{at}"), brief=True) for at, words in _per_template(unneeded, plans)]
    whole = Span("--details shows all of this, and the reason and the evidence of every decision", Style.ASIDE)
    return section("In brief", Items((*lines, Item(text(whole)))))


def _origin(plan: Plan, *, notes: bool) -> str:
    """Return in one line how a template's list came to be; with notes, how many there are on it."""
    count = len(dict.fromkeys(plan.template.notes)) if notes else 0
    said = f"; {plural(count, 'note')}" if count else ""
    return f"{origin_in_short(plan.template)}{said}"


def _notes(plans: Sequence[Plan], *, of_templates: bool = True) -> Iterator[tuple[str, str]]:
    """Yield the notes of plans and, unless told otherwise, those of templates, each once, with where it holds."""
    found: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        for note in dict.fromkeys((*(plan.template.notes if of_templates else ()), *plan.notes)):
            found.setdefault(note, []).append(number)
    for note, numbers in found.items():
        yield where(numbers, plans), note


def _whole(found: Sequence[Told], plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return what `_brief` has a line for, whole, and the reason and the evidence of every decision."""
    rest = (Concern.TEMPLATE, Concern.UNDECIDED, Concern.GOOD)
    names = [", ".join(f"{d.name} {d.template}" for d in held_decisions(plan)) for plan in plans]
    facts: list[Text] = [
        *_labelled("held", [held_summary(plan) for plan in plans], plans, Style.KEEP),
        *_labelled("held, by name", names, plans),
        *_labelled("checks", [", ".join(map(str, checks(plan.findings))) for plan in plans], plans),
        *(text(provenance(plan.template)) for plan in plans),
        *(text(f"note{at}: {words}") for at, words in _notes(plans)),
    ]
    why = []
    for remark in reasons(plans, lambda d: d.action is not Action.SKIP):
        action = remark.action.value if remark.action else ""
        sources = "; ".join(map(str, remark.evidence)) or "no evidence given"
        head = Span(remark.name, Style.NAME)
        why.append(text(head, f"{where(remark.plans, plans)}: {action}: {remark.text} [{sources}]"))
    return (
        *section("Findings that ask for nothing", *_findings(found, rest, plans, details=True)),
        *section("The templates", *items(*facts)),
        *section("Reasons and evidence", *items(*why)),
        *section("How this was made", *items(*made_with(plans))),
    )


def _end(plans: Sequence[Plan], refused: Mapping[str, str], ahead: Ahead | None) -> tuple[Section, ...]:
    """Return the verdict on each template, a line each, and the commands that come next."""
    lines = []
    for plan in plans:
        said = "fits" if plan.feasible else "does not fit"
        moved = {action: count for action, count in counts(plan).items() if count and action is not Action.SKIP}
        words = [f"{action.value} {count}" for action, count in moved.items()]
        asked = len(plan.questions)
        open_questions = f"; {plural(asked, 'open question')}" if asked else ""
        price = f": {', '.join(words) or 'nothing to decide'}; {human_bytes(plan.download_bytes)} to download"
        style = Style.OK if plan.feasible else Style.FAILED
        lines.append(text(Span(plan.template.name, Style.NAME), " ", Span(said, style), f"{price}{open_questions}"))
    for name in refused:
        lines.append(text(Span(name, Style.NAME), " ", Span("has no plan", Style.FAILED)))
    blocks: tuple[Block, ...] = items(*lines)
    return (*section("Verdict", *blocks), *(next_steps(plans, ahead) if ahead else ()))
