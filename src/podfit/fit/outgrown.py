"""A release that its own successors outgrew: made for an older framework than the one that is held.

A range that is open at its top is a hope, no promise. Where the newest release that may be planned is from long before
the held framework, and a later one, still from before it, asked for an older framework alone, nobody made the planned
one for what is there: `torch>=2.1.0` of a release whose successors ask for `torch==2.1.2` says nothing of torch 2.4.
Of pure Python only an exact version says so: an upper end (`torch<2.3`) is caution there, for nothing was compiled. But
a need that is years older than the framework, and whose last successor from shortly before it leaves it out, is none
for it either: its project was there and said no (mosaicml 0.3.1 of 2021 beside torch 2.8.0: 0.32.1 asks for
`torch<2.7.1`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from podfit.audit import Subject
from podfit.fit.nearness import tied
from podfit.fit.phases import Given
from podfit.fit.times import first_upload, pinned_needs
from podfit.model import Bound, Evidence, EvidenceKind, PodfitError, Release
from podfit.model.requirement import parse_requires_dist
from podfit.model.steps import Steps, Wait
from podfit.model.times import earliest_upload, instant
from podfit.model.versions import public, same_release

if TYPE_CHECKING:
    from podfit.index import IndexFile

BEFORE = timedelta(days=183)
"""So long before a framework a release is still of its time."""

YEARS = timedelta(days=2 * 365)
"""So long before a framework a release is of another time, whatever it allows (assumed)."""

MOST_SUCCESSORS = 8
"""So many later releases are asked for what they require."""

_EXACT = frozenset({"==", "==="})
_ENDS = _EXACT | {"<", "<=", "~="}
"""The operators of an exact version, and of any that has an upper end."""


def outgrown(given: Given, subject: Subject, dates: Mapping[str, str]) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each added release that a later one shows to be for an older framework.

    dates are ISO times of the held frameworks. What the project pins and what was tested locally is taken as it is.
    """
    pinned = pinned_needs(subject)
    found: list[Bound] = []
    for name, release in sorted(subject.added.items()):
        if name in pinned or same_release(given.tested.get(name, ""), release.version):
            continue
        uploaded = first_upload(subject, name)
        for framework in tied(release, [each for each, date in dates.items() if date]):
            if not uploaded or instant(uploaded) + BEFORE >= instant(dates[framework]):
                continue
            later, until = yield from _later(given, name, release.version, dates[framework])
            long = _long_before(subject, name, uploaded, dates[framework])
            last = later[-1:] if long and until and instant(until) + BEFORE >= instant(dates[framework]) else []
            ends = _EXACT if _is_pure(subject, name) else _ENDS
            bound = _shown(subject, release, framework, later, ends) or _shown(subject, release, framework, last, _ENDS)
            if bound is not None:
                found.append(bound)
                break
    return tuple(found)


def _later(given: Given, name: str, version: str, until: str) -> Steps[tuple[list[Release], str]]:
    """Return the metadata of the next final releases after version, and of the last, of those before an ISO time.

    With the time of the last.
    """
    try:
        releases = yield Wait(lambda: given.index.releases(name))
        there = Version(version)
    except (PodfitError, InvalidVersion):
        return [], ""
    texts = [text for text, files in releases.items() if _between(text, there, files, until)]
    texts.sort(key=Version)
    pairs = [(name, text) for text in dict.fromkeys([*texts[:MOST_SUCCESSORS], *texts[-1:]])]
    if not pairs:
        return [], ""
    yield from given.source.learn(pairs)
    found = [release for pair in pairs if (release := given.source.release(*pair)) is not None]
    return found, earliest_upload(releases[texts[-1]])


def _between(text: str, version: Version, files: list[IndexFile], until: str) -> bool:
    """Tell whether a release is final, later than version and older than an ISO time."""
    try:
        parsed = Version(text)
    except InvalidVersion:
        return False
    uploaded = earliest_upload(file for file in files if not file.yanked)
    return parsed > version and not parsed.is_prerelease and bool(uploaded) and instant(uploaded) < instant(until)


def _long_before(subject: Subject, name: str, uploaded: str, framework: str) -> bool:
    """Tell whether a release is one that the project asks for, from years before a framework (ISO times)."""
    return name in {need.name for need in subject.needs} and instant(framework) - instant(uploaded) >= YEARS


def _is_pure(subject: Subject, name: str) -> bool:
    """Tell whether a planned release is Python alone."""
    package = subject.overlay.packages.get(name)
    return package is not None and all(file.filename.endswith("-none-any.whl") for file in package.artefacts)


def _shown(
    subject: Subject, release: Release, framework: str, later: list[Release], ends: Collection[str]
) -> Bound | None:
    """Return the bound on a release that the first of its successors for an older framework alone shows.

    ends are the operators of which one says that it is for no newer one.
    """
    there = subject.environment[framework].version
    for other in later:
        for line in other.requires_dist or ():
            asked = parse_requires_dist(line)
            if asked is None or asked.target != framework or asked.requirement.marker is not None:
                continue
            if asked.allows(there) or not any(each.operator in ends for each in asked.requirement.specifier):
                continue
            reason = (
                f"{release.name} {release.version} is older than {other.version}, which asks for {asked.short} alone: "
                f"neither was made for {framework} {there}"
            )
            evidence = Evidence(EvidenceKind.METADATA, f"{other.name} {other.version} METADATA", line)
            return Bound(release.name, reason, evidence, f">{public(other.version)}")
    return None
