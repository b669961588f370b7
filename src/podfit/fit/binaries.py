"""Compiled modules of planned wheels, read from the index by byte ranges and kept by file hash for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.binary.facts import WheelBinaries
from podfit.catalogue.variants import variants
from podfit.fit.jobs import Share, made_all
from podfit.fit.wheels import HOWS, Wanted, compiled, how_of
from podfit.index.threads import side_by_side
from podfit.model import LockedPackage, PodfitError, Release, Template
from podfit.model.steps import Steps, Wait
from podfit.plan.files import best_first

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

_THREADS = 8

MOST_PLAIN_BYTES = 8 << 20
"""A larger wheel may hold compiled files though its name is for any platform (bitsandbytes 0.42.0: 105 MB)."""


class WheelReader:
    """Reads modules of wheels through an index, for one template; what was read stays.

    share hands readings to another process.
    """

    def __init__(self, index: Index, template: Template, share: Share | None = None) -> None:
        self._index = index
        self._share = share
        self._template = template
        self._known: dict[str, WheelBinaries | None] = {}
        self._files: dict[tuple[str, str], frozenset[str]] = {}
        self._how: dict[str, str] = {}
        self._unread: dict[str, str] = {}

    def of_packages(
        self, packages: Mapping[str, LockedPackage], releases: Mapping[str, Release]
    ) -> Steps[tuple[dict[str, WheelBinaries], dict[str, str]]]:
        """Return, by name, what the modules of those packages say that have a wheel for the platform, and why not.

        Of a release that speaks of torch or CUDA all are read, and of one whose compiled files have torch in their
        paths; of another one some, until NumPy shows. Where a release states no need of NumPy they are read only when
        its wheel mentions NumPy in its files' names.
        """
        files = {name: file for name, package in packages.items() if (file := self._planned_file(package)) is not None}
        for name, file in files.items():
            self._note(file, releases[name])
        yield from self._read(list(files.values()))
        found: dict[str, WheelBinaries] = {}
        unread: dict[str, str] = {}
        for name, file in files.items():
            binaries = self._known.get(file.filename)
            if binaries is None:
                unread[name] = self._unread.get(file.filename, "it was not asked for")
            else:
                found[name] = binaries
        return found, unread

    def files_of(self, subject: Subject) -> Steps[dict[str, frozenset[str]]]:
        """Return, by name, the paths that planned builds of one package bring, and the template's beside them."""
        groups = [group for group in variants(subject.environment) if set(group) & set(subject.added)]
        wanted = {name: subject.environment[name].version for group in groups for name in group}
        missing = {name: version for name, version in wanted.items() if (name, version) not in self._files}
        if missing:
            planned = {
                name: self._planned_file(subject.overlay.packages[name]) for name in missing if name in subject.added
            }
            asked = [(name, version, planned.get(name)) for name, version in missing.items()]
            found = yield Wait(lambda: side_by_side(lambda one: self._list(*one), asked, _THREADS, "files"))
            self._files.update({(name, version): paths for (name, version, _), paths in zip(asked, found, strict=True)})
        return {name: self._files[name, version] for name, version in wanted.items()}

    def _list(self, name: str, version: str, file: IndexFile | None) -> frozenset[str]:
        """Return the paths of a wheel without its own metadata; empty when nobody can tell. The waiting part."""
        from podfit.index import best_files

        try:
            if file is None:
                listed = self._index.release_files(name, version)
                fitting = best_files(listed, version, self._template.target.tags)
                file = next((each for each in fitting if each.kind == "wheel"), None)
            members = self._index.wheel_listing(file).members if file is not None else ()
        except (PodfitError, OSError, ValueError):
            return frozenset()
        return frozenset(member.path for member in members if ".dist-info/" not in member.path)

    def of_files(self, releases: Sequence[tuple[Release, IndexFile]]) -> Steps[tuple[WheelBinaries | None, ...]]:
        """Return what the modules of wheels say, in order; None for what cannot be read."""
        for release, file in releases:
            self._note(file, release)
        yield from self._read([file for _, file in releases])
        return tuple(self._known.get(file.filename) for _, file in releases)

    def _note(self, file: IndexFile, release: Release) -> None:
        """Remember how much of a wheel is to be read, by what its release states."""
        self._how[file.filename] = max(self._how.get(file.filename, HOWS[0]), how_of(release), key=HOWS.index)

    def _planned_file(self, package: LockedPackage) -> IndexFile | None:
        """Return the wheel that would be installed; None for one of Python alone, or that is built first."""
        file = planned_wheel(package, self._template)
        return file if file is not None and (compiled(file.filename) or file.size > MOST_PLAIN_BYTES) else None

    def _read(self, files: Sequence[IndexFile]) -> Steps[None]:
        """Read what is not known yet, side by side."""
        wanted = [file for file in files if file.filename not in self._known]
        if not wanted:
            return
        jobs = [Wanted(file, "", self._how[file.filename]) for file in wanted]

        def failed(place: int, error: Exception) -> None:
            self._unread[wanted[place].filename] = str(error)

        found = yield Wait(lambda: made_all(self._index, jobs, "wheel", self._share, failed))
        for file, each in zip(wanted, found, strict=True):
            self._known[file.filename] = each if isinstance(each, WheelBinaries) else None


def planned_wheel(package: LockedPackage, template: Template) -> IndexFile | None:
    """Return the wheel of a package that would be installed, None where it is built first."""
    from podfit.index.files import index_file

    best = next(iter(best_first(package.artefacts, template)), None)
    return index_file(best, package.version) if best is not None and best.kind == "wheel" else None


def added_wheel(subject: Subject, name: str) -> IndexFile | None:
    """Return the wheel of an added release that would be installed; None where it is not added, or built first."""
    package = subject.overlay.packages.get(name) if name in subject.added else None
    return planned_wheel(package, subject.template) if package is not None else None
