"""What `podfit compat` answers: the grid, what each use does where something fails, and a document held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from podfit.model import EvidenceKind
from podfit.plan.compat import Cell, Grid, Judgement, Works
from podfit.report.answer import Answer
from podfit.report.model import Block, Column, Report, Section, Span, Style, Table, Text, items, section, text

_LETTERS = {
    EvidenceKind.MEASURED: "m",
    EvidenceKind.BINARY: "b",
    EvidenceKind.METADATA: "s",
    EvidenceKind.PUBLISHED: "p",
    EvidenceKind.ASSUMED: "",
}
_GRADES = {
    "m": "measured: both were run together",
    "b": "read from the binary of the release (whether one Python has both is another question)",
    "s": "stated in the metadata of one of the two",
    "p": "published",
}
_STYLES = {Works.WORKS: Style.OK, Works.FAILS: Style.FAILED, Works.REFUSED: Style.WARNING, Works.UNKNOWN: Style.UNKNOWN}


def compat_answer(grid: Grid, judged: Sequence[Judgement], document: str) -> Answer:
    """Return the answer about two distributions; judged are the claims of a document (empty: none was given)."""
    return Answer(
        "podfit compat",
        lambda details: _report(grid, judged, document, details=details),
        lambda: _report(grid, judged, document, details=True),
        lambda: _data(grid, judged, document),
    )


def _report(grid: Grid, judged: Sequence[Judgement], document: str, *, details: bool) -> Report:
    """Return the grid and what follows from it; without details rows that say the same are one."""
    sections: list[Section] = list(section("", *_grid(grid, details=details)))
    sections += section("What fails, and how", *_uses(grid))
    if document:
        sections += section(f"{document} against it", *_document(judged))
    return Report(text(f"{grid.one} with {grid.other}"), tuple(sections))


def _grid(grid: Grid, *, details: bool) -> Iterator[Block]:
    """Yield the table, what its letters mean, and the boundary in it."""
    columns = (Column(text(grid.one), lead=True), *(Column(text(version)) for version in grid.columns))
    groups = [[row] for row in grid.rows] if details else _alike(grid)
    lines = tuple((text(_span(rows)), *(_cell(grid, rows, column) for column in grid.columns)) for rows in groups)
    yield Table(columns, lines)
    used = {_LETTERS[cell.evidence.kind] for cell in grid.cells.values()}
    legend = "; ".join(f"{letter} {meaning}" for letter, meaning in _GRADES.items() if letter in used)
    yield from items(*(text(line) for line in (legend, grid.boundary) if line))


def _alike(grid: Grid) -> list[list[str]]:
    """Return the rows in groups of neighbours that say the same with evidence of the same kind."""
    groups: list[list[str]] = []
    for row in grid.rows:
        if groups and [_kind(grid.at(groups[-1][0], c)) for c in grid.columns] == [
            _kind(grid.at(row, c)) for c in grid.columns
        ]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _kind(cell: Cell) -> tuple[Works, EvidenceKind]:
    """Return what of a cell is shown."""
    return cell.works, cell.evidence.kind


def _span(rows: Sequence[str]) -> str:
    """Return neighbouring rows for a cell."""
    return rows[0] if len(rows) == 1 else f"{rows[0]} to {rows[-1]}"


def _cell(grid: Grid, rows: Sequence[str], column: str) -> Text:
    """Return a cell's word with the letter of its evidence."""
    cell = grid.at(rows[0], column)
    letter = _LETTERS[cell.evidence.kind]
    return text(Span(cell.works.value, _STYLES[cell.works]), f" {letter}" if letter else "")


def _uses(grid: Grid) -> Iterator[Block]:
    """Yield a statement for each thing that a run did: what is raised, what only warns, what is fine."""
    failing = [cell for cell in grid.cells.values() if cell.fails]
    if not failing:
        return
    lines: list[Text] = []
    fails: dict[tuple[str, str], int] = {}
    for cell in failing:
        for use, error in cell.fails.items():
            fails[use, error] = fails.get((use, error), 0) + 1
    for (use, error), count in fails.items():
        lines.append(text(Span(use, Style.NAME), f" raises {error} ({count} of {len(failing)} runs that fail)"))
    warns: dict[tuple[str, str], list[Cell]] = {}
    for cell in failing:
        for use, warning in cell.warns.items():
            warns.setdefault((use, warning), []).append(cell)
    for (use, warning), cells in warns.items():
        releases = sorted({cell.one for cell in cells})
        lines.append(text(Span(use, Style.NAME), f" warns with {', '.join(releases)}: {warning}"))
    fine = [use for use in grid.tried if not any(use in cell.fails for cell in failing)]
    if fine:
        lines.append(text(f"never raises, in {len(failing)} runs that fail elsewhere: {', '.join(fine)}"))
    yield from items(*lines)


def _document(judged: Sequence[Judgement]) -> Iterator[Block]:
    """Yield each claim with its judgement, wrong ones first."""
    words = {True: Span("right", Style.OK), False: Span("wrong", Style.FAILED), None: Span("unknown", Style.UNKNOWN)}
    if not judged:
        yield from items(text("it says nothing of the two that podfit understands"))
    order = sorted(judged, key=lambda one: (one.right is not False, one.right is not None))
    yield from items(
        *(
            text(words[one.right], f" {one.claim.where}: {one.claim.text}: {one.why} [{one.evidence.kind.value}]")
            for one in order
        )
    )


def _data(grid: Grid, judged: Sequence[Judgement], document: str) -> Mapping[str, Any]:
    """Return the JSON object."""
    cells = [
        {
            grid.one: row,
            grid.other: column,
            "works": cell.works.value,
            "evidence": msgspec.to_builtins(cell.evidence),
            "fails": dict(cell.fails),
            "warns": dict(cell.warns),
        }
        for (row, column), cell in grid.cells.items()
    ]
    claims = [
        {
            "where": one.claim.where,
            "text": one.claim.text,
            "right": one.right,
            "why": one.why,
            "evidence": msgspec.to_builtins(one.evidence),
        }
        for one in judged
    ]
    return {
        "schema": "podfit.compat/1",
        "one": grid.one,
        "other": grid.other,
        "rows": list(grid.rows),
        "columns": list(grid.columns),
        "boundary": grid.boundary,
        "cells": cells,
        "document": document,
        "claims": claims,
    }
