"""The package index as the source of releases' metadata: a table of what is known, filled from the index."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podfit.index.threads import side_by_side
from podfit.model import Evidence, EvidenceKind, LockedPackage, PodfitError, Release, Template
from podfit.model.steps import Steps, Wait
from podfit.model.tags import platform_tags

if TYPE_CHECKING:
    from podfit.index import CoreMetadata, Index

_THREADS = 16

_Pair = tuple[str, str]
_Modules = tuple[tuple[str, ...], str]


@dataclass
class _Missing:
    """What was asked and is not in the tables: releases, releases whose files count, import names."""

    releases: dict[_Pair, None] = field(default_factory=dict)
    fitting: dict[_Pair, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.releases or self.fitting or self.names)


class IndexReleases:
    """A ReleaseSource (podfit.plan.releases) over an index, for one template's platform; asking it waits for nothing.

    What is asked and not known yet answers as absent and is noted; while `incomplete`, wait for `learn` and ask again.
    """

    def __init__(self, index: Index, template: Template) -> None:
        self._index = index
        self._tags = platform_tags(template)
        self._releases: dict[_Pair, Release | None] = {}
        self._fitting: dict[_Pair, str | None] = {}
        self._modules: dict[str, _Modules] = {}
        self._missing = _Missing()

    @property
    def incomplete(self) -> bool:
        """Whether an answer was given without knowledge since the last `learn`."""
        return bool(self._missing)

    def learn(self, pairs: Sequence[_Pair] = (), soon: Iterable[_Pair] = ()) -> Steps[None]:
        """Fetch, side by side, what was asked and not known, and the metadata of pairs (name, version).

        soon are projects that will be asked about next, and the version of each that is likely to be taken, empty for
        none: meanwhile their pages are read, and that version's metadata where it has a wheel for the template.
        """
        missing, self._missing = self._missing, _Missing()
        wanted = [pair for pair in dict.fromkeys((*pairs, *missing.releases)) if pair not in self._releases]
        if wanted:
            found = yield Wait(lambda: self._index.prefetch(wanted, tags=self._tags))
            self._releases.update((pair, _release(*pair, found[pair])) for pair in wanted)
        if missing.fitting or missing.names:
            fitting, modules = yield Wait(lambda: self._look(missing, tuple(soon)))
            self._fitting.update(fitting)
            self._modules.update(modules)

    def release(self, name: str, version: str) -> Release | None:
        """Return the metadata of one release, None when there is no such release or it cannot be read."""
        if (name, version) not in self._releases:
            self._missing.releases[name, version] = None
        return self._releases.get((name, version))

    def fitting(self, name: str, version: str) -> str | None:
        """Return `wheel`, `sdist` or nothing, for the best file for the template; None without a release."""
        if (name, version) not in self._fitting:
            self._missing.fitting[name, version] = None
        return self._fitting.get((name, version))

    def wheel_modules(self, name: str) -> _Modules:
        """Return the top-level modules of a distribution's newest wheel, empty if unknown, and where they were read."""
        if name not in self._modules:
            self._missing.names[name] = None
        return self._modules.get(name, ((), ""))

    def planned(self, package: LockedPackage) -> Release | None:
        """Return the metadata of a package that uv chose, from its files where those were read; else `release`."""
        for file in package.artefacts:
            for text in file.hashes:
                algorithm, _, digest = text.partition(":")
                found = self._index.known_metadata(digest) if algorithm == "sha256" else None
                if found is not None:
                    return _release(package.name, package.version, found)
        return None if package.url else self.release(package.name, package.version)

    def _look(self, missing: _Missing, soon: Sequence[_Pair]) -> tuple[dict[_Pair, str | None], dict[str, _Modules]]:
        """Return what the index says about files and import names; the waiting part."""
        first = threading.Thread(
            target=side_by_side, args=(lambda pair: self._read_soon(*pair), soon, _THREADS, "soon"), daemon=True
        )
        first.start()
        self._index.ready(name for name, _ in missing.fitting)
        modules = side_by_side(self._read, missing.names, _THREADS, "names")
        first.join()
        return {pair: self._fits(*pair) for pair in missing.fitting}, dict(zip(missing.names, modules, strict=True))

    def _read_soon(self, name: str, version: str) -> None:
        """Have the index's page of a project in its cache, and the metadata of a version that has a wheel."""
        from podfit.index import best_files

        with contextlib.suppress(PodfitError, ValueError):
            files = best_files(self._index.releases(name).get(version, ()), version, self._tags)
            if files and files[0].kind == "wheel":
                self._index.metadata(name, version, tags=self._tags)

    def _fits(self, name: str, version: str) -> str | None:
        from podfit.index import best_files

        try:
            files = self._index.release_files(name, version)
        except PodfitError:
            return None
        return next((file.kind for file in best_files(files, version, self._tags)), "")

    def _read(self, name: str) -> _Modules:
        try:
            return self._index.top_level_names(name), f"the names in {name}'s newest wheel"
        except (PodfitError, ValueError):
            return (), ""


def _release(name: str, version: str, found: CoreMetadata | PodfitError) -> Release | None:
    """Return what an index read as a release, None for an error."""
    if isinstance(found, PodfitError):
        return None
    return Release(name, version, found.requires_dist, found.requires_python, found.evidence)


def unknown(package: LockedPackage) -> Release:
    """Return the release of a package whose metadata could not be read."""
    evidence = Evidence(EvidenceKind.ASSUMED, f"no metadata of {package.name} could be read")
    return Release(package.name, package.version, None, "", evidence)
