"""Releases from long ago, chosen although a later one is allowed: to spare a pin of the template.

botocore excludes urllib3 2.2.0; a template with that very version got boto3 1.7.84 of 2018 over Python 3.10, because
it asks nothing of urllib3, and its import failed. Who asks for boto3 names no version. So a release that is older than
the Python it is to run on is wished away where those who ask for it allow one that is not. And so is one that is years
older than who asks for it, who cannot have been tried with it: odc-loader of 2025 got dask 2023.3.1, the last that goes
with Ubuntu's importlib-metadata, and its import failed. A wish gives way (podfit.fit.loop): where the later one cannot
be had, the old one is planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.audit import Subject
from podfit.catalogue.pythons import Python, pythons
from podfit.fit.phases import Given
from podfit.fit.times import first_upload, published, taken_as_they_are
from podfit.model import Bound, Evidence, EvidenceKind, PodfitError
from podfit.model.requirement import Markers
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import public

if TYPE_CHECKING:
    from podfit.index import Index


YEARS = timedelta(days=730)
"""What is so much older than who asks for it was not what they were tried together in (assumed)."""


@dataclass(frozen=True, slots=True)
class _Old:
    """A release from long ago: when a later one is wanted from, that and why in words, and what it rests on."""

    begin: datetime
    after: str
    reason: str
    detail: str
    source: str


def bygone(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each added release from long ago that a later one could replace.

    That is from before the template's Python, or YEARS older than the youngest added release that asks for it. What the
    project pins and what was tested locally is taken as it is, and so is what those who ask for it limit.
    """
    python = pythons().get(subject.template.interpreter.series)
    taken = taken_as_they_are(subject, given.tested)
    times = {name: uploaded for name in sorted(subject.added) if (uploaded := first_upload(subject, name))}
    old: dict[str, _Old] = {}
    for name in (each for each in times if each not in taken):
        ago = _before_python(times[name], python) or _before_asker(subject, times, name)
        if ago is not None:
            old[name] = ago
    if not old:
        return ()
    ends = {limit.name: instant(limit.until) for limit in subject.timely if not limit.gave_way}
    markers = Markers(subject.template.marker_environment)
    limits = {name: list(limits_on(subject, name, markers)) for name in old}

    def later() -> dict[str, str]:
        given.index.ready(old)
        found = {
            name: first_later(given.index, subject, name, limits[name], each.begin, ends.get(name))
            for name, each in old.items()
        }
        return {name: version for name, version in found.items() if version}

    found: dict[str, str] = yield Wait(later)
    return tuple(_bound(subject, name, times[name], old[name], version) for name, version in found.items())


def _before_python(uploaded: str, python: Python | None) -> _Old | None:
    """Return what is said of a release from before the template's Python, None of another one."""
    if python is None or instant(uploaded) >= instant(python.released):
        return None
    reason = f"is older than Python {python.series} of {python.released}"
    return _Old(
        instant(python.released), "that", reason, f"Python {python.series}: {python.source}", "older than its Python"
    )


def _before_asker(subject: Subject, times: Mapping[str, str], name: str) -> _Old | None:
    """Return what is said of a release YEARS older than the youngest that asks for it, None of another one.

    times are when added releases were published (ISO 8601).
    """
    askers = [asker for asker in times if name in subject.walk.edges.get(asker, ())]
    youngest = max(askers, key=lambda asker: instant(times[asker]), default="")
    if not youngest or instant(times[youngest]) - instant(times[name]) <= YEARS:
        return None
    release = f"{youngest} {subject.added[youngest].version}"
    reason = f"is years older than {release} of {times[youngest][:10]}, which asks for it"
    begin = instant(times[youngest]) - YEARS
    return _Old(begin, f"{begin:%Y-%m-%d}", reason, f"{release} requires it", "years older than who asks for it")


def _bound(subject: Subject, name: str, uploaded: str, old: _Old, version: str) -> Bound:
    """Return the bound that leads to version or newer."""
    there = subject.added[name].version
    evidence = Evidence(EvidenceKind.ASSUMED, old.source, old.detail)
    reason = f"{name} {there} of {uploaded[:10]} {old.reason}; {version} is the first release after {old.after}"
    return Bound(name, reason, evidence, f">={public(version)}")


def limits_on(subject: Subject, name: str, markers: Markers) -> Iterator[SpecifierSet]:
    """Yield what the project, its constraints that are in force, and what is there ask of a name."""
    yield from (SpecifierSet(need.specifier) for need in subject.needs if need.name == name)
    yield from (SpecifierSet(bound.specifier) for bound in subject.bounds if bound.name == name and not bound.filename)
    for asker, targets in subject.walk.edges.items():
        if name in targets:
            lines = markers.active(subject.environment[asker].requires_dist or (), ("",))
            yield from (line.requirement.specifier for line in lines if line.target == name)


def first_later(
    index: Index, subject: Subject, name: str, limits: list[SpecifierSet], begin: datetime, end: datetime | None
) -> str:
    """Return the first final release after the planned one that limits allow, with a wheel, from begin to before end.

    The waiting part.
    """
    from podfit.index import best_files

    try:
        releases = index.releases(name)
        planned = Version(subject.added[name].version)
    except (PodfitError, InvalidVersion):
        return ""
    for version in releases:
        if Version(version) <= planned or not all(limit.contains(version) for limit in limits):
            continue
        time = published(version, releases[version])
        if time is None or time < begin or (end is not None and time >= end):
            continue
        fitting = best_files(releases[version], version, subject.template.target.tags)
        if any(file.kind == "wheel" and not file.yanked for file in fitting):
            return version
    return ""
