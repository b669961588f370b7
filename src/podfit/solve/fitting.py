"""The files of releases that fit a template, as the index has them: all of it waits."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from podfit.index.files import normal_version
from podfit.model import PodfitError, Template
from podfit.model.tags import platform_tags
from podfit.model.times import earliest_upload
from podfit.model.versions import admits, read_version
from podfit.solve.limits import newest_first, pinned

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile


class Fitting:
    """What of an index's files one template can take.

    exclude_newer is an ISO date, empty for none. until has by name a time (ISO 8601) from which on the files of a
    package do not count either. memory has the files of releases that fit the template, and takes up what is found.
    """

    def __init__(
        self,
        index: Index,
        template: Template,
        exclude_newer: str,
        until: Mapping[str, str],
        memory: dict[tuple[str, str], tuple[IndexFile, ...]],
    ) -> None:
        self._index = index
        self._template = template
        self._exclude_newer = exclude_newer
        self._files = memory
        self._tags = platform_tags(template)
        self.until = dict(until)

    def versions(self, name: str) -> list[str]:
        """Return the versions of a package that a template may take, oldest first; waits for the index."""
        try:
            releases = self._index.releases(name)
        except PodfitError:
            return []
        return [version for version, files in releases.items() if any(self.serves(file, name) for file in files)]

    def published_at(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the answer of `published`; the waiting part."""
        with contextlib.suppress(PodfitError):
            for version, files in self._index.releases(name).items():
                yield version, earliest_upload(files)

    def newest_wheel(self, name: str, specifier: str) -> str:
        """Return the newest release in a specifier that has a wheel for the template, empty for none; it waits."""
        releases = self._index.releases(name)
        exact = normal_version(pinned(specifier))  # without a look at all others where it is one
        first = [exact] if exact in releases else []
        for version in itertools.chain(first, newest_first(releases, SpecifierSet(specifier))):
            files = self.files(name, version, releases)
            if any(file.kind == "wheel" and self.serves(file, name) for file in files):
                return version
        return ""

    def wheels(self, name: str, specifier: str) -> list[IndexFile]:
        """Return the best wheel of each release in a specifier, the newest first. Raises PodfitError."""
        releases = self._index.releases(name)
        found = []
        for version in newest_first(releases, SpecifierSet(specifier)):
            files = [file for file in self.files(name, version, releases) if self.serves(file, name)]
            found += files[:1] if files and files[0].kind == "wheel" else []
        return found

    def newest_source(self, name: str, specifier: SpecifierSet, after: str = "") -> tuple[str, IndexFile] | None:
        """Return the newest release in a specifier with nothing but a source distribution for the template, and that.

        None where there is none, or none after a version. The waiting part.
        """
        try:
            releases = self._index.releases(name)
        except PodfitError:
            return None
        within = [version for version in releases if specifier.contains(version, prereleases=True)]
        final = [version for version in within if not read_version(version).is_prerelease]
        for version in reversed(final or within):
            if after and read_version(version) <= read_version(after):
                break
            fitting = [file for file in self.files(name, version, releases) if self.serves(file, name)]
            if fitting and fitting[0].kind != "wheel":
                return version, fitting[0]
        return None

    def with_wheel(self, name: str, version: str, releases: Mapping[str, tuple[IndexFile, ...]]) -> list[str]:
        """Return the releases that have a wheel for the template, oldest first; a final one is given no early one."""
        found = [
            other
            for other in releases
            if any(file.kind == "wheel" and self.serves(file, name) for file in self.files(name, other, releases))
        ]
        early = read_version(version).is_prerelease
        return found if early else [other for other in found if not read_version(other).is_prerelease]

    def files(self, name: str, version: str, releases: Mapping[str, tuple[IndexFile, ...]]) -> tuple[IndexFile, ...]:
        """Return the files of a release that fit the template, best first."""
        from podfit.index import best_files

        found = self._files.get((name, version))
        if found is None:
            found = self._files[name, version] = best_files(releases[version], version, self._tags)
        return found

    def serves(self, file: IndexFile, name: str) -> bool:
        """Tell whether a file of a package is for the template's Python, not withdrawn and not too new."""
        until = self.until.get(name, "")
        if until and file.upload_time >= until:
            return False
        if self._exclude_newer and file.upload_time[: len(self._exclude_newer)] > self._exclude_newer:
            return False
        return not file.yanked and admits(file.requires_python, self._template.interpreter.version)
