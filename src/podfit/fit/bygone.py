"""Releases from before the template's Python, chosen although a later one is allowed: to spare a pin of the template.

botocore excludes urllib3 2.2.0; a template with that very version got boto3 1.7.84 of 2018 over Python 3.10, because
it asks nothing of urllib3, and its import failed. Who asks for boto3 names no version. So a release that is older than
the Python it is to run on is wished away where those who ask for it allow one that is not. A wish gives way
(podfit.fit.loop): where the later one cannot be had, the old one is planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
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


def bygone(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each added release from before the template's Python that a later one could replace.

    What the project pins and what was tested locally is taken as it is, and so is what those who ask for it limit.
    """
    python = pythons().get(subject.template.interpreter.series)
    if python is None:
        return ()
    born = instant(python.released)
    taken = taken_as_they_are(subject, given.tested)
    old = {
        name: uploaded
        for name in sorted(subject.added)
        if name not in taken and (uploaded := first_upload(subject, name)) and instant(uploaded) < born
    }
    if not old:
        return ()
    ends = {limit.name: instant(limit.until) for limit in subject.timely if not limit.gave_way}
    markers = Markers(subject.template.marker_environment)
    limits = {name: list(limits_on(subject, name, markers)) for name in old}

    def later() -> dict[str, str]:
        given.index.ready(old)
        found = {name: first_later(given.index, subject, name, limits[name], born, ends.get(name)) for name in old}
        return {name: version for name, version in found.items() if version}

    found: dict[str, str] = yield Wait(later)
    return tuple(_bound(subject, name, old[name], version, python) for name, version in found.items())


def _bound(subject: Subject, name: str, uploaded: str, version: str, python: Python) -> Bound:
    """Return the bound that leads to version or newer."""
    there = subject.added[name].version
    evidence = Evidence(EvidenceKind.ASSUMED, "older than its Python", f"Python {python.series}: {python.source}")
    reason = f"{name} {there} of {uploaded[:10]} is older than Python {python.series} of {python.released}"
    return Bound(name, f"{reason}; {version} is the first release after that", evidence, f">={public(version)}")


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
