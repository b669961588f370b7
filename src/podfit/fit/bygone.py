"""Releases from before the template's Python, chosen although a later one is allowed: to spare a pin of the template.

botocore excludes urllib3 2.2.0; a template with that very version got boto3 1.7.84 of 2018 over Python 3.10, because
it asks nothing of urllib3, and its import failed. Who asks for boto3 names no version. So a release that is older than
the Python it is to run on is wished away where those who ask for it allow one that is not. A wish gives way
(podfit.fit.loop): where the later one cannot be had, the old one is planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.audit import Subject
from podfit.catalogue.pythons import Python, pythons
from podfit.fit.phases import Given
from podfit.fit.times import first_upload, instant, pinned_needs
from podfit.model import Bound, Evidence, EvidenceKind, PodfitError
from podfit.model.requirement import Markers
from podfit.model.steps import Steps, Wait
from podfit.model.versions import same_release

if TYPE_CHECKING:
    from podfit.index import Index


def bygone(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each added release from before the template's Python that a later one could replace.

    What the project pins and what was tested locally is taken as it is, and so is what those who ask for it limit.
    """
    python = pythons().get(subject.template.interpreter.series)
    if python is None:
        return ()
    taken = pinned_needs(subject)
    old = {
        name: uploaded
        for name, release in sorted(subject.added.items())
        if name not in taken
        and not same_release(given.tested.get(name, ""), release.version)
        and (uploaded := first_upload(subject, name))
        and instant(uploaded) < instant(python.released)
    }
    if not old:
        return ()
    until = {limit.name: limit.until for limit in subject.timely if not limit.gave_way}
    limits = {name: list(_limits(subject, name)) for name in old}
    tags = subject.template.target.tags

    def later() -> dict[str, str]:
        given.index.ready(old)
        found: dict[str, str] = {}
        for name in old:
            window = (python.released, until.get(name, ""))
            version = _first_later(given.index, name, subject.added[name].version, window, tags, limits[name])
            found |= {name: version} if version else {}
        return found

    found: dict[str, str] = yield Wait(later)
    return tuple(_bound(subject, name, old[name], version, python) for name, version in found.items())


def _bound(subject: Subject, name: str, uploaded: str, version: str, python: Python) -> Bound:
    """Return the bound that leads to version or newer."""
    there = subject.added[name].version
    evidence = Evidence(EvidenceKind.ASSUMED, "older than its Python", f"Python {python.series}: {python.source}")
    reason = f"{name} {there} of {uploaded[:10]} is older than Python {python.series} of {python.released}"
    return Bound(name, f"{reason}; {version} is the first release after that", evidence, f">={version}")


def _limits(subject: Subject, name: str) -> Iterator[SpecifierSet]:
    """Yield what the project, its constraints that are in force, and what is there ask of a name."""
    markers = Markers(subject.template.marker_environment)
    yield from (SpecifierSet(need.specifier) for need in subject.needs if need.name == name)
    yield from (SpecifierSet(bound.specifier) for bound in subject.bounds if bound.name == name and not bound.filename)
    for asker, targets in subject.walk.edges.items():
        if name in targets:
            lines = markers.active(subject.environment[asker].requires_dist or (), ("",))
            yield from (line.requirement.specifier for line in lines if line.target == name)


def _first_later(
    index: Index,
    name: str,
    there: str,
    window: tuple[str, str],
    tags: tuple[str, ...],
    limits: list[SpecifierSet],
) -> str:
    """Return the first final release after there that limits allow, that has a wheel and is of a window in time.

    The window is two ISO times, the second empty where it has no end. The waiting part.
    """
    from podfit.index import best_files

    try:
        releases = index.releases(name)
        planned = Version(there)
    except (PodfitError, InvalidVersion):
        return ""
    for version in releases:
        parsed = Version(version)
        if parsed <= planned or parsed.is_prerelease or not all(limit.contains(parsed) for limit in limits):
            continue
        uploaded = [file.upload_time for file in releases[version] if file.upload_time and not file.yanked]
        if not uploaded or instant(min(uploaded)) < instant(window[0]):
            continue
        if window[1] and instant(min(uploaded)) >= instant(window[1]):
            continue
        if any(file.kind == "wheel" and not file.yanked for file in best_files(releases[version], version, tags)):
            return version
    return ""
