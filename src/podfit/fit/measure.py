"""The costs of all ways onto a template; what pip would do is asked of the same resolver, with nothing held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from podfit.catalogue.held import is_held
from podfit.catalogue.pace import pace
from podfit.fit.indexes import index_arguments
from podfit.fit.phases import Given, needs_phase
from podfit.fit.scales import Scales, Weighed
from podfit.fit.source import IndexReleases
from podfit.model import Plan, PodfitError, Project, Template
from podfit.model.pace import Pace
from podfit.model.steps import Steps
from podfit.model.versions import same_version
from podfit.model.weight import Weight, total
from podfit.plan.sizes import Cost, Replaced, Sizes, Way, added, brought
from podfit.solve.answer import Refusal
from podfit.solve.sources import Sources
from podfit.solve.unheld import unheld_steps


@dataclass(frozen=True, slots=True)
class _Set:
    """What one way fetches, by name, and what it leaves: how many distributions, which of the template's replaced."""

    versions: Mapping[str, str]
    environment: int
    replaced: tuple[Replaced, ...] = ()
    refusal: str = ""


def declared_alone(project: Project) -> Project:
    """Return the project as pip sees it: what it declares, with nothing imported and nothing tested."""
    return replace(project, imports=(), local=None)


def bare(template: Template) -> Template:
    """Return a template of the same platform in which nothing is installed."""
    return replace(template, name=f"{template.name}, empty", distributions={})


def sizes_steps(given: Given, plan: Plan, measured: Pace | None) -> Steps[Sizes]:
    """Return the costs of all ways for the plan that was made of what is given.

    measured is the pace of `podfit apply`, None when none was seen.
    """
    local = given.project.local.distributions if given.project.local is not None else {}
    new = set(added(plan)) - set(plan.template.distributions)
    sets: dict[Way, _Set] = {}
    if local:
        sets[Way.LOCAL] = _Set({name: one.version for name, one in local.items()}, len(local))
    sets[Way.FRESH] = yield from _by_pip(given, bare(plan.template))
    sets[Way.NAIVE] = yield from _by_pip(given, plan.template)
    changed = tuple(Replaced(each.name, each.before, each.after, held=False) for each in plan.changes)
    sets[Way.PLAN] = _Set(added(plan), len(plan.template.distributions) + len(new), changed)
    pairs = {(name, version) for each in sets.values() for name, version in each.versions.items() if version}
    given.reporter.step(f"weighing {len(pairs)} releases")
    weighed = yield from Scales(given.index, plan.template.target.tags).weigh(sorted(pairs))
    costs = []
    for way, each in sets.items():
        model = measured if way is Way.PLAN and measured is not None else pace("uv" if way is Way.PLAN else "pip")
        summed = total(_weights(each.versions, weighed))
        costs.append(Cost(way, summed, model.seconds(summed), model, each.environment, each.replaced, each.refusal))
    weights = _weights(added(plan), weighed)
    return Sizes(plan.project, plan.template.name, tuple(costs), brought(plan, weights))


def _by_pip(given: Given, template: Template) -> Steps[_Set]:
    """Return what pip would fetch for what the project declares, and leave behind; a refusal is one, not an error."""
    asked = replace(
        given,
        project=declared_alone(given.project),
        calls=(),
        template=template,
        source=IndexReleases(given.index, template),
    )
    given.reporter.step(f"working out what pip would install over {template.name}")
    try:
        needed = yield from needs_phase(asked)
        found = yield from unheld_steps(
            needed.template,
            needed.report.needs,
            given.uv,
            index_arguments=index_arguments(given.options),
            exclude_newer=given.options.exclude_newer,
            sources=Sources(
                given.index, needed.template, given.uv.cache, given.options.allow_build, given.options.exclude_newer
            ),
            reporter=given.reporter,
        )
    except PodfitError as error:
        return _Set({}, 0, (), str(error))
    if isinstance(found, Refusal):
        return _Set({}, 0, (), found.message)
    if not needed.report.needs:
        return _Set({}, 0, (), "the project declares nothing")
    present = {name: each.version for name, each in template.distributions.items()}
    fetched = {
        name: package.version
        for name, package in found.items()
        if name not in present or not same_version(package.version, present[name])
    }
    replaced = tuple(
        Replaced(name, present[name], version, is_held(name, present[name]))
        for name, version in sorted(fetched.items())
        if name in present
    )
    return _Set(fetched, len(set(present) | set(found)), replaced)


def _weights(versions: Mapping[str, str], weighed: Mapping[tuple[str, str], Weighed]) -> dict[str, Weight | None]:
    """Return the weight of each distribution of a set."""
    found = {name: weighed.get((name, version)) for name, version in versions.items()}
    return {name: each.weight if each is not None else None for name, each in found.items()}
