"""When a planned release was published, and which are taken as they are whatever their time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from podfit.audit import Subject
from podfit.catalogue.held import frameworks
from podfit.fit.phases import Given
from podfit.model import Origin, PodfitError, Template
from podfit.model.steps import Steps, Wait
from podfit.model.times import earliest_upload, instant
from podfit.model.versions import parsed, same_release

if TYPE_CHECKING:
    from podfit.index import IndexFile


def pinned_needs(subject: Subject) -> set[str]:
    """Return the names of the needs that the project asks for in one version."""
    return {need.name for need in subject.needs if need.specifier.startswith("==") and "*" not in need.specifier}


def taken_as_they_are(subject: Subject, tested: Mapping[str, str]) -> set[str]:
    """Return the names whose version somebody chose: pinned by the project, or the local one (tested)."""
    same = {name for name, each in subject.added.items() if same_release(tested.get(name, ""), each.version)}
    return pinned_needs(subject) | same


def first_upload(subject: Subject, name: str) -> str:
    """Return the ISO time of a planned package's first file, empty when the index does not tell."""
    package = subject.overlay.packages.get(name)
    return earliest_upload(package.artefacts) if package else ""


def published(version: str, files: Iterable[IndexFile]) -> datetime | None:
    """Return when a final release was published; None for another one, and where nobody says when."""
    read = parsed(version)
    if read is None or read.is_prerelease:
        return None
    return min((instant(file.upload_time) for file in files if file.upload_time and not file.yanked), default=None)


def frameworks_of(subject: Subject) -> dict[str, str]:
    """Return the versions of the held frameworks of a template, by name."""
    return {name: subject.template.distributions[name].version for name in frameworks() if name in subject.held}


def learn_dates(given: Given, there: Mapping[str, str], dates: dict[str, str], wanted: Collection[str]) -> Steps[None]:
    """Find when the wanted frameworks of those that are there were released, into dates: ISO, empty for unknown."""
    for name in sorted(set(wanted) - dates.keys()):
        version = there[name]
        dates[name] = yield Wait(lambda name=name, version=version: _released(given, name, version))  # type: ignore[misc]


def _released(given: Given, name: str, version: str) -> str:
    """Return the ISO time of a framework's release, that of its final one for a private build; the waiting part.

    Where no index tells, it is the date of a list that a vendor published or that was reconstructed; else empty.
    """
    try:
        releases = given.index.releases(name)
        read = Version(version)
        for text in (read.public, read.base_version):
            times = [file.upload_time for file in releases.get(str(Version(text)), ()) if file.upload_time]
            if times:
                return min(times)
    except (PodfitError, InvalidVersion):
        pass
    return _captured(given.template)


def _captured(template: Template) -> str:
    """Return the date of a template's list where it is the image's, empty where it is that of somebody's reading."""
    return template.captured if template.origin in (Origin.PUBLISHED, Origin.RECONSTRUCTED) else ""
