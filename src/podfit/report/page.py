"""The matrix for whoever can open it: every distribution of every plan, with reason and evidence behind each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podfit.catalogue.shown import spelled
from podfit.model import Action, Decision, Plan
from podfit.model.words import shortened
from podfit.report.model import Block, Column, Explained, Span, Style, Table, Text, items, text
from podfit.report.rows import Group, counts, facts, head, install_needed, rows, version_text
from podfit.report.words import human_bytes, plural

_KINDS = {
    Group.HELD: "held",
    Group.DIRECT: "needed by the project itself",
    Group.CHANGE: "changed for others",
    Group.DEPENDENCY: "dependencies",
    Group.KEPT: "stay as the template has them",
    Group.SKIPPED: "local and not needed",
}
_ABOUT = "about the templates"
_CLOSED = frozenset(_KINDS[group] for group in (Group.HELD, Group.DEPENDENCY, Group.KEPT, Group.SKIPPED))
_WORDS = {
    Action.KEEP: "keep",
    Action.INSTALL: "install",
    Action.CHANGE: "change",
    Action.CONFLICT: "conflict",
    Action.SKIP: "not needed",
}


def verdicts(plans: Sequence[Plan], refused: Mapping[str, str]) -> tuple[Block, ...]:
    """Return one line per template: does the project fit, and at what price."""
    lines = []
    for plan in plans:
        counted = {action: count for action, count in counts(plan).items() if count and action is not Action.SKIP}
        said = Span("fits", Style.OK) if plan.feasible else Span("does not fit", Style.FAILED)
        moved = ", ".join(f"{_WORDS[action]} {count}" for action, count in counted.items())
        asked = f"; {plural(len(plan.questions), 'open question')}" if plan.questions else ""
        price = f": {moved}; {human_bytes(plan.download_bytes)} to download{asked}"
        lines.append(text(Span(plan.template.name, Style.NAME), " ", said, price))
        lines += [text(problem) for problem in plan.problems()[:3]]
    for name, reason in refused.items():
        lines.append(text(Span(name, Style.NAME), " ", Span("has no plan", Style.FAILED), f": {reason}"))
    return items(*lines)


def explained(plans: Sequence[Plan]) -> Explained:
    """Return the matrix of all plans with every decision's reason, evidence and drift."""
    everything = rows(plans)
    lead, first = head(everything)
    opening = {row.name for row in (*lead, *first)}
    reasons: dict[tuple[Text, ...], int] = {}
    lines: list[tuple[Text, ...]] = []
    kinds: list[str] = []
    behind: list[tuple[int, ...]] = []
    for fact in facts(plans):
        if any(fact.values):
            values = (text(value or "not known") for value in fact.values)
            lines.append((text(Span(fact.label, Style.NAME)), text(fact.local or "–"), *values, text("")))
            kinds.append(_ABOUT)
            behind.append((-1,) * (len(plans) + 3))
    chosen = [*lead, *first, *(row for row in everything if row.name not in opening)]
    for row in chosen:
        places = [-1, -1]
        for cell in row.cells:
            said = _why(cell)
            places.append(reasons.setdefault(said, len(reasons)) if said else -1)
        needed = install_needed(row, [plan.template.name for plan in plans])
        lines.append(
            (text(Span(spelled(row.name), Style.NAME)), text(row.local or "–"), *map(_cell, row.cells), text(needed))
        )
        kinds.append(_KINDS[Group.DIRECT] if row.name in opening else _KINDS[row.group])
        behind.append((*places, -1))
    titles = ["Package", "Local", *(plan.template.name for plan in plans), "Install needed?"]
    columns = tuple(Column(text(title), lead=number == 0) for number, title in enumerate(titles))
    return Explained(Table(columns, tuple(lines)), tuple(kinds), tuple(reasons), tuple(behind), _CLOSED)


def _cell(decision: Decision | None) -> Text:
    """Return what a cell shows: `install 2.3.3`."""
    if decision is None:
        return text("–")
    said = " ".join(filter(None, (_WORDS[decision.action], version_text(decision, arrow="→"))))
    return text(Span(said, Style(decision.action.value)))


def _why(decision: Decision | None) -> tuple[Text, ...]:
    """Return the paragraphs behind a cell: the reason, what differs from the laptop, who asks, the evidence."""
    if decision is None:
        return ()
    said = [text(f"{decision.reason[:1].upper()}{decision.reason[1:].rstrip('.')}.")]
    if decision.drift:
        said.append(text(f"Different from what was tested: {decision.drift}."))
    if decision.required_by:
        said.append(text(f"Asked for by {shortened(decision.required_by, 8)}."))
    said += [text(Span("Evidence: ", Style.ASIDE), str(each)) for each in decision.evidence]
    return tuple(said)
