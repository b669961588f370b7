"""What releases weigh and what they say of their purpose, read from the index side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.index.threads import side_by_side
from podfit.model import Evidence, EvidenceKind, PodfitError, Release
from podfit.model.steps import Steps, Wait
from podfit.model.weight import About, Weight

if TYPE_CHECKING:
    from podfit.index import CoreMetadata, Index, IndexFile

Pair = tuple[str, str]
"""A normalized name and an exact version."""

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is known of one release: its metadata and purpose, None where the index cannot tell; and its weight."""

    release: Release | None
    about: About | None
    weight: Weight | None


class Scales:
    """Weighs releases through an index, as they would be installed on one platform.

    tags are the platform's wheel tags, best first. Of a wheel only the central directory is fetched, and kept by the
    file's hash.
    """

    def __init__(self, index: Index, tags: Sequence[str]) -> None:
        self._index = index
        self._tags = tuple(tags)
        self._known: dict[Pair, Weighed] = {}

    def weigh(self, pairs: Iterable[Pair]) -> Steps[dict[Pair, Weighed]]:
        """Return what is known of releases; nothing that the index cannot tell ends the run."""
        wanted = list(dict.fromkeys(pairs))
        missing = [pair for pair in wanted if pair not in self._known]
        if missing:
            found = yield Wait(lambda: self._fetch(missing))
            self._known.update(zip(missing, found, strict=True))
        return {pair: self._known[pair] for pair in wanted}

    def _fetch(self, pairs: Sequence[Pair]) -> list[Weighed]:
        """Return what is known of each release; the waiting part."""
        return side_by_side(self._one, pairs, _THREADS, "scales")

    def _one(self, pair: Pair) -> Weighed:
        name, version = pair
        metadata: CoreMetadata | None = None
        with contextlib.suppress(PodfitError, ValueError):  # its weight may be known all the same
            metadata = self._index.metadata(name, version, tags=self._tags)
        release = about = None
        if metadata is not None:
            release = Release(name, version, metadata.requires_dist, metadata.requires_python, metadata.evidence)
            about = About(metadata.summary, metadata.classifiers, metadata.keywords, metadata.evidence)
        return Weighed(release, about, self._weight(name, version))

    def _weight(self, name: str, version: str) -> Weight | None:
        """Return the weight of the file that would be installed, None when the index has none."""
        from podfit.index import best_files

        try:
            files = self._index.files(name)
        except (PodfitError, ValueError):
            return None
        fitting = best_files(files, version, self._tags)
        foreign = [] if fitting else [file for file in best_files(files, version) if file.kind == "wheel"]
        file = next(iter((*fitting, *foreign)), None)
        if file is None:
            return None
        said = "; of a wheel for another platform, none fits this one" if foreign else ""
        return self._of_file(file, said)

    def _of_file(self, file: IndexFile, said: str) -> Weight:
        """Return the weight of one file: its size as the index states it, and the sizes in the wheel's directory."""
        if file.kind != "wheel":
            detail = f"the index's size of a source distribution{said}; what it takes installed shows in a build"
            return Weight(file.size or None, None, None, Evidence(EvidenceKind.METADATA, file.filename, detail))
        try:
            listing = self._index.wheel_listing(file)
        except (PodfitError, OSError, ValueError) as error:
            detail = f"the index's size{said}; the wheel's directory cannot be read: {error}"
            return Weight(file.size or None, None, None, Evidence(EvidenceKind.METADATA, file.filename, detail))
        detail = f"the size of the wheel, and the sizes in its central directory{said}"
        evidence = Evidence(EvidenceKind.METADATA, file.filename, detail)
        return Weight(file.size or listing.archive or None, listing.disk_bytes, len(listing.members), evidence)
