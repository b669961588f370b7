"""What of the local environment a pod does not need, who drags it in, and what it weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from podfit.audit.consistency import walk
from podfit.catalogue.categories import Category, titles
from podfit.model import LocalEnvironment, Plan, Release
from podfit.model.graph import reached
from podfit.model.weight import About, Total, Weight, total
from podfit.plan.category import category
from podfit.plan.dragged import Dragged, tops


@dataclass(frozen=True, slots=True)
class Surplus:
    """One local distribution that the pod does not need.

    roots are the distributions, installed for their own sake, from which requirements lead to it; dragged_by is the
    nearest distribution without which nothing would ask for it, empty when it is a root or several ask for it.
    """

    name: str
    version: str
    category: Category
    weight: Weight | None
    roots: tuple[str, ...]
    dragged_by: str

    @property
    def is_root(self) -> bool:
        """Whether nothing else requires it."""
        return self.roots == (self.name,)


@dataclass(frozen=True, slots=True)
class Saving:
    """What goes when one root is dropped: itself and all that nothing else would ask for."""

    name: str
    version: str
    falls: tuple[str, ...]
    total: Total


@dataclass(frozen=True, slots=True)
class Bloat:
    """The local environment against what one plan needs of it.

    everything weighs the local environment, needed what the project needs of it on the template, surplus the rest,
    which is sorted by name. categories holds, for each category that has members, its title and weight, in the order
    of the catalogue; savings the roots, what frees most first.
    """

    project: str
    template: str
    everything: Total
    needed: Total
    rest: Total
    surplus: tuple[Surplus, ...]
    categories: tuple[tuple[str, str, Total], ...]
    savings: tuple[Saving, ...]


def needed_names(plan: Plan) -> frozenset[str]:
    """Return what the project needs on the template: its needs and all that they lead to."""
    return frozenset(reached((need.name for need in plan.needs), plan.edges))


def local_releases(local: LocalEnvironment, read: Mapping[str, Release | None]) -> dict[str, Release]:
    """Return the local distributions with what they require: as installed where that was seen, else as read."""
    found = {}
    for name, one in local.distributions.items():
        release = read.get(name)
        if one.requires_dist is not None or release is None:
            release = Release(name, one.version, one.requires_dist, one.requires_python, one.evidence)
        found[name] = release
    return found


def bloat(
    plan: Plan,
    local: LocalEnvironment,
    releases: Mapping[str, Release],
    abouts: Mapping[str, About | None],
    weights: Mapping[str, Weight | None],
) -> Bloat:
    """Return what of local the plan's project does not need on its template.

    releases, abouts and weights are by name. Requirements are read under the markers of the template: what the
    environment would be there.
    """
    needed = needed_names(plan) & set(local.distributions)
    edges = walk(releases, plan.template).edges
    dragged = Dragged(edges, {*tops(edges), *(need.name for need in plan.needs if need.name in edges)})
    required_by: dict[str, list[str]] = {}
    for name, targets in edges.items():
        for target in targets:
            required_by.setdefault(target, []).append(name)
    surplus = tuple(
        Surplus(
            name,
            local.distributions[name].version,
            category(name, abouts.get(name), tuple(sorted(required_by.get(name, ())))),
            weights.get(name),
            dragged.roots_of(name),
            dragged.dominator.get(name, ""),
        )
        for name in sorted(set(local.distributions) - needed)
    )
    savings = [_saving(one, dragged.falls_with(one.name) - needed, weights) for one in surplus if one.is_root]
    return Bloat(
        plan.project,
        plan.template.name,
        _weigh(local.distributions, weights),
        _weigh(needed, weights),
        _weigh((one.name for one in surplus), weights),
        surplus,
        tuple(_categories(surplus)),
        tuple(sorted(savings, key=lambda each: (-each.total.disk, -each.total.count, each.name))),
    )


def _saving(one: Surplus, falls: frozenset[str], weights: Mapping[str, Weight | None]) -> Saving:
    """Return what dropping a root frees."""
    return Saving(one.name, one.version, tuple(sorted(falls)), _weigh(falls, weights))


def _categories(surplus: Iterable[Surplus]) -> Iterable[tuple[str, str, Total]]:
    """Yield name, title and weight of each category that has members."""
    members: dict[str, dict[str, Weight | None]] = {}
    for one in surplus:
        members.setdefault(one.category.name, {})[one.name] = one.weight
    for name, title in titles().items():
        if name in members:
            yield name, title, total(members[name])


def _weigh(names: Iterable[str], weights: Mapping[str, Weight | None]) -> Total:
    """Return the weight of some distributions together."""
    return total({name: weights.get(name) for name in names})
