"""Which pins to release: a cheapest set that meets every conflict seen (minimum-cost hitting set)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

MOST_NODES = 50_000
"""So many partial sets are looked at; what was best until then is not proven to be the smallest."""


@dataclass(frozen=True, slots=True)
class HittingSet:
    """Names that meet every core; proven tells whether no cheaper set does."""

    names: frozenset[str]
    proven: bool = True


_Price = tuple[int, int, int, float]
"""What releasing names costs: how many of rank 2 and higher, of rank 1, of any rank, and their weight."""


def smallest_hitting_set(cores: Iterable[Collection[str]], weights: Mapping[str, float]) -> frozenset[str]:
    """Return the names of `hitting_set`."""
    return hitting_set(cores, weights).names


def hitting_set(
    cores: Iterable[Collection[str]],
    weights: Mapping[str, float],
    most_nodes: int = MOST_NODES,
    ranks: Mapping[str, int] | None = None,
) -> HittingSet:
    """Return the names to release so that each core loses at least one: the fewest, then the least weight.

    cores are non-empty collections of names. Names of rank 2 go only where nothing else does, those of rank 1 before
    them, all others (rank 0) first: one name of a higher rank costs more than any number of lower ones. The search
    branches on the smallest core not met yet and leaves a branch that cannot beat the best so far; it begins with the
    greedy set, and after most_nodes branches keeps what it has.
    """
    wanted = {frozenset(core) for core in cores}
    wanted = {core for core in wanted if not any(other < core for other in wanted)}
    if not wanted:
        return HittingSet(frozenset())
    ranks = ranks or {}
    search = _Branches(weights, ranks, _greedy(wanted, weights, ranks), most_nodes)
    search.visit([], sorted(wanted, key=lambda core: (len(core), sorted(core))))
    return HittingSet(frozenset(search.best), search.nodes <= most_nodes)


@dataclass(slots=True)
class _Branches:
    """A depth-first search for the best set; best is the best so far."""

    weights: Mapping[str, float]
    ranks: Mapping[str, int]
    best: Collection[str]
    most_nodes: int
    nodes: int = 0
    _cost: _Price = field(init=False)

    def __post_init__(self) -> None:
        self._cost = self._price(self.best)

    def visit(self, chosen: list[str], unmet: list[frozenset[str]]) -> None:
        """Try every way to meet unmet (what is left of each core after the names that this branch rules out)."""
        self.nodes += 1
        if self.nodes > self.most_nodes:
            return
        if not unmet:
            if self._price(chosen) < self._cost:
                self.best, self._cost = tuple(chosen), self._price(chosen)
            return
        if self._at_least(chosen, unmet) >= self._cost:
            return
        smallest = min(unmet, key=len)
        often = {name: sum(name in core for core in unmet) for name in smallest}
        ruled_out: set[str] = set()
        for name in sorted(
            smallest, key=lambda each: (self.ranks.get(each, 0), -often[each], self.weights.get(each, 0.0), each)
        ):
            left = [core - ruled_out for core in unmet if name not in core]
            if all(left):
                self.visit([*chosen, name], left)
            ruled_out.add(name)

    def _at_least(self, chosen: Collection[str], unmet: Iterable[frozenset[str]]) -> _Price:
        """Return a cost that no set of this branch is below: each of some disjoint cores takes a name of its own."""
        last, late, count, weight = self._price(chosen)
        seen: set[str] = set()
        for core in sorted(unmet, key=len):
            if seen.isdisjoint(core):
                seen |= core
                ranks = {self.ranks.get(name, 0) for name in core}
                last += min(ranks) > 1
                late += ranks == {1}
                count += 1
                weight += min(self.weights.get(name, 0.0) for name in core)
        return last, late, count, weight

    def _price(self, names: Collection[str]) -> _Price:
        """Return what releasing names costs."""
        ranks = [self.ranks.get(name, 0) for name in names]
        last = sum(rank > 1 for rank in ranks)
        return last, ranks.count(1), len(ranks), sum(self.weights.get(name, 0.0) for name in names)


def _greedy(cores: set[frozenset[str]], weights: Mapping[str, float], ranks: Mapping[str, int]) -> frozenset[str]:
    """Return a small hitting set: again and again the name of the lowest rank that meets the most of the cores left."""
    left = set(cores)
    chosen: set[str] = set()

    def cost(name: str) -> tuple[int, int, float, str]:
        return ranks.get(name, 0), -sum(name in core for core in left), weights.get(name, 0.0), name

    while left:
        best = min({name for core in left for name in core}, key=cost)
        chosen.add(best)
        left = {core for core in left if best not in core}
    return frozenset(chosen)
