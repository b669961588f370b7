"""The comparison as a document, in the shape of the hand-written one that podfit replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podfit.model import Action, Finding, Plan, Verdict
from podfit.model.words import listed
from podfit.report.findings import checks
from podfit.report.held import held_decisions, held_summary
from podfit.report.made import made_with
from podfit.report.matrix import document_table, in_one_line
from podfit.report.members import member_lines
from podfit.report.model import (
    Block,
    Column,
    Fold,
    Paragraph,
    Report,
    Section,
    Span,
    Style,
    Table,
    Text,
    items,
    section,
    text,
)
from podfit.report.remarks import SHADOWED, Remark, alternatives, changes, conflicts, drifts, questions, reasons
from podfit.report.rows import Group, counts, prominent, rows
from podfit.report.template import provenance
from podfit.report.weight import slim_lines
from podfit.report.words import MARK, human_bytes, plural, where

_MOST_STAYING = 8
"""So many sentences on versions that just stay are in sight."""


def document(plans: Sequence[Plan], refused: Mapping[str, str] | None = None) -> Report:
    """Return the comparison of the plans of one project: verdicts, the table, what to know of it, and the evidence.

    refused names the templates for which there is no plan at all, each with the reason.
    """
    project = next((plan.project for plan in plans), "") or "This project"
    changed = "Distributions of a template that have to be replaced, each with the conflict that forces it:"
    return Report(
        text(f"{project}: dependency matrix"),
        (
            *section("", *_verdicts(plans, refused or {})),
            *section("Templates compared", *document_table(plans)),
            *_remarks("Conflicts", "What the project asks and cannot have:", conflicts(plans), plans),
            *_remarks("Changes to the templates", changed, changes(plans), plans, after=f"By default {SHADOWED}."),
            *_alternatives(plans),
            *_questions(plans),
            *_members(plans),
            *_drift(plans),
            *section("Counts and sizes", _sizes(plans)),
            *section("Smaller builds", *items(*map(text, slim_lines(plans)))),
            *section("Checks", *_checks(plans)),
            *section("What the project needs, and where that was seen", *_needs(plans)),
            *section("Reasons and evidence", *_reasons(plans)),
            *_templates(plans),
            *section("How this was made", *items(*made_with(plans))),
        ),
    )


def _verdicts(plans: Sequence[Plan], refused: Mapping[str, str]) -> tuple[Block, ...]:
    """Return one line per template: does it fit, and at what price."""
    lines = []
    for plan in plans:
        counted = counts(plan)
        words = [
            plural(counted[Action.INSTALL], "distribution") + " to install",
            plural(counted[Action.CHANGE], "change"),
            plural(counted[Action.CONFLICT], "conflict"),
        ]
        mark = MARK[Verdict.OK if plan.feasible else Verdict.FAILED]
        asked = f"; {plural(len(plan.questions), 'open question')}" if plan.questions else ""
        price = f"{listed(words)}; {human_bytes(plan.download_bytes)} to download{asked}"
        lines.append(text(f"{mark} {plan.template.name}: {price}"))
    lines += [text(f"{MARK[Verdict.FAILED]} {name}: no plan: {reason}") for name, reason in refused.items()]
    return items(*lines)


def _remark(remark: Remark, plans: Sequence[Plan]) -> Text:
    """Return the line of a sentence."""
    return text(Span(remark.name, Style.NAME), f"{where(remark.plans, plans)}: {remark.text}")


def _remarks(
    title: str, opening: str, remarks: Sequence[Remark], plans: Sequence[Plan], *, after: str = ""
) -> tuple[Section, ...]:
    """Return a section of sentences between two others, nothing when there are none."""
    if not remarks:
        return ()
    closing = (Paragraph(text(after)),) if after else ()
    return section(title, Paragraph(text(opening)), *items(*(_remark(remark, plans) for remark in remarks)), *closing)


def _alternatives(plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return what the needs would be with the fewest changes."""
    lines = [text(f"{words}{where(numbers, plans)}") for words, numbers in alternatives(plans)]
    if not lines:
        return ()
    opening = "What the project needs, in the versions that replace the fewest distributions of the template:"
    return section("With fewer changes", Paragraph(text(opening)), *items(*lines))


def _questions(plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return what podfit could not decide, with all places that raise it."""
    lines = []
    for question, numbers in questions(plans):
        known = "; ".join(map(str, question.evidence)) or "none given"
        answer = f" {question.remedy}." if question.remedy else ""
        said = f"{where(numbers, plans)}: {question.message.rstrip('.')}.{answer} Evidence: {known}."
        lines.append(text(Span(question.subject, Style.NAME), said))
    if not lines:
        return ()
    opening = text("What podfit could not decide by itself; the rest is planned:")
    return section("Open questions", Paragraph(opening), *items(*lines))


def _members(plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return what is the project's own and has to be built on the pod."""
    lines = member_lines(plans, details=True)
    if not lines:
        return ()
    opening = text("`podfit apply` carries these directories to the pod and builds them there:")
    return section("The project's own distributions", Paragraph(opening), *items(*lines))


def _drift(plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return how versions differ from the local ones: direct needs in sight, the rest behind a line to open.

    Many of those that just stay as the templates have them are behind a line, too.
    """
    every, first = drifts(plans), prominent(plans)
    if not every:
        return ()
    opening = text("Versions that differ from what the project was tested with locally:")
    named = [one for one in every if one.name in first]
    stay = [one for one in named if one.action is Action.KEEP]
    stay = stay if len(stay) > _MOST_STAYING else []
    blocks: list[Block] = [Paragraph(opening), *items(*(_remark(one, plans) for one in named if one not in stay))]
    if stay:
        summary = f"{listed(dict.fromkeys(one.name for one in stay))}: as the templates have them"
        blocks.append(Fold(text(summary), items(*(_remark(one, plans) for one in stay))))
    rest = [one for one in every if one.name not in first]
    if rest:
        summary = f"{plural(len({one.name for one in rest}), 'distribution')} that the project does not name itself"
        blocks.append(Fold(text(summary), items(*(_remark(one, plans) for one in rest))))
    return section("Drift from the local environment", *blocks)


def _sizes(plans: Sequence[Plan]) -> Table:
    """Return the table of counts and bytes."""
    heads = ["Template", *(action.value for action in Action), "Download"]
    lines = []
    for plan in plans:
        numbers = (str(count) for count in counts(plan).values())
        lines.append(tuple(map(text, (plan.template.name, *numbers, human_bytes(plan.download_bytes)))))
    columns = tuple(Column(text(title), lead=not number, number=number > 0) for number, title in enumerate(heads))
    return Table(columns, tuple(lines))


def _checks(plans: Sequence[Plan]) -> tuple[Block, ...]:
    """Return the verdicts of the checks: a line for each, a table for what is not ok."""
    lines = [
        text(f"{MARK[summary.worst]} {plan.template.name}: {summary}")
        for plan in plans
        for summary in checks(plan.findings)
    ]
    bad = [(plan, finding) for plan in plans for finding in plan.findings if finding.verdict is not Verdict.OK]
    if not bad:
        return items(*lines)
    heads = ("Template", "Check", "Subject", "Verdict", "What", "Evidence", "Remedy")
    table = Table(tuple(Column(text(head)) for head in heads), tuple(_finding(plan, finding) for plan, finding in bad))
    return (*items(*lines), table)


def _finding(plan: Plan, finding: Finding) -> tuple[Text, ...]:
    """Return the line of a finding."""
    verdict = f"{MARK[finding.verdict]} {finding.verdict.value}"
    cells = (plan.template.name, finding.check, finding.subject, verdict, finding.message, str(finding.evidence))
    return tuple(text(cell or "–") for cell in (*cells, finding.remedy))


def _needs(plans: Sequence[Plan]) -> tuple[Block, ...]:
    """Return what the project needs, with all places that show it."""
    needs = {need.name: need for plan in plans for need in plan.needs}
    lines = []
    for name, need in sorted(needs.items()):
        known = "; ".join(map(str, need.evidence)) or "none given"
        optional = " (optional)" if need.optional else ""
        lines.append(text(Span(name, Style.NAME), f"{need.specifier.replace(' ', '')}: {known}{optional}"))
    return items(*lines)


def _reasons(plans: Sequence[Plan]) -> tuple[Block, ...]:
    """Return reason and evidence of every decision in the table, those of one line left to their template."""
    everything = rows(plans)
    left_out = in_one_line(everything)
    shown = {
        row.name for row in everything if row.group not in (Group.KEPT, Group.SKIPPED) and row.name not in left_out
    }
    lines = []
    for remark in reasons(plans, lambda d: d.name in shown):
        action = remark.action.value if remark.action else ""
        known = "; ".join(map(str, remark.evidence)) or "none given"
        said = f"{where(remark.plans, plans)}: {action}. {remark.text.rstrip('.')}. Evidence: {known}."
        lines.append(text(Span(remark.name, Style.NAME), said))
    return items(*lines)


def _templates(plans: Sequence[Plan]) -> tuple[Section, ...]:
    """Return what is known of each template, and how well."""
    parts: list[Section] = [Section(text("The templates"), ())]
    for plan in plans:
        template = plan.template
        platform = f"{template.platform.machine}, glibc {template.platform.glibc}"
        count = plural(len(template.distributions), "distribution")
        lines = [text(template.title)] if template.title else []
        lines += [text("Image: ", Span(template.image, Style.CODE))] if template.image else []
        lines.append(text(f"Python {template.interpreter.version}, {platform}, {count}"))
        if summary := held_summary(plan):
            lines.append(text(f"Held: {summary}"))
            names: list[str | Span] = []
            for decision in held_decisions(plan):
                names += [", ", Span(f"{decision.name} {decision.template}", Style.CODE)]
            lines.append(text("Held distributions: ", *names[1:]))
        lines.append(text(provenance(template)))
        lines += [text(note) for note in (*template.notes, *plan.notes)]
        lines += [text(f"Solved {plan.created}")] if plan.created else []
        parts += section(text(template.name), *items(*lines), level=3)
    return tuple(parts)
