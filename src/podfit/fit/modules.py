"""Modules that code imports by name and that the planned release no longer has: an older release that has them.

torchtune 0.6.1 imports torchao.dtypes.nf4tensor and bounds torchao in no way; torchao 0.18.0 has no such module. The
files of a wheel tell (its central directory). Asked are the imports that run whenever the project's modules or a
planned wheel are imported (podfit.audit.at_import). A module that no older release has either is made as the package
runs, as six.moves is: that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import AtImport
from podfit.catalogue.imports import providers
from podfit.fit.binaries import added_wheel
from podfit.fit.drive import together
from podfit.fit.listings import listings_of
from podfit.fit.older import newest_that, older_of
from podfit.fit.phases import Given
from podfit.fit.reach import parts_of
from podfit.fit.wheels import made_modules
from podfit.model import Bound, Evidence, EvidenceKind, ImportSite, PodfitError
from podfit.model.steps import Steps, Wait
from podfit.model.versions import public, same_or_newer, same_version

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile
    from podfit.index.sources import SourceFiles
    from podfit.index.wheel import WheelListing

_MOST_SOURCES = 3
"""So many source distributions at most are looked into."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A dotted module, who imports it, in words, and where."""

    module: str
    who: str
    place: str


def moved_away(given: Given, subject: Subject, read: Mapping[str, AtImport]) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each planned release that lacks modules which an older one has.

    read are the facts of planned wheels. What the project imports is not held against the version that it was tested
    with.
    """
    asked = _by_provider(given.project.imports, given.tested, subject, read)
    files = {name: file for name in asked if (file := added_wheel(subject, name)) is not None}
    if not files:
        return ()
    listings = yield Wait(lambda: listings_of(given.index, files))
    lacking = {
        name: missing
        for name, listing in sorted(listings.items())
        if (missing := [each for each in asked[name] if _lacks(listing, each.module)])
    }
    lacking = (yield Wait(lambda: _nowhere(given.index, subject, files, lacking))) if lacking else {}
    found = yield from together([_older_with(given, subject, *each) for each in lacking.items()])
    return tuple(bound for bounds in found for bound in bounds)


def _by_provider(
    sites: Iterable[ImportSite], tested: Mapping[str, str], subject: Subject, read: Mapping[str, AtImport]
) -> dict[str, list[_Asked]]:
    """Return the dotted modules that are asked for of each added release, by its name."""
    found: dict[str, dict[str, _Asked]] = {}
    for site in sites:
        if "." in site.module and site.certain:
            for name in providers(site.module, subject.added):
                if not same_version(tested.get(name, ""), subject.added[name].version):
                    found.setdefault(name, {}).setdefault(site.module, _Asked(site.module, "the project", str(site)))
    for asker, facts in sorted(read.items()):
        release = f"{asker} {subject.added[asker].version}"
        for used in facts.modules:
            for name in providers(used.name, subject.added) if "." in used.name else ():
                found.setdefault(name, {}).setdefault(used.name, _Asked(used.name, release, used.place))
    return {name: list(each.values()) for name, each in found.items()}


def _lacks(listing: WheelListing, module: str) -> bool:
    """Tell whether a wheel has a package around a module, and not the module."""
    if module in listing.modules:
        return False
    around = module
    while around and around not in listing.modules:
        around = around.rpartition(".")[0]
    folder = f"{around.replace('.', '/')}/"
    return bool(around) and any(member.path.startswith(folder) for member in listing.members)


def _nowhere(
    index: Index, subject: Subject, files: Mapping[str, IndexFile], lacking: Mapping[str, list[_Asked]]
) -> dict[str, list[_Asked]]:
    """Return what is lacking of releases, by name, and what they neither make as they run nor others add to them.

    The waiting part.
    """
    found: dict[str, list[_Asked]] = {}
    for name, missing in lacking.items():
        added = parts_of(name, subject.added, subject.walk.edges)
        parts = listings_of(index, {part: file for part in added if (file := added_wheel(subject, part)) is not None})
        left = [each for each in missing if not any(each.module in listing.modules for listing in parts.values())]
        there = made_modules(index, files[name], name, [each.module for each in left]) if left else frozenset()
        left = [each for each in left if each.module not in there]
        found.update({name: left} if left else {})
    return found


def _older_with(given: Given, subject: Subject, name: str, missing: Sequence[_Asked]) -> Steps[list[Bound]]:
    """Return a bound that leads to the newest older release that has what is missing; none where none has it."""
    version = subject.added[name].version
    releases = yield from older_of(given, subject, name, version)
    wanted = {each.module for each in missing}

    def has_them(_: str, file: IndexFile) -> Steps[bool]:
        listings = yield Wait(lambda: listings_of(given.index, {name: file}))
        return name in listings and wanted <= listings[name].modules

    place, _ = yield from newest_that(has_them, releases)
    found = releases[place] if place >= 0 else None
    source = yield from _newest_source(given, subject, name, wanted, found[0] if found is not None else "")
    there, file = source or found or ("", None)
    if file is None:
        return []
    first = missing[0]
    reason = (
        f"{first.who} imports {first.module} ({first.place}), which {name} {version} does not have; "
        f"{there} is the newest before it that has it"
    )
    evidence = Evidence(EvidenceKind.BINARY, file.filename, f"has {first.module}")
    return [Bound(name, reason, evidence, f"=={there}" if source else f"<={public(there)}")]


def _newest_source(
    given: Given, subject: Subject, name: str, wanted: set[str], after: str
) -> Steps[tuple[str, IndexFile] | None]:
    """Return the newest release without a wheel that has modules and compiles nothing, None where none after one has.

    It is built on the pod: a release from many years before, because that has a wheel, would be no better.
    """
    releases = yield from older_of(given, subject, name, subject.added[name].version, "sdist")
    for version, file in releases[:_MOST_SOURCES]:
        if after and not same_or_newer(version, after):
            return None
        shown = yield Wait(lambda file=file: _source_files(given.index, file))  # type: ignore[misc]
        if shown is not None and not shown.languages and wanted <= {*shown.modules}:
            return version, file
    return None


def _source_files(index: Index, file: IndexFile) -> SourceFiles | None:
    """Return what a source distribution shows, None for one that cannot be read; the waiting part."""
    try:
        return index.source_files(file)
    except PodfitError:
        return None
