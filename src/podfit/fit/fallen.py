"""What of the template a plan moves back to a release from long before: the fewest changes, and nobody's choice.

A project that pins an old starlette had google-adk 2.7.1 of Colab go back to 0.0.1, which asks for nothing: one change
in place of the five that a release of its time takes. So a release from more than a year before the template's is
wished away (podfit.fit.wishes) where a later one is allowed. Where none can be had it is told: what uses it may find it
gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from packaging.version import Version

from podfit.audit import Subject
from podfit.fit.bygone import first_later, limits_on
from podfit.fit.phases import Given
from podfit.fit.times import first_upload, taken_as_they_are
from podfit.model import Bound, Evidence, EvidenceKind, PodfitError
from podfit.model.requirement import Markers
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import parsed, public

if TYPE_CHECKING:
    from podfit.index import Index

FAR = timedelta(days=365)
"""A release from so long before the template's is not what its place is for (assumed)."""


def fallen(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each change to a release from FAR before the template's that a later one could replace.

    What the project limits and what was tested locally is taken as it is.
    """
    chosen = {need.name for need in subject.needs if need.specifier or need.url}
    taken = taken_as_they_are(subject, given.tested) | chosen
    back = {
        change.name: (change.before, uploaded)
        for change in subject.overlay.changes
        if change.name not in taken and _older(change.after, change.before)
        if (uploaded := first_upload(subject, change.name))
    }
    if not back:
        return ()
    markers = Markers(subject.template.marker_environment)
    limits = {name: list(limits_on(subject, name, markers)) for name in back}

    def later() -> dict[str, tuple[str, datetime]]:
        found: dict[str, tuple[str, datetime]] = {}
        for name, (before, uploaded) in back.items():
            born = _born(given.index, name, before)
            if born is not None and instant(uploaded) < born - FAR:
                version = first_later(given.index, subject, name, limits[name], born - FAR, None)
                if version:
                    found[name] = version, born
        return found

    found: dict[str, tuple[str, datetime]] = yield Wait(later)
    return tuple(_bound(subject, name, back[name], *each) for name, each in found.items())


def _older(version: str, other: str) -> bool:
    """Tell whether a version is older than another one; not where one of them is none."""
    one, two = parsed(version), parsed(other)
    return one is not None and two is not None and one < two


def _born(index: Index, name: str, version: str) -> datetime | None:
    """Return when a release was published, None where nobody says. The waiting part."""
    try:
        files = index.release_files(name, public(version))
    except PodfitError:
        return None
    return min((instant(file.upload_time) for file in files if file.upload_time), default=None)


def _bound(subject: Subject, name: str, there: tuple[str, str], version: str, born: datetime) -> Bound:
    """Return the bound that leads to version or newer."""
    before, uploaded = there
    evidence = Evidence(EvidenceKind.ASSUMED, "long before the template's", f"{name} {before} is of {born:%Y-%m-%d}")
    told = f"the template's {name} {before} would go back to {subject.added[name].version} of {uploaded[:10]}"
    return Bound(name, f"{told}; a release from {version} on is wanted", evidence, f">={public(str(Version(version)))}")
