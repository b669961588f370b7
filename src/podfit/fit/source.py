"""The package index as the source of releases' metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podfit.model import Evidence, EvidenceKind, LockedPackage, PodfitError, Release, Template
from podfit.model.tags import platform_tags
from podfit.model.versions import same_version

if TYPE_CHECKING:
    from podfit.index import Index


class IndexReleases:
    """A ReleaseSource (podfit.plan.releases) over an index, for one template's platform."""

    def __init__(self, index: Index, template: Template) -> None:
        self._index = index
        self._tags = platform_tags(template)

    def prefetch(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Fetch the metadata of many (name, version) releases side by side; `release` then finds it at once."""
        if pairs:
            self._index.prefetch(pairs, tags=self._tags)

    def knows(self, package: LockedPackage) -> bool:
        """Tell whether `planned` needs no network for package."""
        digests = [text.partition(":")[2] for file in package.artefacts for text in file.hashes]
        return any(self._index.known_metadata(digest) is not None for digest in digests)

    def release(self, name: str, version: str) -> Release | None:
        """Return the metadata of one release, None when there is no such release or it cannot be read."""
        try:
            found = self._index.metadata(name, version, tags=self._tags)
        except PodfitError:
            return None
        return Release(name, version, found.requires_dist, found.requires_python, found.evidence)

    def planned(self, package: LockedPackage) -> Release | None:
        """Return the metadata of a package that uv chose, from its files where they are known; else as `release`."""
        for file in package.artefacts:
            for text in file.hashes:
                algorithm, _, digest = text.partition(":")
                found = self._index.known_metadata(digest) if algorithm == "sha256" else None
                if found is not None:
                    return Release(
                        package.name, package.version, found.requires_dist, found.requires_python, found.evidence
                    )
        return None if package.url else self.release(package.name, package.version)

    def fitting(self, name: str, version: str) -> bool | None:
        """Tell whether the release has a wheel for the template or a source distribution; None without a release."""
        from podfit.index import best_files

        try:
            files = self._index.files(name)
        except PodfitError:
            return None
        if not any(same_version(file.version, version) for file in files):
            return None
        return bool(best_files(files, version, self._tags))

    def wheel_modules(self, name: str) -> tuple[tuple[str, ...], str]:
        """Return the top-level modules of a distribution's newest wheel, empty if unknown, and where they were read."""
        try:
            return self._index.top_level_names(name), f"the names in {name}'s newest wheel"
        except (PodfitError, ValueError):
            return (), ""

    @staticmethod
    def unknown(name: str) -> Evidence:
        """Return the evidence of a release whose metadata could not be read."""
        return Evidence(EvidenceKind.ASSUMED, f"no metadata of {name} could be read")
