"""Which releases of two distributions work together: a grid, each cell with the grade of its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from podfit.catalogue.torch_builds import torch_builds
from podfit.catalogue.torch_numpy import PairRun, torch_numpy_evidence, torch_numpy_runs, torch_numpy_uses
from podfit.model import Evidence, EvidenceKind, canonical
from podfit.model.claim import Claim
from podfit.model.words import listed

MEASURED_PAIR = ("torch", "numpy")
"""The pair of which runs are known."""


class Works(str, Enum):
    """What is known of two releases beside each other."""

    WORKS = "works"
    FAILS = "fails"
    """Some use of the one with the other raises, whether or not both can be imported."""
    REFUSED = "refused"
    """The metadata of one exclude the other; nobody says what would happen."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """Two releases: what is known, the evidence, and of a run which uses fail or warn and with what."""

    one: str
    other: str
    works: Works
    evidence: Evidence
    fails: Mapping[str, str]
    warns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of two distributions: rows are releases of one, columns those of other, oldest first.

    tried are the uses that each run tried, none where nothing was run.
    """

    one: str
    other: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    tried: tuple[str, ...] = ()

    def at(self, row: str, column: str) -> Cell:
        """Return a cell."""
        return self.cells[row, column]

    @property
    def boundary(self) -> str:
        """A sentence on the first row from which on nothing fails, where rows before it do; empty otherwise."""
        bad = [row for row in self.rows if any(self.at(row, each).works is Works.FAILS for each in self.columns)]
        if not bad or bad[-1] == self.rows[-1]:
            return ""
        first = self.rows[self.rows.index(bad[-1]) + 1]
        broken = {c for row in bad for c in self.columns if self.at(row, c).works is Works.FAILS}
        columns = [column for column in self.columns if column in broken]
        return f"{self.one} {first} is the first that works with {self.other} {columns[0]} and newer"


def measured_grid() -> Grid:
    """Return torch beside NumPy: runs first, else what the binary was compiled with."""
    builds = {build.torch: build for build in torch_builds() if build.machine == "x86_64" and build.numpy}
    runs: dict[tuple[str, str], PairRun] = {}
    for run in torch_numpy_runs():
        known = runs.get((run.torch, run.numpy))
        if known is None or len(run.fails) > len(known.fails):
            runs[run.torch, run.numpy] = run
    rows = _sorted({*builds, *(run.torch for run in runs.values())})
    columns = _sorted({run.numpy for run in runs.values()})
    cells: dict[tuple[str, str], Cell] = {}
    for row in rows:
        for column in columns:
            found = runs.get((row, column))
            if found is not None:
                works = Works.FAILS if found.fails else Works.WORKS
                source = f"torch {row} with NumPy {column} run on Python {found.python}"
                evidence = Evidence(EvidenceKind.MEASURED, source, torch_numpy_evidence().detail)
                cells[row, column] = Cell(row, column, works, evidence, found.fails, found.warns)
                continue
            build = builds.get(row)
            if build is None:
                nothing = Evidence(EvidenceKind.ASSUMED, "nobody ran it or read it")
                cells[row, column] = Cell(row, column, Works.UNKNOWN, nothing, {}, {})
                continue
            old = build.numpy == 1
            name = "numpy.core alone" if old else "numpy._core, else numpy.core"
            evidence = Evidence(EvidenceKind.BINARY, build.evidence.source, f"import_array() looks for {name}")
            works = Works.FAILS if old and Version(column).major > 1 else Works.WORKS
            cells[row, column] = Cell(row, column, works, evidence, {}, {})
    return Grid(*MEASURED_PAIR, rows, columns, cells, torch_numpy_uses())


def stated_grid(one: str, other: str, ones: Requires, others: Requires) -> Grid:
    """Return two distributions by what their releases require of each other; normalized names, metadata by version.

    Where neither says anything of the other, it is unknown. Extras count where they are called like the other.
    """
    rows, columns = _sorted(ones), _sorted(others)
    cells = {}
    for row in rows:
        for column in columns:
            said = [
                (_allows(ones[row], other, column), f"{one} {row}"),
                (_allows(others[column], one, row), f"{other} {column}"),
            ]
            stated = [(found, who) for found, who in said if found is not None]
            if not stated:
                nothing = Evidence(EvidenceKind.ASSUMED, "neither says anything of the other")
                cells[row, column] = Cell(row, column, Works.UNKNOWN, nothing, {}, {})
                continue
            lines = "; ".join(line for (_, line), _ in stated)
            source = listed(f"{who} METADATA" for _, who in stated)
            works = Works.WORKS if all(allowed for (allowed, _), _ in stated) else Works.REFUSED
            cells[row, column] = Cell(row, column, works, Evidence(EvidenceKind.METADATA, source, lines), {}, {})
    return Grid(one, other, rows, columns, cells)


Requires = Mapping[str, Sequence[str]]
"""Requires-Dist lines by version."""


def _allows(lines: Sequence[str], name: str, version: str) -> tuple[bool, str] | None:
    """Return whether requirements allow a version of a distribution, with the line that says so; None for silence."""
    found: tuple[bool, str] | None = None
    for line in lines:
        try:
            asked = Requirement(line)
        except InvalidRequirement:
            continue
        extra = str(asked.marker) if asked.marker is not None and "extra" in str(asked.marker) else ""
        if canonical(asked.name) != name or (extra and name not in extra):
            continue
        allowed = asked.specifier.contains(version, prereleases=True)
        if found is None or (found[0] and not allowed):
            found = (allowed, line)
    return found


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    """Return versions, the oldest first."""
    return tuple(sorted(versions, key=Version))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A claim held against a grid: right is None where nothing on hand decides; why is a sentence."""

    claim: Claim
    right: bool | None
    why: str
    evidence: Evidence


def judge(claim: Claim, grid: Grid) -> Judgement:
    """Return whether a claim is right by what the grid knows."""
    rows = _within(claim.one, grid.rows)
    columns = _within(claim.other, grid.columns)
    cells = [grid.at(row, column) for row in rows for column in columns]
    known = [cell for cell in cells if cell.works is not Works.UNKNOWN]
    if not known:
        nothing = Evidence(EvidenceKind.ASSUMED, "no cell of the grid")
        return Judgement(
            claim, None, f"nothing is known of {grid.one} {claim.one} with {grid.other} {claim.other}", nothing
        )
    runs = [cell for cell in known if cell.evidence.kind is EvidenceKind.MEASURED]
    pairs = f"{grid.one} {_range(rows)} with {grid.other} {_range(columns)}"
    if claim.use and runs:
        raised = [cell for cell in runs if claim.use in cell.fails]
        if raised:
            return Judgement(claim, True, f"{claim.use} raises {raised[0].fails[claim.use]}", raised[0].evidence)
        others = sorted({use for cell in runs for use in cell.fails})
        what = f"what raises is {listed(others[:4])}" if others else "nothing raises there"
        return Judgement(
            claim, False, f"{claim.use} raises nothing in {len(runs)} runs of {pairs}; {what}", runs[0].evidence
        )
    wrong = [cell for cell in known if (cell.works is Works.WORKS) != claim.works]
    if not wrong:
        return Judgement(claim, True, f"{known[0].works.value}: {pairs}", (runs or known)[0].evidence)
    if len(wrong) == len(known):
        return Judgement(claim, False, f"{wrong[0].works.value}: {pairs}", wrong[0].evidence)
    text = f"{len(wrong)} of {len(known)} combinations of {pairs}: {wrong[0].works.value}"
    return Judgement(claim, False, text, wrong[0].evidence)


def _within(specifier: str, versions: Sequence[str]) -> list[str]:
    """Return the versions that a specifier allows."""
    try:
        limit = SpecifierSet(specifier)
    except ValueError:
        return []
    return [version for version in versions if limit.contains(version)]


def _range(versions: Sequence[str]) -> str:
    """Return versions for a sentence: the only one, or from the first to the last."""
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}" if versions else "no release"
