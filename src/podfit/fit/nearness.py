"""Nearness in time: what nothing bounds is chosen of the time of what it works with.

Metadata say which releases are too old, hardly ever which are too new: a library that was published two years after the
template's torch still asks for no newer one. So a release that is written for a held framework (it requires torch,
itself or through what it requires, has an extra of that name, or is called after it), and what such a release asks for
in turn, is not taken from later than half a year after the framework's release, or after a release that asks for it and
is from later itself (tested, pinned, of no framework). And nothing is taken of a major version that came after who asks
for it (podfit.fit.majors).
The laptop's versions come before that, and so does every requirement: where nothing is left, the limit gives way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from packaging.version import Version

from podfit.audit import Subject
from podfit.fit.majors import unseen
from podfit.fit.phases import Given, Needed, overlay_phase
from podfit.fit.times import first_upload, frameworks_of, learn_dates, taken_as_they_are
from podfit.model import Bound, NoPlanError, PodfitError, Release, Timely
from podfit.model.requirement import named, only_extra, parse_requires_dist
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import within
from podfit.solve import Earlier
from podfit.solve.unsolvable import words_of

if TYPE_CHECKING:
    from podfit.index import Index

AFTER = timedelta(days=183)
"""So long after what it works with a release is still of its time."""

MOST_ROUNDS = 6
"""So often the limits of one solution are looked at again: each round finds older releases, which ask for others."""


@dataclass(slots=True)
class Near:
    """The limits in time for one template: kept from one round of the fit's loop to the next.

    limits are in force, by_major the names of those that are of a major version. gave_way and major_gave_way are those
    that left nothing to be had: where the latter did, what is written for a framework is of its time nevertheless.
    inherent are needs that are refused whatever the limits. dates has when the held frameworks were released, empty
    where nobody knows. asked are needs that allow nothing of their time: what they ask for is of their own.
    """

    limits: dict[str, Timely] = field(default_factory=dict)
    by_major: set[str] = field(default_factory=set)
    gave_way: dict[str, Timely] = field(default_factory=dict)
    major_gave_way: dict[str, Timely] = field(default_factory=dict)
    inherent: set[str] = field(default_factory=set)
    dates: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def add(self, limits: Iterable[Timely], *, major: bool = False) -> bool:
        """Put the limits in force that are nearer than those that are; tell whether there was one."""
        added = False
        for limit in limits:
            known = self.limits.get(limit.name)
            if known is None or limit.until < known.until:
                self.limits[limit.name] = limit
                (self.by_major.add if major else self.by_major.discard)(limit.name)
                added = True
        return added

    def give_way(self, names: Iterable[str]) -> None:
        """Take limits out of force for good, and all others until they are found again: they followed from these."""
        for name in names:
            gone = self.major_gave_way if name in self.by_major else self.gave_way
            gone[name] = replace(self.limits[name], gave_way=True)
        self.limits.clear()
        self.by_major.clear()

    def restore(self, names: Iterable[str]) -> None:
        """Put limits in force again that gave way without need."""
        for name in names:
            for gone in (self.gave_way, self.major_gave_way):
                if name in gone:
                    self.add([replace(gone.pop(name), gave_way=False)], major=gone is self.major_gave_way)

    @property
    def all(self) -> tuple[Timely, ...]:
        """Every limit, by name: the one in force, else the one that gave way last."""
        every = {**self.major_gave_way, **self.gave_way, **self.limits}
        return tuple(every[name] for name in sorted(every))


def timely_solution(
    given: Given,
    needed: Needed,
    bounds: tuple[Bound, ...],
    earlier: Earlier,
    near: Near,
    *,
    tried: Collection[str] = (),
    settle: bool = True,
) -> Steps[Subject]:
    """Return the solution under bounds of which nothing is from much later than what it works with.

    Errors and settle as `overlay_phase`. near keeps the limits, earlier what solving found that stays true. tried are
    the names of bounds that may be given up: no limit gives way to a refusal that speaks of these and of no limit.
    """
    for _ in range(MOST_ROUNDS):
        subject = yield from _under_limits(given, needed, bounds, earlier, near, settle, tried)
        if any(each.name not in near.inherent for each in subject.overlay.refused):
            break  # what was tried is in the way
        there = frameworks_of(subject)
        yield from learn_dates(
            given, there, near.dates, {n for names in written_for(subject, there).values() for n in names}
        )
        young = yield from unseen(given, subject, near.dates, {*near.gave_way, *near.major_gave_way})
        limits = tuple(late(subject, given.tested, near.dates, near.gave_way, near.asked))
        instead = yield from _as_asked(given, subject, (*young, *limits))
        if not near.asked.issuperset(instead):
            near.asked.update(instead)
            limits = tuple(late(subject, given.tested, near.dates, near.gave_way, near.asked))
        limits = tuple(_in_place(limits, instead))
        bare = yield from _without_wheels(given, subject, there, limits, bounds)
        near.gave_way.update((limit.name, replace(limit, gave_way=True)) for limit in bare)
        new = near.add(limit for limit in limits if limit not in bare)
        if not near.add(_in_place(young, instead), major=True) and not new:
            break
    return replace(subject, timely=near.all)


def _as_asked(given: Given, subject: Subject, limits: Iterable[Timely]) -> Steps[dict[str, Timely | None]]:
    """Return what takes the place of limits before which there is nothing that a need allows, by name; None for none.

    They are counted from the first release that it does: `trl>=0.19.1` was written for that, and not for one of years
    later.
    """
    stated = {need.name: need.specifier for need in subject.needs if need.specifier}
    asked = [limit for limit in limits if limit.name in stated]

    def shifted() -> dict[str, Timely | None]:
        given.index.ready([limit.name for limit in asked])
        found = {limit.name: _shifted(given.index, subject, limit, stated[limit.name]) for limit in asked}
        return {limit.name: found[limit.name] for limit in asked if found[limit.name] is not limit}

    found: dict[str, Timely | None] = (yield Wait(shifted)) if asked else {}
    return found


def _in_place(limits: Iterable[Timely], instead: Mapping[str, Timely | None]) -> Iterator[Timely]:
    """Yield limits, or what takes their place."""
    yield from (each for limit in limits if (each := instead.get(limit.name, limit)) is not None)


def _shifted(index: Index, subject: Subject, limit: Timely, specifier: str) -> Timely | None:
    """Return a limit, counted from the first release in a specifier where all of these are from after it.

    None where the planned release keeps to that. The waiting part.
    """
    try:
        releases = index.releases(limit.name)
    except PodfitError:
        return limit
    allowed = [
        (min(file.upload_time for file in files if file.upload_time), version)
        for version, files in releases.items()
        if not Version(version).is_prerelease and within(specifier, version) and any(file.upload_time for file in files)
    ]
    if not allowed or instant(min(allowed)[0]) < instant(limit.until):
        return limit
    time, version = min(allowed)
    end = _after(limit.name, version, time)
    if instant(first_upload(subject, limit.name)) < end.until:
        return None
    return Timely(limit.name, f"{end.until:%Y-%m-%dT%H:%M:%SZ}", f"{end.reason}, the first that is asked for")


def _without_wheels(
    given: Given, subject: Subject, held: Iterable[str], limits: Iterable[Timely], bounds: Iterable[Bound]
) -> Steps[tuple[Timely, ...]]:
    """Return the limits that would lead from a wheel to a source distribution, or to what is older than one.

    And those before which bounds allow no release. Of what is written for a framework in held they count nevertheless.
    """
    own = written_for(subject, held)
    asked = {limit.name: limit for limit in limits if limit.name not in own}
    if not asked:
        return ()

    def bare() -> tuple[Timely, ...]:
        given.index.ready(asked)
        return tuple(limit for limit in asked.values() if not _newest_is_a_wheel(given.index, subject, limit, bounds))

    found: tuple[Timely, ...] = yield Wait(bare)
    return found


def _newest_is_a_wheel(index: Index, subject: Subject, limit: Timely, bounds: Iterable[Bound]) -> bool:
    """Tell whether of the final releases before a limit, and before the planned one, the newest has a wheel.

    What bounds exclude does not count; the answer is no where they exclude all that there is. The waiting part.
    """
    from podfit.index import best_files

    end, planned = instant(limit.until), Version(subject.added[limit.name].version)
    try:
        releases = index.releases(limit.name)
    except PodfitError:
        return True
    excluded = False
    for version in reversed(tuple(releases)):
        if Version(version).is_prerelease or Version(version) >= planned:
            continue
        before = [file for file in releases[version] if file.upload_time and instant(file.upload_time) < end]
        if before and any(bound.excludes(limit.name, version) for bound in bounds):
            excluded = True
        elif before:
            return any(file.kind == "wheel" for file in best_files(before, version, subject.template.target.tags))
    return not excluded


def _under_limits(
    given: Given,
    needed: Needed,
    bounds: tuple[Bound, ...],
    earlier: Earlier,
    near: Near,
    settle: bool,
    tried: Collection[str],
) -> Steps[Subject]:
    """Return the solution under bounds and the limits in force; those that leave nothing to be had give way."""
    refused: set[str] = set()
    loosened: set[str] = set()
    while True:
        until = {name: limit.until for name, limit in near.limits.items()}
        try:
            subject = yield from overlay_phase(given, needed, bounds, earlier, until, settle=settle)
        except NoPlanError as error:
            words = words_of(error.message)
            if not near.limits or (words.isdisjoint(near.limits) and not words.isdisjoint(tried)):
                raise
            now = {""}
        else:
            if not near.limits:
                earlier.found_under_nothing_else()
            told = [each for each in subject.overlay.refused if each.name not in near.inherent]
            now = {each.name for each in told}
            if not now:
                return subject
            words = words_of(" ".join(each.message for each in told)) | now
            if not loosened and words.isdisjoint(near.limits):  # it is none of the limits
                near.inherent |= now if words.isdisjoint(tried) else set()
                return subject
        earlier.clear()  # what was found under limits need not be true without them
        if now == refused:  # it was none of the limits
            near.restore(loosened)
            near.inherent |= now
            refused, loosened = set(), set()
            continue
        blamed = set(near.limits.keys() & words) or set(near.limits)
        near.give_way(blamed)
        refused, loosened = now, loosened | blamed
        given.reporter.step(
            f"{given.template.name}: of its time there is no {', '.join(sorted(blamed))} that can be had"
        )


@dataclass(frozen=True, slots=True)
class _End:
    """Until when a release is of the time of what it works with, and what that follows from."""

    until: datetime
    reason: str


def late(
    subject: Subject,
    tested: Mapping[str, str],
    dates: Mapping[str, str],
    free: Collection[str] = (),
    later: Collection[str] = (),
) -> Iterator[Timely]:
    """Yield a limit for each release of a solution that is from much later than what it works with.

    tested are the local versions, which are taken as they are; dates are ISO times of the held frameworks; free are
    names that no limit is for, and so are the needs that cannot be had as they are asked for: what is nearest to that
    counts for them, and not the time. later are names of which what they ask for is of their own time.
    """
    taken = taken_as_they_are(subject, tested) | set(free) | {each.name for each in subject.overlay.refused}
    for name, end in sorted(_ends(subject, {n: time for n, time in dates.items() if time}, taken | {*later}).items()):
        uploaded = first_upload(subject, name)
        if name not in taken and uploaded and instant(uploaded) >= end.until:
            yield Timely(name, f"{end.until:%Y-%m-%dT%H:%M:%SZ}", end.reason)


def _ends(subject: Subject, dates: Mapping[str, str], taken: Collection[str]) -> dict[str, _End]:
    """Return the end of the time of each added release that is written for a framework, or that such a one asks for.

    It is half a year after the framework's release, for what is asked for as for who asks. The latest counts of all
    who ask; who is taken as it is and from later than that itself, and who is of no time, asks for what is of his own.
    """
    ends: dict[str, _End] = {}
    front: list[str] = []

    def reach(name: str, end: _End) -> None:
        if name in subject.added and (name not in ends or ends[name].until < end.until):
            ends[name] = end
            front.append(name)

    def follow() -> None:
        while front:
            asker = front.pop()
            end = ends[asker]
            if asker in taken and (own := _own(subject, asker)) is not None:
                end = max(end, own, key=lambda each: each.until)
            for target in subject.walk.edges.get(asker, ()):
                reach(target, end)

    for name, tied_to in written_for(subject, dates).items():
        for other in sorted(tied_to):
            reach(name, _after(other, subject.environment[other].version, dates[other]))
    follow()
    for asker in subject.added.keys() - ends.keys():
        own = _own(subject, asker)
        for target in subject.walk.edges.get(asker, ()):
            if own is not None and target in ends:
                reach(target, own)
    follow()
    return ends


def _own(subject: Subject, name: str) -> _End | None:
    """Return the end of the time of what an added release asks for; None where nobody knows when it was published."""
    uploaded = first_upload(subject, name)
    return _after(name, subject.added[name].version, uploaded) if uploaded else None


def _after(name: str, version: str, time: str) -> _End:
    """Return the end of the time of what works with a release from an ISO time."""
    return _End(instant(time) + AFTER, f"half a year after {name} {version} of {time[:10]}")


def tied(release: Release, held: Iterable[str]) -> Iterator[str]:
    """Yield the frameworks among held that a release is written for.

    It requires them, has an extra of that name, or is called after them: torch-geometric, torchao and others import
    torch and leave to the user which one.
    """
    names = frozenset(held)
    yield from (name for name in names if re.search(rf"(?:^|-)(?:py)?{re.escape(name)}", release.name))
    for line in release.requires_dist or ():
        if not any(name in line for name in names):
            continue  # before anything is parsed: there are thousands of lines
        parsed, extra = parse_requires_dist(line), only_extra(line)
        if parsed is not None and parsed.target in names and extra in ("", parsed.target):
            yield parsed.target


def written_for(subject: Subject, held: Iterable[str]) -> dict[str, set[str]]:
    """Return by name the frameworks among held that each added release is written for.

    It is tied to them itself, or it cannot be had without something that requires them (trl asks for accelerate), or
    its build does without that its metadata say so.
    """
    askers: dict[str, set[str]] = {}
    for name, targets in subject.walk.edges.items():
        for target in targets:
            askers.setdefault(target, set()).add(name)
    found: dict[str, set[str]] = {}
    for framework in held:
        front, seen = [framework], {framework}
        while front:
            new = askers.get(front.pop(), set()) - seen
            seen |= new
            front += new
        for name in seen & subject.added.keys() - {framework}:
            found.setdefault(name, set()).add(framework)
    for name, release in subject.added.items():
        for framework in tied(release, held):
            found.setdefault(name, set()).add(framework)
    for build in subject.overlay.builds:
        for framework in {*build.hidden, *map(named, build.requires)}.intersection(held):
            found.setdefault(build.name, set()).add(framework)
    return found
