"""Major versions that came after who asks for them: nobody could try them together.

A requirement without an upper end is a hope. A release that asks for `transformers>=4.55` and was published before
transformers 5 was never run with it, and a major version is where interfaces go. So what is asked for is not taken from
the day on when a major version came that neither who asks nor the held framework's time knew. Numbers that are years,
and those that change several times a year, say nothing of interfaces. As every limit in time it gives way where nothing
else is left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.fit.phases import Given
from podfit.fit.times import first_upload, frameworks_of, learn_dates, published, taken_as_they_are
from podfit.model import PodfitError, Timely
from podfit.model.requirement import named, parse_requires_dist
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import parsed

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

FAST = 4
"""So many major versions within FAST_DAYS are a count of releases, no word on interfaces (setuptools, pyarrow)."""

FAST_DAYS = timedelta(days=730)

_ENDS = frozenset({"<", "<=", "==", "===", "~="})
_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Asker:
    """A release that asks for another without an upper end: its name, version, and when it was published."""

    name: str
    version: str
    published: datetime


def unseen(given: Given, subject: Subject, dates: dict[str, str], free: Collection[str] = ()) -> Steps[list[Timely]]:
    """Return a limit for each added release of a major version that is younger than a release that asks for it.

    dates are ISO times of the held frameworks, and take up those that are found: a major version of before that is
    known to who uses them. free are names that no limit is for. Asks the index for the pages of what is younger than
    who asks.
    """
    taken = taken_as_they_are(subject, given.tested) | set(free)
    if not _younger(subject, taken, _NEVER):
        return []
    there = frameworks_of(subject)
    yield from learn_dates(given, there, dates, there)
    floor = max((instant(time) for time in dates.values() if time), default=_NEVER)
    asked = _younger(subject, taken, floor)
    pages = yield Wait(lambda: _pages(given.index, sorted(asked)))
    limits = (_limit(subject.added[name].version, asked[name], pages[name], floor, name) for name in sorted(pages))
    return [limit for limit in limits if limit is not None]


def _younger(subject: Subject, taken: Collection[str], floor: datetime) -> dict[str, list[Asker]]:
    """Return what is younger than who asks for it, and than a floor, with these; taken are names to leave out."""
    found: dict[str, list[Asker]] = {}
    for name, askers in _askers(subject):
        uploaded = first_upload(subject, name)
        young = [each for each in askers if uploaded and max(each.published, floor) < instant(uploaded)]
        if name not in taken and young and _major(subject.added[name].version):
            found[name] = young
    return found


def _askers(subject: Subject) -> Iterator[tuple[str, list[Asker]]]:
    """Yield each added release that others which are added ask for without an upper end, with these."""
    found: dict[str, list[Asker]] = {}
    for name, targets in subject.walk.edges.items():
        uploaded = first_upload(subject, name) if name in subject.added else ""
        if not uploaded:
            continue
        ended = _ended(subject, name, targets)
        for target in targets:
            if target in subject.added and target not in ended:
                found.setdefault(target, []).append(Asker(name, subject.added[name].version, instant(uploaded)))
    yield from found.items()


def _ended(subject: Subject, name: str, targets: Collection[str]) -> set[str]:
    """Return what of targets a release asks for with an upper end: somebody thought of what is to come."""
    stated = subject.added[name].requires_dist or ()  # most of it is of extras that nobody asks for
    lines = (parse_requires_dist(line) for line in stated if named(line) in targets)
    return {
        each.target
        for each in lines
        if each is not None and _ENDS & {clause.operator for clause in each.requirement.specifier}
    }


def _limit(
    version: str, askers: list[Asker], releases: Mapping[str, tuple[IndexFile, ...]], floor: datetime, name: str
) -> Timely | None:
    """Return the limit that the oldest who asks sets: the first major version after his time and the framework's."""
    oldest = min(askers, key=lambda each: (each.published, each.name))
    known = max(oldest.published, floor)
    same = (_published(text, releases[text]) for text in releases if _major(text) == _major(version))
    if any(time is not None and time <= known for time in same):  # most are: without reading all that there ever was
        return None
    first = majors(releases)
    if _major(version) not in first:
        return None
    time, text = min(each for each in first.values() if each[0] > known)
    reason = (
        f"the day of {name} {text}, which {oldest.name} {oldest.version} of {oldest.published:%Y-%m-%d} cannot know"
    )
    return Timely(name, f"{time:%Y-%m-%dT%H:%M:%SZ}", reason)


def majors(releases: Mapping[str, tuple[IndexFile, ...]]) -> dict[int, tuple[datetime, str]]:
    """Return when each major version had its first final release, and which; nothing where the numbers say nothing."""
    first: dict[int, tuple[datetime, str]] = {}
    for text, files in releases.items():
        time = _published(text, files)
        if time is None:
            continue
        there = first.get(_major(text))
        if there is None or time < there[0]:
            first[_major(text)] = (time, text)
    if not first:
        return {}
    newest = max(time for time, _ in first.values())
    recent = [time for time, _ in first.values() if time > newest - FAST_DAYS]
    year = max(first)
    if len(recent) >= FAST or first[year][0].year in (year, 2000 + year):
        return {}
    return first


def _published(version: str, files: Iterable[IndexFile]) -> datetime | None:
    """Return what `published` does, None where the number counts from another epoch, too."""
    read = parsed(version)
    return None if read is None or read.epoch else published(version, files)


def _major(version: str) -> int:
    """Return the first number of a version, 0 for one that PEP 440 does not know."""
    read = parsed(version)
    return read.major if read is not None else 0


def _pages(index: Index, names: list[str]) -> dict[str, Mapping[str, tuple[IndexFile, ...]]]:
    """Return the releases of packages as the index has them, without those that it cannot tell; the waiting part."""
    index.ready(names)
    found = {}
    for name in names:
        with contextlib.suppress(PodfitError):
            found[name] = index.releases(name)
    return found
