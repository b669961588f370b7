"""Look for the newest older release that nothing stands against, so that one round of solving learns a whole range."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from podfit.audit import Subject
from podfit.audit.cuda_libraries import uses_cuda
from podfit.audit.judging import Objection
from podfit.audit.releases import objections, uses_numpy
from podfit.fit.drive import together
from podfit.fit.phases import Given
from podfit.fit.wheels import compiled
from podfit.model import Bound, Distribution, PodfitError, Template
from podfit.model.steps import Steps, Wait
from podfit.model.versions import admits, parsed, public, read_version, same_or_newer

if TYPE_CHECKING:
    from podfit.index import IndexFile

MOST_TRIES = 12
"""So many releases are looked into at most: enough for a boundary among a thousand."""

MOST_TOLD = 60
"""So many releases at most are excluded one by one where none before a release passes."""


def widened(given: Given, subject: Subject, bound: Bound) -> Steps[Bound | None]:
    """Return a bound that excludes one release as one that leads to the newest older release that passes.

    The releases between are taken to fail as well: what stands against a release stands, as a rule, against the newer
    ones. The release that the bound leads to has been read. Of a need that is refused as it is asked for, whose release
    is one near to that, newer ones are looked into as well: what was made for an older CUDA is old itself. Where none
    is found, the older ones are excluded with it, as many as can be told, or None comes back where the bound rests on
    advice alone. A bound that judging one release does not teach (another audit's) comes back as it is.
    """
    release = subject.added.get(bound.name)
    if release is None or bound.filename or bound.specifier != f"!={release.version}":
        return bound
    said = objections_behind(subject, bound)
    if not said:
        return bound
    passes = partial(_passes, given, subject, bound.name)
    releases = yield from older_of(given, subject, bound.name, release.version)
    place, tries = yield from newest_that(passes, releases)
    if any(each.name == bound.name for each in subject.overlay.refused):
        newer = yield from newer_of(given, subject, bound.name, release.version)
        later, _ = yield from newest_that(passes, newer)
        between = [*releases[: place if place >= 0 else None], *newer[: max(later, 0)]]
        if later >= 0 and len(between) < MOST_TOLD:
            excluded = ",".join(f"!={version}" for version in (release.version, *(version for version, _ in between)))
            older = f"{releases[place][0]} is the newest before it that fits, and " if place >= 0 else ""
            reason = f"{bound.reason}; {older}{newer[later][0]} is the first after it that does"
            return replace(bound, specifier=excluded, reason=reason)
    if place >= 0:
        first = releases[place][0]
        there = subject.template.distributions.get(bound.name)
        specifier = leading_to(first, [version for version, _ in releases[:place]], release.version, there)
        return replace(bound, specifier=specifier, reason=f"{bound.reason}; {first} is the newest before it that fits")
    if all(each.advice for each in said):
        return None
    if tries >= MOST_TRIES or not 0 < len(releases) <= MOST_TOLD:
        return bound
    # Each of them is taken to fail: one round learns it.
    excluded = ",".join((bound.specifier, *(f"!={version}" for version, _ in releases)))
    return replace(bound, specifier=excluded, reason=f"{bound.reason}; so it is of the {len(releases)} before it")


def leading_to(first: str, between: Sequence[str], failed: str, there: Distribution | None) -> str:
    """Return the specifier that leads from a failed release to first, over those between.

    What the template has, there, is allowed where it is newer than what failed: nothing was seen against it.
    """
    newer = there is not None and parsed(there.version) is not None and read_version(there.version) > Version(failed)
    if newer and len(between) < MOST_TOLD:
        return ",".join(f"!={version}" for version in (failed, *between))
    return f"<={public(first)}"


def is_advice(subject: Subject, bound: Bound) -> bool:
    """Tell whether a bound rests on what somebody says alone, and that nobody saw."""
    said = objections_behind(subject, bound)
    return bool(said) and all(each.advice for each in said)


def objections_behind(subject: Subject, bound: Bound) -> list[Objection]:
    """Return the objections to an added release that a bound comes from, none where it comes from something else."""
    release = subject.added.get(bound.name)
    if release is None or bound.filename:
        return []
    said = objections(release, subject.binaries.get(bound.name), subject.surroundings)
    return [each for each in said if each.fatal and (each.reason, each.evidence) == (bound.reason, bound.evidence)]


def older_of(
    given: Given, subject: Subject, name: str, version: str, kind: str = "wheel"
) -> Steps[list[tuple[str, IndexFile]]]:
    """Return the older final releases with a file of a kind that fits, newest first, of those that the need allows."""
    stated = [SpecifierSet(need.specifier) for need in subject.needs if need.name == name and need.specifier]
    limits = [limit for limit in stated if limit.contains(version, prereleases=True)]  # the others gave way already
    limits += [SpecifierSet(known.specifier) for known in subject.bounds if known.name == name and not known.filename]
    try:
        releases = yield Wait(lambda: given.index.releases(name))
    except PodfitError:
        return []
    return older_releases(releases, subject.template, version, limits, given.options.exclude_newer, kind)


def newer_of(given: Given, subject: Subject, name: str, version: str) -> Steps[list[tuple[str, IndexFile]]]:
    """Return the newer final releases with a wheel that fits, oldest first, whatever the needs allow."""
    try:
        releases = yield Wait(lambda: given.index.releases(name))
    except PodfitError:
        return []
    every = older_releases(releases, subject.template, f"{2**31}", (), given.options.exclude_newer)
    return [each for each in reversed(every) if same_or_newer(each[0], version) and each[0] != version]


def older_releases(
    releases: Mapping[str, Sequence[IndexFile]],
    template: Template,
    version: str,
    limits: Sequence[SpecifierSet] = (),
    exclude_newer: str = "",
    kind: str = "wheel",
) -> list[tuple[str, IndexFile]]:
    """Return the final releases before version that limits allow, with their best file for template, newest first.

    kind is `wheel`, or `sdist` for those that have no wheel that fits.
    """
    from podfit.index import best_files
    from podfit.model.tags import platform_tags

    tags = platform_tags(template)
    found: list[tuple[str, IndexFile]] = []
    for text, files in releases.items():
        there = Version(text)
        if there >= Version(version) or there.is_prerelease or not all(limit.contains(there) for limit in limits):
            continue
        fitting = [
            file
            for file in best_files(files, text, tags)
            if not file.yanked and admits(file.requires_python, template.interpreter.version)
        ]
        late = exclude_newer and fitting and fitting[0].upload_time
        if fitting and fitting[0].kind == kind and not (late and fitting[0].upload_time[:10] > exclude_newer[:10]):
            found.append((text, fitting[0]))
    return found[::-1]


def newest_that(
    passes: Callable[[str, IndexFile], Steps[bool]], releases: Sequence[tuple[str, IndexFile]]
) -> Steps[tuple[int, int]]:
    """Return the place of the newest release that passes, by doubling steps and then halving, and the tries.

    The place is -1 where none was found within MOST_TRIES. Where the newest does not pass, what is looked into next if
    a release does, and if it does not, is looked into beside it.
    """
    looked: dict[int, bool] = {}

    def look(place: int, *beside: int) -> Steps[bool]:
        if place in looked:
            return looked[place]
        wanted = [each for each in dict.fromkeys((place, *beside)) if each not in looked]
        looked.update(zip(wanted, (yield from together([passes(*releases[each]) for each in wanted])), strict=True))
        return looked[place]

    low, high, step, tries = 0, -1, 1, 0
    while low < len(releases) and tries < MOST_TRIES:  # the doubling part: releases before low fail
        place = min(low + step - 1, len(releases) - 1)
        tries += 1
        further = min(place + step * 2, len(releases) - 1) if low else place
        if (yield from look(place, (low + place) // 2, further)):
            high = place
            break
        low, step = place + 1, step * 2
    while low < high and tries < MOST_TRIES:
        middle = (low + high) // 2
        tries += 1
        if (yield from look(middle, (low + middle) // 2, (middle + 1 + high) // 2)):
            high = middle
        else:
            low = middle + 1
    return high, tries


def _passes(given: Given, subject: Subject, name: str, version: str, file: IndexFile) -> Steps[bool]:
    """Tell whether nothing fatal stands against a release in the solution's surroundings."""
    yield from given.source.learn([(name, version)])
    release = given.source.release(name, version)
    if release is None or release.requires_dist is None:
        return False
    if any(said.fatal and not said.remedy for said in objections(release, None, subject.surroundings)):
        return False
    if not compiled(file.filename) or not (uses_numpy(release) or uses_cuda(release) or name in subject.binaries):
        return True
    (binaries,) = yield from given.wheels.of_files([(release, file)])
    return binaries is not None and not any(
        said.fatal and not said.remedy for said in objections(release, binaries, subject.surroundings)
    )
