"""Smaller builds in the place of needs: offered where nothing that is imported is lost, taken where asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from podfit.catalogue.slim import Slim, slims
from podfit.fit.phases import Given
from podfit.model import Action, Call, Evidence, EvidenceKind, Need, NoPlanError, Plan, PodfitError, Project
from podfit.model.choice import Slimmer
from podfit.model.graph import reached
from podfit.model.requirement import Markers
from podfit.model.steps import Steps, Wait
from podfit.model.words import shortened

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile
    from podfit.index.wheel import WheelListing


def with_slimmer(given: Given, plan: Plan, planned: Callable[[Given], Steps[Plan]]) -> Steps[Plan]:
    """Return plan with the smaller builds that could stand in needs' places; where asked for, the plan that has them.

    planned makes a plan of what is given. Its first plan stays where the other one does not work or saves nothing; what
    cannot be asked of the index is not offered.
    """
    lines = {line: need for line in slims() if (need := _needed(line, given, plan)) is not None}
    if not lines:
        return plan
    given.reporter.step("looking for smaller builds")
    looked = yield Wait(lambda: [_offer(line, need, given, plan) for line, need in lines.items()])
    offers = tuple(offer for offer in looked if offer is not None)
    if not offers or not given.options.slim:
        return replace(plan, slimmer=offers)
    try:
        other = yield from planned(replace(given, swaps={offer.name: offer.slim for offer in offers}))
    except NoPlanError:
        return replace(plan, slimmer=offers)
    if other.download_bytes >= plan.download_bytes or (plan.feasible and not other.feasible):
        return replace(plan, slimmer=offers)
    return replace(other, slimmer=_taken(offers, plan, other))


def _taken(offers: Sequence[Slimmer], plan: Plan, other: Plan) -> tuple[Slimmer, ...]:
    """Return the offers as taken; of a single one the saving is the difference of the two plans."""
    difference = plan.download_bytes - other.download_bytes
    versions = {decision.name: decision.planned for decision in other.decisions}
    return tuple(
        replace(
            offer,
            version=versions.get(offer.slim, offer.version),
            saves=difference if len(offers) == 1 else offer.saves,
            taken=True,
        )
        for offer in offers
    )


def _needed(line: Slim, given: Given, plan: Plan) -> Need | None:
    """Return the need of the project itself that a line is about, which the plan fetches; None where a call forbids."""
    need = next((each for each in plan.needs if each.name == line.full), None)
    fetched = any(each.name == line.full for each in plan.with_action(Action.INSTALL))
    if need is None or not fetched or need.extras or need.url or not need.import_names:
        return None
    if line.without_cuda and given.template.cuda is not None:
        return None
    asked = any(line.full in targets for name, targets in plan.edges.items() if name != line.full)
    return None if asked or any(_spoils(call, line) for call in given.calls) else need


def _spoils(call: Call, line: Slim) -> bool:
    """Tell whether a call needs what is lost."""
    if call.target not in line.spoiled_by:
        return False
    return not any(argument.startswith(line.but_for) for argument in call.arguments if line.but_for)


def _offer(line: Slim, need: Need, given: Given, plan: Plan) -> Slimmer | None:
    """Return the offer of a line, None where something that is imported is not in it. The waiting part."""
    version = next(each.planned for each in plan.decisions if each.name == line.full)
    try:
        full, slim = (_wheel(given.index, name, version, given) for name in (line.full, line.slim))
        if full is None or slim is None:
            return None
        there, here = given.index.wheel_listing(slim), given.index.wheel_listing(full)
        requires = given.index.metadata(line.slim, version, tags=given.template.target.tags).requires_dist or ()
    except (PodfitError, OSError, ValueError):
        return None
    used = sorted(used_modules(given.project, given.calls, need, here))
    if not used or not there.modules.issuperset(used):
        return None
    names = {each.target for each in Markers(given.template.marker_environment).active(requires)}
    saves = _saved(plan, line, names, slim.size)
    if saves <= 0:
        return None
    seen = Evidence(EvidenceKind.BINARY, slim.filename, f"has what the project imports of it: {shortened(used, 6)}")
    return Slimmer(line.full, line.slim, version, line.loses, saves, (seen, line.evidence))


def _wheel(index: Index, name: str, version: str, given: Given) -> IndexFile | None:
    """Return the wheel of a release that fits the template, None without one."""
    from podfit.index import best_files

    fitting = best_files(index.files(name), version, given.template.target.tags)
    return next((file for file in fitting if file.kind == "wheel"), None)


def used_modules(project: Project, calls: Iterable[Call], need: Need, listing: WheelListing) -> frozenset[str]:
    """Return the modules of a need that the project names: in imports, and in what it takes from them or calls of them.

    What is taken from a module counts where the need's own wheel has a module of that name; listing is that wheel's.
    """

    def named() -> Iterator[str]:
        for site in project.imports:
            if site.top_level in need.import_names:
                yield site.module
                yield from (f"{site.module}.{name}" for name in site.names)
        for call in calls:
            if call.target.partition(".")[0] in need.import_names:
                yield call.target

    imported = {site.module for site in project.imports if site.top_level in need.import_names}
    return frozenset(
        module for name in named() for module in _prefixes(name) if module in listing.modules or name in imported
    )


def _prefixes(dotted: str) -> Iterator[str]:
    """Yield a dotted name and its parents."""
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


def _saved(plan: Plan, line: Slim, requires: Iterable[str], size: int) -> int:
    """Return the bytes that the smaller build saves; 0 where it asks for what nobody planned: nobody can tell then."""
    names = [line.slim if need.name == line.full else need.name for need in plan.needs]
    fetched = {d.name: d.download_bytes for d in plan.with_action(Action.INSTALL, Action.CHANGE)}
    known = {decision.name for decision in plan.decisions} | plan.template.distributions.keys()
    edges: Mapping[str, Iterable[str]] = {**plan.edges, line.slim: tuple(requires)}
    if not set(requires) <= known or not size:
        return 0
    kept = sum(fetched[name] for name in fetched.keys() & reached(names, edges))
    return sum(fetched.values()) - kept - (0 if line.slim in fetched else size)
