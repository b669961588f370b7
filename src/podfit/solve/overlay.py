"""Fit needs over a template: which versions, the fewest changes that allow them, and what gives way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.requirements import Requirement

from podfit.model import (
    Alternative,
    Bound,
    Change,
    InputError,
    LockedPackage,
    Need,
    NoPlanError,
    Overlay,
    PassedOver,
    RefusedNeed,
    Reporter,
    SilentReporter,
    Template,
    canonical,
)
from podfit.model.choice import NEEDS, TEMPLATE
from podfit.model.steps import Steps, finish
from podfit.model.versions import public, same_version
from podfit.solve import other_environments as elsewhere
from podfit.solve.addresses import of_another_machine, unfilled, unset
from podfit.solve.alternative import Unsought, alternative, not_sought, with_fewest
from podfit.solve.answer import Refusal
from podfit.solve.choice import ANCHOR, STAYS, NeedsFirst
from podfit.solve.earlier import FEWEST, FIXED, Earlier
from podfit.solve.limits import holders, unmet
from podfit.solve.nearest import nearest, oldest_instead, small_steps
from podfit.solve.reconsider import Reconsidered
from podfit.solve.refusals import (
    Blamed,
    absent,
    against_held,
    at_address,
    explained,
    extras_against,
    giving_way,
    leading_to,
    told,
    told_of_address,
    told_of_wheels,
)
from podfit.solve.repositories import fixed_commits
from podfit.solve.search import MOST_RUNS, QUICK_RUNS, Packages, Search
from podfit.solve.sources import Sources
from podfit.solve.template_index import OfferedTemplate, flat_index, offer, resolver_platform
from podfit.solve.unreached import silent_beside
from podfit.solve.uv import PackageNotFoundError, Question, Uv


def solve_overlay(
    template: Template,
    needs: Sequence[Need],
    uv: Uv,
    *,
    held: Collection[str],
    preferences: Mapping[str, str],
    constraints: Iterable[str] = (),
    bounds: Sequence[Bound] = (),
    index_arguments: Sequence[str] = (),
    exclude_newer: str = "",
    sources: Sources | None = None,
    unasked: Mapping[str, str] | None = None,
    reporter: Reporter | None = None,
    anchors: Collection[str] = (),
    prefer: str = NEEDS,
) -> Overlay:
    """Return the overlay of `overlay_steps`, waited for in the caller's thread; same arguments, same errors."""
    earlier = Earlier()
    steps = overlay_steps(
        template,
        needs,
        uv,
        held=held,
        preferences=preferences,
        constraints=constraints,
        bounds=bounds,
        index_arguments=index_arguments,
        exclude_newer=exclude_newer,
        sources=sources,
        unasked=unasked,
        reporter=reporter,
        earlier=earlier,
        anchors=anchors,
        prefer=prefer,
    )
    try:
        overlay = finish(steps)
        return finish(with_fewest(overlay, earlier.unsought))
    finally:
        uv.end()


def overlay_steps(
    template: Template,
    needs: Sequence[Need],
    uv: Uv,
    *,
    held: Collection[str],
    preferences: Mapping[str, str],
    constraints: Iterable[str] = (),
    bounds: Sequence[Bound] = (),
    index_arguments: Sequence[str] = (),
    exclude_newer: str = "",
    sources: Sources | None = None,
    unasked: Mapping[str, str] | None = None,
    reporter: Reporter | None = None,
    earlier: Earlier | None = None,
    anchors: Collection[str] = (),
    prefer: str = NEEDS,
    settle: bool = True,
) -> Steps[Overlay]:
    """Resolve needs over template: their best versions, then the fewest changes, none to a held distribution.

    prefer says what comes first: NEEDS, or with TEMPLATE the fewest changes whatever the needs' versions. A need that
    the template meets stays where it can, and so do anchors, which move last of all. held are names of template
    distributions; preferences are the versions of the local environment by name; constraints are PEP 508 lines that
    limit without asking; bounds were learned, and limit all but what is held. unasked are indexes that cannot be asked,
    each with the reason, told where they might have helped. uv builds nothing: sources offers releases without a wheel,
    and says what may be built. A need that cannot be had (its limits, no such package, no access, an address that leads
    nowhere) is refused with the reason, the rest solved. Raises InputError for an index that cannot be reached,
    NoPlanError when nothing fits without the project's limits. earlier is what solving the same needs under fewer
    bounds found; it takes up what this one finds. Without settle the needs' versions are what is asked for: a search
    for the fewest changes that is long is left.
    """
    reporter = reporter or SilentReporter()
    held = frozenset(name for name in held if name in template.distributions)
    offered = offer(template, held)
    notes: list[str] = []
    stated = {need.name: need for need in needs}
    ignored, refused = elsewhere.of_held(offered.pins, held, needs)
    refused += [*against_held(offered, held, needs), *elsewhere.left_as_it_is(needs, ignored, offered.pins, held)]
    limits = list(_usable_constraints(constraints, offered, held, template, notes))
    limits += [f"{b.name}{b.specifier}" for b in bounds if not b.filename and b.name not in held]
    excluded = {(b.name, b.filename) for b in bounds if b.filename}  # the file of a commit has no name
    question = Question(
        requirements=(),
        constraints=tuple(limits),
        preferences=dict(preferences),
        python_version=template.target.python,
        platform=resolver_platform(template),
        find_links=flat_index(template, offered, uv.cache),
        index_arguments=tuple(index_arguments),
        exclude_newer=exclude_newer,
        until=tuple(sources.fitting.until.items()) if sources is not None else (),
        build_constraints=offered.build_constraints,
    )
    relaxed: set[str] = set(ignored) | {need.name for need in refused}
    allowed = sources.allowed if sources is not None else frozenset({":all:"})
    pinned = [n for n in needs if n.name not in held]
    filled = [n for n in pinned if not unset(n.url)]
    repositories = yield from fixed_commits(filled, allowed, offline=uv.offline, known=uv.commits)
    nowhere = [*repositories.refused, *unfilled(pinned), *of_another_machine(filled, template)]
    nowhere += elsewhere.of_another_cuda(needs, ignored, offered.pins, held)
    refused += nowhere
    dropped: set[str] = {*repositories.fixed, *(each.name for each in nowhere)}
    loose = [name for name in offered.pins if name not in held]
    forced = frozenset(n.name for n in filled if n.url and n.name in loose) - {each.name for each in nowhere}
    forced |= {b.name for b in bounds if b.name in loose and b.excludes(b.name, offered.pins[b.name])}
    earlier = earlier or Earlier()
    uv.leave(earlier.begun)  # what was begun for the solution before this one is not asked any more
    relaxed |= earlier.relaxed
    near, floors, plain = dict(earlier.near), earlier.floors, dict(earlier.plain)
    dropped |= earlier.dropped
    refused += [each for each in earlier.refused if each.name not in {r.name for r in refused}]
    start = (set(relaxed), set(dropped), dict(plain))
    runs, weights = 0, _weights(offered)
    again = Reconsidered(template, offered.pins, needs, preferences, sources, bounds) if sources is not None else None
    settled: tuple[Search, Packages] | None = None
    cheapest: tuple[Search, Packages] | None = None
    passed_over: tuple[PassedOver, ...] = ()
    rough = False
    while True:
        fault = Blamed(())
        meant = [n.without(plain.get(n.name, ())) for n in needs]
        wanted = [n for n in meant if n.name not in dropped and _asked(n, offered)]
        lines = tuple(
            requirement_line(n, n.name in relaxed, near.get(n.name, ""), floors.get(n.name, "")) for n in wanted
        )
        asked = replace(question, requirements=lines)
        lacking = unmet(meant, offered.pins, relaxed, {*held, *dropped, *forced})
        ranks = {n.name: STAYS for n in needs if n.name in loose and n not in lacking}
        ranks |= {name: ANCHOR for name in anchors if name in loose and name not in {n.name for n in lacking}}
        search = Search(
            *(template, offered, held, asked, uv, reporter, weights, forced - relaxed, sources),
            ranks=ranks,
        )
        if (relaxed, dropped, plain) == start:  # with fewer limits, what could not stay may stay
            search.take(earlier.cores)
        patience = MOST_RUNS if settle else 0 if FIXED in earlier.hard else QUICK_RUNS
        first = NeedsFirst(search, None, lacking, preferences, sources, earlier, patience, settle)
        taken = fewest_of_all = search
        chosen = False
        found: Packages | Refusal | None = None
        try:
            straight = (yield from first.straight()) if prefer == NEEDS else None
            if prefer == TEMPLATE:
                found = yield from search.run()
            elif straight is not None:
                taken, found = straight
            elif not first.tried and FEWEST not in earlier.hard:
                found = yield from search.exactly(QUICK_RUNS)
                if found is None:
                    earlier.hard.add(FEWEST)
            if found is None:  # the fewest changes of all are far to seek: the needs' versions are found without them
                chosen = True
                taken, found = yield from first.choose()
            blamed = "" if not isinstance(found, Refusal) else found.message
            if blamed:
                fault = yield from giving_way(search, blamed, needs, relaxed, dropped, ranks)
            culprits = list(fault.names)
        except PackageNotFoundError as error:
            blamed, culprits = told(error, needs, unasked or {}), absent(error, needs, relaxed, dropped)
            dropped.update(name for name in culprits if name == error.package)
        except InputError as error:
            culprits = [name for name in at_address(error, needs) if name not in relaxed]
            culprits = culprits or (yield from leading_to(search, error, dropped))
            if not culprits:
                raise
            blamed = told_of_address(error, culprits, needs)
            also = yield from silent_beside(error, filled, dropped, uv)
            refused += also
            relaxed.update(each.name for each in also)
            dropped.update(culprits, (each.name for each in also))  # not the index's by these names
        runs += search.runs
        if not blamed and found is not None and not isinstance(found, Refusal):
            settled, cheapest = (taken, found), (search, found) if taken is search else None
            looked = again is None or not (yield from again.look(found))
            if looked and prefer == NEEDS and taken is search and not chosen:
                choice = replace(first, answer=found)
                taken, better = yield from choice.choose()
                if not isinstance(better, Refusal):
                    settled, first = (taken, better), choice
                looked = taken is search or again is None or not (yield from again.look(settled[1]))
            runs, passed_over, rough = runs + first.runs, tuple(first.passed_over), not (first.ended or settle)
            if not first.ended:
                earlier.hard.add(FIXED)
            if looked:
                break
            assert again is not None  # noqa: S101 - it looked
            question = replace(question, constraints=(*limits, *again.excluded))
            continue
        if settled is not None and not (again is not None and again.early.intersection(culprits)):
            break  # what would be better cannot be had: the answer before it counts
        settled = None
        if not culprits:
            raise NoPlanError(f"nothing fits {template.name}: {blamed}")
        for name in culprits:
            need, told_of = stated[name], next((r for r in refused if r.name == name), None)
            said = explained(need, blamed, offered)
            against = () if told_of is not None else (yield from extras_against(need, search, fault.beside))
            if against:
                plain[name] = against
                refused.append(RefusedNeed(name, said))
                continue
            # out of a manifest's range it is not what is meant; nor is another release for one of another torch
            spare = bool(need.dispensable) and (not need.aside or elsewhere.made_for_another(name, said, held))
            if near.pop(name, "") == "" and (spare or name in relaxed or not (need.specifier or need.url)):
                if set(need.extras) <= set(plain.get(name, ())):
                    dropped.add(name)
                else:
                    plain[name] = need.extras
            if told_of is None or (name in plain and name not in relaxed):
                next_to = ""
                if name not in dropped:
                    if sources is not None and name not in floors and name not in offered.pins:
                        floors[name] = yield from oldest_instead(need, sources)
                    bare = need.without(plain.get(name, ()))
                    next_to = yield from nearest(bare, search, fault.beside, floors.get(name, ""))
                near |= {name: next_to} if next_to else {}
                refused = [each for each in refused if each.name != name]
                refused.append(RefusedNeed(name, said, near=next_to, gave_way=fault.excluded))
            relaxed.add(name)
    assert settled is not None  # noqa: S101 - the loop ends with an answer or raises
    earlier.take(relaxed, dropped, refused, cheapest[0].learned if cheapest is not None else search.learned)
    earlier.near, earlier.plain = near, plain
    search, packages = settled
    if not rough:
        before = search.runs
        packages = yield from small_steps(search, packages, preferences)
        runs += search.runs - before
    beside: Alternative | None = None
    earlier.unsought = None
    if cheapest is not None and cheapest[0] is not search:
        beside = alternative(cheapest[1], cheapest[0].moved(cheapest[1]), packages, needs)
    elif cheapest is None and search.moved(packages) and FEWEST in earlier.hard:
        notes.append(not_sought(template.name))
    elif cheapest is None and search.moved(packages):
        moves = search.moved(packages) | search.forced
        earlier.unsought = Unsought(replace(fewest_of_all, witness=moves), again, packages, needs)
    if not search.proven:
        notes.append(
            f"{len(search.released)} pins of {template.name} were released; that no smaller set would do is not proven "
            f"(the search ends after {MOST_RUNS} resolutions): state the versions that you need, or hold what must stay"
        )
    notes += [
        f"the index {label} was not asked ({reason}): what it alone should have may have come from another one"
        for label, reason in (unasked or {}).items()
    ]
    packages = {**packages, **repositories.fixed}
    notes += [
        f"{name} is built on the pod from {package.url}: what it requires, and whether it builds there, is not known "
        "without its files; the rest is planned without it"
        for name, package in repositories.fixed.items()
    ]
    offers = sources.offers if sources is not None else {}
    built = {name: offers[name, p.version] for name, p in packages.items() if (name, p.version) in offers}
    packages = {
        name: replace(p, artefacts=(built[name].artefact,)) if name in built else p for name, p in packages.items()
    }
    refused = yield from told_of_wheels(refused, stated, sources)
    fitting = {name: package.version for name, package in packages.items()}
    refused = [
        replace(r, fitting=fitting.get(r.name, ""), without=plain.get(r.name, ()), floor=floors.get(r.name, ""))
        for r in refused
    ]
    refused = elsewhere.gave_way(refused, stated, elsewhere.other_environments(needs, ignored), held, offered.pins)
    return Overlay(
        packages={
            name: replace(p, artefacts=tuple(f for f in p.artefacts if (name, f.filename) not in excluded))
            for name, p in packages.items()
        },
        changes=tuple(_changes(search, packages)),
        refused=tuple(elsewhere.may_be_there(refused, template, held)),
        ignored_pins=ignored,
        broken=offered.broken,
        left_out=offered.left_out,
        notes=tuple(notes),
        runs=runs,
        builds=tuple(built.values()),
        passed_over=passed_over,
        rough=rough,
        alternative=beside,
    )


def _usable_constraints(
    lines: Iterable[str], offered: OfferedTemplate, held: Collection[str], template: Template, notes: list[str]
) -> Iterator[str]:
    """Yield the project's constraints, without those that exclude what is held or what it requires: these are notes."""
    for line in lines:
        requirement = Requirement(line)
        name = canonical(requirement.name)
        if name in held and not requirement.specifier.contains(offered.pins.get(name, "0"), prereleases=True):
            notes.append(
                f"the project's constraint {line} is not applied: {template.name} has {name} {offered.pins.get(name)}, "
                "which is never changed"
            )
            continue
        against = [holder for holder in holders(name, requirement.specifier, offered) if holder.name in held]
        if against and not requirement.url:
            notes.append(
                f"the project's constraint {line} is not applied: of {template.name}, {against[0]}, "
                "and is never changed"
            )
            continue
        yield line


def _asked(need: Need, offered: OfferedTemplate) -> bool:
    """Tell whether the resolver can be asked for need: not when the template has it in a way no index can express."""
    return need.name not in offered.left_out


def requirement_line(need: Need, relaxed: bool = False, near: str = "", floor: str = "") -> str:
    """Return need as a PEP 508 line; when relaxed, in the version near to its limits, else in any from floor on."""
    if not relaxed:
        return need.line
    return f"{need.called}=={near}" if near else f"{need.called}>={public(floor)}" if floor else need.called


def _changes(search: Search, packages: Mapping[str, LockedPackage]) -> Iterator[Change]:
    """Yield the template distributions whose version differs in the solution."""
    for name, package in sorted(packages.items()):
        before = search.offered.pins.get(name)
        if before is None or same_version(package.version, before):
            continue
        texts = [core.reason for core in search.learned if name in core.names]
        if name in search.forced:
            texts = ["the project asks for a direct URL"]
        yield Change(name, before, package.version or package.url, texts[0] if texts else "")


def _weights(offered: OfferedTemplate) -> dict[str, float]:
    """Return what releasing each pin costs: the number of template distributions that rely on it."""
    weights = dict.fromkeys(offered.pins, 0.0)
    for requirements in offered.requirements.values():
        for asked in requirements:
            if asked.target in weights:
                weights[asked.target] += 1.0
    return weights
