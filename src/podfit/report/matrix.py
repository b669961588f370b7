"""The matrix as a table: one line per distribution, one column per template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podfit.catalogue.shown import held_family, spelled
from podfit.model import Action, Decision, Plan
from podfit.report.held import families, held_decisions
from podfit.report.model import Block, Column, Fold, Paragraph, Span, Style, Table, Text, text
from podfit.report.rows import Fact, Group, Row, facts, head, install_needed, rows, version_text
from podfit.report.words import SYMBOL, plural

_MOVING = (Action.INSTALL, Action.CHANGE, Action.CONFLICT)
_NONE = Span("-", Style.ASIDE)
_STAYS = "no, use the template's"
_DONE = {
    Action.KEEP: "",
    Action.INSTALL: "install",
    Action.CHANGE: "change",
    Action.CONFLICT: "conflict",
    Action.SKIP: "not needed",
}


def screen_table(plans: Sequence[Plan], *, details: bool) -> Table:
    """Return the matrix for a terminal: what the project needs itself, and what moves; with details all that moves."""
    everything = rows(plans)
    lead, first = head(everything)
    python, cuda, *_ = facts(plans)
    lines = [_fact(python, known=False), *map(_line, lead), *_also_held(plans, lead)]
    if any(cuda.values):
        lines.append(_fact(cuda, known=True))
    lines += map(_line, first)
    lines += [_line(row) for row in everything if row not in (*lead, *first) and _on_screen(row, details=details)]
    heads = [Column(text("Package"), lead=True), Column(text("Local"), lead=True)]
    return Table((*heads, *(Column(text(plan.template.name)) for plan in plans)), tuple(lines))


def _on_screen(row: Row, *, details: bool) -> bool:
    """Tell whether a row is shown on a terminal."""
    if details and any(c.action in _MOVING for c in row.decided):
        return True
    if row.group is Group.HELD:  # held on one template, to be installed on another: a companion that only one has
        return any(c.action in _MOVING and (c.direct or c.action is not Action.INSTALL) for c in row.decided)
    if row.group is Group.DEPENDENCY:  # a dependency that cannot be had concerns everybody, details or not
        return any(c.action is Action.CONFLICT for c in row.decided)
    return row.group in (Group.DIRECT, Group.CHANGE)


def _fact(fact: Fact, *, known: bool) -> tuple[Text, ...]:
    """Return the line of a fact about the environments; known: say so where it is not."""
    values = (text(value or ("not known" if known else "")) for value in fact.values)
    return (text(Span(fact.label, Style.NAME)), text(fact.local or _NONE), *values)


def _also_held(plans: Sequence[Plan], lead: Sequence[Row]) -> Iterator[tuple[Text, ...]]:
    """Yield the line that counts what is held beside the first."""
    shown = {row.name for row in lead}
    counts = [len([d for d in held_decisions(plan) if d.name not in shown]) for plan in plans]
    if any(counts):
        cells = (text(Span(f"keep {count}", Style.KEEP) if count else _NONE) for count in counts)
        yield (text(Span("also held" if lead else "held", Style.NAME)), text(_NONE), *cells)


def _line(row: Row) -> tuple[Text, ...]:
    """Return the line of a distribution."""
    return (text(Span(row.name, Style.NAME)), text(row.local or _NONE), *map(_cell, row.cells))


def _cell(decision: Decision | None) -> Text:
    """Return what a terminal shows of a decision: `install 2.3.3`."""
    if decision is None:
        return text(_NONE)
    return text(Span(f"{decision.action.value} {version_text(decision)}".rstrip(), Style(decision.action.value)))


def document_table(plans: Sequence[Plan]) -> tuple[Block, ...]:
    """Return the matrix in the shape of the hand-written document: the table, its legend, and who is not in it."""
    everything = rows(plans)
    lead, first = head(everything)
    opening = (*lead, *first)
    python, cuda, *_ = facts(plans)
    lines = [_document_fact(python), *(_document_line(row, plans) for row in lead), _document_fact(cuda)]
    lines += [_document_line(row, plans) for row in first]
    for group in (Group.HELD, Group.DIRECT, Group.CHANGE, Group.DEPENDENCY):
        chosen = [row for row in everything if row.group is group and row not in opening]
        together = _together(chosen) if group is Group.HELD else {}
        block = [_document_line(row, plans) for row in chosen if row.name not in together]
        for family in dict.fromkeys(together.values()):
            block.append(_family(family, [row for row in chosen if together.get(row.name) == family], plans))
        if block:
            lines += [(), *block]
    titles = ["Package", "Local", *(plan.template.name for plan in plans), "Install needed?"]
    legend = (
        f"{SYMBOL[Action.KEEP]} keep the template's, {SYMBOL[Action.INSTALL]} install, "
        f"{SYMBOL[Action.CHANGE]} change the template's, {SYMBOL[Action.CONFLICT]} conflict, "
        f"{SYMBOL[Action.SKIP]} not needed."
    )
    columns = tuple(Column(text(title), lead=number < 2) for number, title in enumerate(titles))
    rest = [row for row in everything if row.group in (Group.KEPT, Group.SKIPPED) and row not in opening]
    folds: list[Block] = []
    for group, words in ((Group.KEPT, "stay as the template has them"), (Group.SKIPPED, "are local and not needed")):
        names = [row.name for row in rest if row.group is group]
        if names:
            summary = f"{plural(len(names), 'distribution')} not in the table: they {words}"
            folds.append(Fold(text(summary), (Paragraph(text(", ".join(names))),)))
    return (Table(columns, tuple(lines)), Paragraph(text(legend)), *folds)


def in_one_line(everything: Sequence[Row]) -> frozenset[str]:
    """Return the held distributions that a document shows as a family, in one line, because they just stay."""
    lead, first = head(everything)
    held = [row for row in everything if row.group is Group.HELD and row not in (*lead, *first)]
    return frozenset(_together(held))


def _together(held: Sequence[Row]) -> dict[str, str]:
    """Return the held distributions that just stay and have family among them, each with its family."""
    staying = [row.name for row in held if all(c.action in (Action.KEEP, Action.SKIP) for c in row.decided)]
    counted = families(staying)
    return {name: held_family(name) for name in staying if held_family(name) in counted}


def _family(family: str, members: Sequence[Row], plans: Sequence[Plan]) -> tuple[Text, ...]:
    """Return the one line that stands for the members of a family that all stay."""
    counts = [len([row for row in members if (cell := row.cells[n]) and cell.template]) for n in range(len(plans))]
    cells = (text(f"{SYMBOL[Action.KEEP]} {count} kept" if count else "–") for count in counts)
    return (text(Span(family, Style.NAME)), text("–"), *cells, text(_STAYS))


def _document_fact(fact: Fact) -> tuple[Text, ...]:
    """Return the line of a fact about the environments."""
    values = (text(value or "not known") for value in fact.values)
    return (text(Span(fact.label, Style.NAME)), text(fact.local or "–"), *values, text(_STAYS))


def _document_line(row: Row, plans: Sequence[Plan]) -> tuple[Text, ...]:
    """Return the line of a distribution."""
    needed = install_needed(row, [plan.template.name for plan in plans])
    cells = map(_document_cell, row.cells)
    return (text(Span(spelled(row.name), Style.NAME)), text(row.local or "–"), *cells, text(needed))


def _document_cell(decision: Decision | None) -> Text:
    """Return what a document shows of a decision: its mark, the action unless it is to keep, and versions."""
    if decision is None:
        return text("–")
    action = decision.action
    version = version_text(decision, arrow="→")
    joined = ": " if action is Action.CONFLICT and version else " "
    said = joined.join(filter(None, (_DONE[action], version)))
    return text(Span(f"{SYMBOL[action]} {said}".rstrip(), Style(action.value)))
