"""Read ahead of an answer: the metadata that a solution will need, side by side, before the resolver is asked.

So it is at hand, and what has no wheel is offered from the start (podfit.solve.sources): the resolver would find out
that it may not build it only when it has tried everything else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from podfit.model import EvidenceKind, LockedPackage, Template
from podfit.model.requirement import Markers, named, parse_requires_dist
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import within
from podfit.solve.limits import pinned
from podfit.solve.sources import Sources

if TYPE_CHECKING:
    from podfit.index import CoreMetadata
    from podfit.index.serving import Serving

MUCH = timedelta(days=365)
"""A release with a wheel that is so much older than one to build is not taken in its place (assumed)."""

_DEEPEST = 6
"""So long chains of who asks for what are followed; what lies deeper is read when it is chosen."""

_MOST_IMPLIED = 3
"""So deep are exact requirements of the needs' versions followed: what they say of pins needs no resolver."""

_FORESEEN = 1
"""So long are the chains after which most is known that the question depends on: what the needs' requirements limit,
and what of these has no wheel."""


def read_ahead(
    sources: Sources,
    template: Template,
    exact: Mapping[str, str],
    tested: Mapping[str, str],
    extras: Mapping[str, Sequence[str]],
    foreseen: Callable[[], Steps[Mapping[str, str]]],
    serving: Serving | None = None,
) -> Steps[None]:
    """Read the metadata of exact versions and of what they ask for: the tested version, else the newest with a wheel.

    extras are those that are asked for of exact, by name, the empty one among them. What the template has is known
    already. What they ask for and no wheel can meet is offered where its build is likely. sources are told what is
    likely to be chosen (`Sources.likely`). foreseen is taken between, as soon as most is known that the resolver's
    question depends on; it returns the pins that stay. What stands against one of them will be tried in one release
    after the other: serving is told to read these.
    """
    markers = Markers(template.marker_environment)
    seen = {*exact, *template.distributions}
    front = dict(exact)
    asked: dict[str, str] = {}
    pins: Mapping[str, str] = {}
    for depth in range(_DEEPEST):
        stated = yield from sources.requirements(front.items())
        if sources.likely is not None:
            yield Wait(functools.partial(sources.likely.releases, stated))
        if serving is not None:
            for name in _against(stated, pins, asked):
                files = functools.partial(sources.fitting.wheels, name, asked[name])
                serving.seek(name, files, functools.partial(_goes_with, pins))
        asked = {}
        for (name, _), lines in stated.items():
            for line in markers.active(lines, extras.get(name, ("",))):
                if line.target not in seen and not line.requirement.url:
                    seen.add(line.target)
                    asked[line.target] = str(line.requirement.specifier)
        if not asked:
            break
        front = yield from sources.best_wheels(asked, tested)
        yield from sources.offer_likely({name: limit for name, limit in asked.items() if name not in front})
        if depth + 1 == _FORESEEN:
            pins = yield from foreseen()
        if sources.likely is not None:
            yield Wait(sources.likely.all_of_them)
    if sources.likely is not None:
        yield Wait(functools.partial(sources.likely.all_of_them))


def _against(
    stated: Mapping[tuple[str, str], Sequence[str]], pins: Mapping[str, str], asked: Collection[str]
) -> Iterator[str]:
    """Yield those asked for of which a release, with these Requires-Dist lines, stands against a pin."""
    yield from (name for (name, _), lines in stated.items() if name in asked and not _meets(lines, pins))


def _goes_with(pins: Mapping[str, str], metadata: CoreMetadata) -> bool:
    """Tell whether what a release requires is met by pins."""
    return _meets(metadata.requires_dist, pins)


def _meets(lines: Sequence[str], pins: Mapping[str, str]) -> bool:
    """Tell whether lines are met by pins, those with a marker apart: none may be parsed in every thread."""
    parsed = (parse_requires_dist(line) for line in lines if ";" not in line and named(line) in pins)
    return all(line is None or line.allows(pins[line.target]) for line in parsed)


def implied(
    sources: Sources | None,
    template: Template,
    versions: Mapping[str, str],
    extras: Mapping[str, Sequence[str]],
    wanted: Mapping[str, LockedPackage],
) -> Steps[dict[str, str]]:
    """Return what releases require, and what of it that is asked for exactly does in turn: by line, who asks, in words.

    extras are those that are asked for, by name, the empty one among them; wanted is the solution that the versions are
    of, empty where they are of none. Without sources nobody knows what a release requires.
    """
    exact = dict(versions)
    lines = {f"{name}=={version}": "planned is" for name, version in exact.items()}
    markers = Markers(template.marker_environment)
    seen: set[tuple[str, str]] = set()
    for _ in range(_MOST_IMPLIED):
        front = [pair for pair in exact.items() if pair not in seen]
        if not front or sources is None:
            break
        seen.update(front)
        stated = yield from sources.requirements(front, wanted)
        for (name, version), required in stated.items():
            for line in markers.active(required, extras.get(name, ("",))):
                if line.requirement.url:
                    continue
                lines.setdefault(f"{line.target}{line.requirement.specifier}", f"{name} {version} requires")
                pin = pinned(str(line.requirement.specifier))
                if pin and (line.target in wanted or not wanted):
                    exact.setdefault(line.target, wanted[line.target].version if wanted else pin)
    return lines


def newer_from_source(
    sources: Sources, best: Mapping[str, str], asked: Mapping[str, str], tested: Mapping[str, str]
) -> Steps[dict[str, str]]:
    """Return, by name, the release to build where the best one with a wheel is much older, and the build is likely.

    best are versions with a wheel, asked the specifiers, by name. It is the tested one where that is allowed. What does
    not state its requirements is none.
    """
    limits = {n: f"=={tested[n]}" if within(limit, tested.get(n, "")) else limit for n, limit in asked.items()}
    newer = yield Wait(lambda: {n: v for n in best if (v := _much_newer(sources, n, best[n], limits[n]))})
    if newer:
        yield from sources.offer_likely({name: f"=={version}" for name, version in newer.items()})
    offers = {name: sources.offers.get((name, version)) for name, version in newer.items()}
    stated = {name: each for name, each in offers.items() if each is not None}
    return {name: each.version for name, each in stated.items() if each.evidence.kind is not EvidenceKind.ASSUMED}


def _much_newer(sources: Sources, name: str, version: str, specifier: str) -> str:
    """Return the newest source release in a specifier that is from MUCH after a version; empty for none.

    The waiting part.
    """
    newest = sources.fitting.newest_source(name, SpecifierSet(specifier), version)
    if newest is None or not newest[1].upload_time:
        return ""
    before = dict(sources.fitting.published_at(name)).get(version)
    return newest[0] if before and instant(newest[1].upload_time) - instant(before) >= MUCH else ""
