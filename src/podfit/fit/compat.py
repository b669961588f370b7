"""Two distributions beside each other, as far as runs, binaries or the index's metadata tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.version import Version

from podfit.model import InputError, canonical
from podfit.plan.compat import MEASURED_PAIR, Grid, measured_grid, stated_grid

if TYPE_CHECKING:
    from podfit.index import Index

MOST_SERIES = 12
"""So many series of releases of each distribution are asked for, the newest ones."""


def compat_grid(one: str, other: str, index: Index | None) -> Grid:
    """Return the grid of two distributions; index is asked where no runs are known. Names as people write them.

    Raises InputError for one distribution twice, for an unknown one, and where the index cannot be reached.
    """
    first, second = canonical(one), canonical(other)
    if first == second:
        raise InputError(f"{one} and {other} are one distribution", remedy="name two")
    if (first, second) == MEASURED_PAIR:
        return measured_grid()
    if (second, first) == MEASURED_PAIR:
        return turned(measured_grid())
    if index is None:
        raise InputError(
            f"of {first} with {second} no runs are known, and no index may be asked", remedy="drop --offline"
        )
    ones, others = _requires(first, index), _requires(second, index)
    return stated_grid(first, second, ones, others)


def turned(grid: Grid) -> Grid:
    """Return a grid with its rows as columns."""
    cells = {(column, row): cell for (row, column), cell in grid.cells.items()}
    return Grid(grid.other, grid.one, grid.columns, grid.rows, cells, grid.tried)


def newest_of_series(versions: Iterable[str], most: int = MOST_SERIES) -> list[str]:
    """Return the newest final release of each series (`2.3`), of the newest series, the oldest first."""
    found: dict[tuple[int, ...], str] = {}
    for text in sorted(versions, key=Version):
        if not Version(text).is_prerelease and not Version(text).is_devrelease:
            found[Version(text).release[:2]] = text
    return list(found.values())[-most:]


def _requires(name: str, index: Index) -> dict[str, tuple[str, ...]]:
    """Return what the newest releases of a distribution require, by version."""
    from podfit.index import MetadataUnknown

    found: dict[str, tuple[str, ...]] = {}
    chosen = newest_of_series(index.releases(name))
    index.prefetch([(name, version) for version in chosen])
    for version in chosen:
        try:
            found[version] = tuple(index.metadata(name, version).requires_dist or ())
        except MetadataUnknown:
            continue
    return found
