"""Which pins to release: a smallest set that meets every conflict seen (minimum-weight hitting set)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations

_EXACT_SUBSETS = 20000
"""Up to so many candidate sets are tried one by one; beyond, a greedy choice is made."""


def smallest_hitting_set(cores: Iterable[Collection[str]], weights: Mapping[str, float]) -> frozenset[str]:
    """Return the names to release so that each core loses at least one: the fewest, then the least weight.

    cores are non-empty collections of names. The result is exact while the search is small (see _EXACT_SUBSETS),
    otherwise the greedy set, whose size is within a logarithmic factor of the smallest (Chvatal 1979).
    """
    wanted = {frozenset(core) for core in cores}
    wanted = {core for core in wanted if not any(other < core for other in wanted)}
    if not wanted:
        return frozenset()
    names = sorted({name for core in wanted for name in core}, key=lambda name: (weights.get(name, 0.0), name))
    tried = 0
    for size in range(1, len(wanted) + 1):
        best: tuple[float, tuple[str, ...]] | None = None
        for chosen in combinations(names, size):
            tried += 1
            if tried > _EXACT_SUBSETS:
                return _greedy(wanted, weights)
            picked = frozenset(chosen)
            if all(core & picked for core in wanted):
                weight = sum(weights.get(name, 0.0) for name in chosen)
                if best is None or (weight, chosen) < best:
                    best = (weight, chosen)
        if best is not None:
            return frozenset(best[1])
    raise AssertionError("one name of every core hits them all")  # pragma: no cover


def _greedy(cores: set[frozenset[str]], weights: Mapping[str, float]) -> frozenset[str]:
    """Return a small hitting set: again and again the name that meets the most of the cores left."""
    left = set(cores)
    chosen: set[str] = set()
    while left:
        names = {name for core in left for name in core}
        best = min(names, key=lambda name: (-sum(name in core for core in left), weights.get(name, 0.0), name))
        chosen.add(best)
        left = {core for core in left if best not in core}
    return frozenset(chosen)
