"""What the ways onto a pod cost: the laptop's packages, what pip would do, the plan; and what each need brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from podfit.model import Action, Plan
from podfit.model.graph import reached
from podfit.model.pace import Pace
from podfit.model.weight import Total, Weight, total
from podfit.plan.dragged import Dragged


class Way(str, Enum):
    """A way to get a project's packages onto a pod."""

    LOCAL = "all of the local environment"
    FRESH = "declared, fresh environment"
    NAIVE = "declared, nothing held"
    PLAN = "podfit's plan"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A distribution of the template that a way replaces; held tells whether it should never be."""

    name: str
    before: str
    after: str
    held: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way costs. total is what it fetches and writes, seconds what pace predicts of it.

    environment is how many distributions are there afterwards. replaced are what would no longer be the
    template's. refusal says why there is no answer, and total is then empty.
    """

    way: Way
    total: Total
    seconds: float
    pace: Pace
    environment: int
    replaced: tuple[Replaced, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """What one direct need brings to the pod: itself and what nothing else that is planned asks for."""

    name: str
    brings: tuple[str, ...]
    total: Total


@dataclass(frozen=True, slots=True)
class Sizes:
    """The costs of all ways onto one template, and what the plan's needs bring, the heaviest first."""

    project: str
    template: str
    costs: tuple[Cost, ...]
    brought: tuple[Brought, ...]


def added(plan: Plan) -> dict[str, str]:
    """Return what a plan fetches, by name, each with its version."""
    return {one.name: one.planned for one in plan.with_action(Action.INSTALL, Action.CHANGE)}


def fetched_by_need(plan: Plan) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return for each need that is fetched: name, bytes and names of what is fetched for it alone, the heaviest first.

    The same as `brought`, by the index's sizes alone, and quick: every `podfit fit` says it.
    """
    sizes = {one.name: one.download_bytes for one in plan.with_action(Action.INSTALL, Action.CHANGE)}
    needs = [need.name for need in plan.needs]
    found = []
    for name in needs:
        if name in sizes:
            left = reached(needs, plan.edges, without=name)
            alone = tuple(sorted(sizes.keys() & (reached([name], plan.edges) - left)))
            found.append((name, sum(sizes[each] for each in alone), alone))
    return tuple(sorted(found, key=lambda one: (-one[1], one[0])))


def brought(plan: Plan, weights: Mapping[str, Weight | None]) -> tuple[Brought, ...]:
    """Return what each need brings, the heaviest on disk first; needs that the template has bring nothing."""
    names = set(added(plan))
    edges = {name: [other for other in plan.edges.get(name, ()) if other in names] for name in names}
    needs = [need.name for need in plan.needs if need.name in names]
    dragged = Dragged(edges, needs)
    found = []
    for name in needs:
        falls = tuple(sorted(dragged.falls_with(name)))
        found.append(Brought(name, falls, total({each: weights.get(each) for each in falls})))
    return tuple(sorted(found, key=lambda one: (-one.total.disk, one.name)))
