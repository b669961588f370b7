"""What podfit reads of the wheels that a plan would install, through an index, kept by file hash for good."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from podfit.audit.at_import import AtImport, Read, at_import
from podfit.audit.binary.facts import (
    KINDS,
    WheelBinaries,
    mentions_cuda,
    mentions_numpy,
    mentions_torch,
    names_alone,
    sampled_binaries,
    wheel_binaries,
)
from podfit.audit.cuda_libraries import uses_cuda
from podfit.audit.made import made
from podfit.audit.releases import uses_numpy
from podfit.catalogue.imports import modules_of
from podfit.fit.opened import opened
from podfit.index.files import IndexFile
from podfit.model import PodfitError, Release, canonical

if TYPE_CHECKING:
    import zipfile

    from podfit.index import Index

AT_IMPORT = "at-import-14"
"""What the cache calls what an import does; another number when `at_import` finds something else."""

MOST_BYTES = 32 << 20
"""So much of the compiled modules of one wheel is read at most."""

MOST_SOURCE_BYTES = 768 << 10
"""So much of the source of one wheel is read at most, as it is packed: of what is larger, what is imported first."""

FEW_BYTES = 512 << 10
"""Sources that lie within so much of a wheel are fetched at once: that takes no longer than a few requests."""


HOWS = ("some", "numpy", "all")
"""How much of the compiled modules is read: all, or until NumPy shows, "some" only where the wheel mentions NumPy."""


class Wanted(msgspec.Struct, frozen=True, tag=True):
    """What is to be read of one wheel of a distribution.

    how is "import" (what its import does) or one of HOWS.
    """

    file: IndexFile
    name: str
    how: str

    @property
    def kind(self) -> str:
        """What the cache calls it."""
        return AT_IMPORT if self.how == "import" else KINDS[self.how]

    def known(self, index: Index) -> AtImport | WheelBinaries | None:
        """Return what was read before, None where nothing was."""
        if self.how == "import":
            return index.kept_of(self.file, self.kind, AtImport)
        return index.kept_of(self.file, self.kind, WheelBinaries)

    def made(self, index: Index) -> AtImport | WheelBinaries:
        """Return what the cache has, else what the wheel says. Raises PodfitError, OSError, ValueError."""
        kept = self.known(index)
        if kept is not None:
            return kept
        with opened(index, self.file, self.name) as bundle:
            found = _import_of(bundle, self) if self.how == "import" else _binaries_of(bundle, self.how)
        index.keep_of(self.file, self.kind, found)
        return found


def compiled(filename: str) -> bool:
    """Tell whether a wheel is for one platform (PEP 425): one for any holds nothing compiled."""
    return filename.endswith(".whl") and not filename.endswith("-any.whl")


def how_of(release: Release) -> str:
    """Return how much of a release's compiled modules is read: one of HOWS, by what it states.

    Where nobody knows what it requires, it may be NumPy.
    """
    if uses_cuda(release):
        return "all"
    return "numpy" if release.requires_dist is None or uses_numpy(release) else "some"


def part_kind(kind: str, part: str) -> str:
    """Return what the cache calls what is read of a part of a wheel, such as some of its modules."""
    return f"{kind}-{hashlib.sha256(part.encode()).hexdigest()[:12]}"


def import_of(index: Index, file: IndexFile, name: str) -> AtImport | None:
    """Return what the import of a distribution's wheel does, None for a wheel that cannot be read."""
    try:
        found = Wanted(file, name, "import").made(index)
    except (PodfitError, OSError, ValueError):
        return None
    return found if isinstance(found, AtImport) else None


def made_modules(index: Index, file: IndexFile, name: str, wanted: Sequence[str]) -> frozenset[str]:
    """Return those of some modules that the import of a distribution's wheel makes; none of one that cannot be read."""
    kind = part_kind("made-1", " ".join(sorted(wanted)))
    kept = index.kept_of(file, kind, tuple[str, ...])
    if kept is not None:
        return frozenset(kept)
    try:
        with opened(index, file, name) as bundle:
            paths = [info.filename for info in bundle.infolist()]
            found = made(paths, wanted, sources_of(bundle, MOST_SOURCE_BYTES))
    except (PodfitError, OSError, ValueError):
        return frozenset()
    index.keep_of(file, kind, tuple(sorted(found)))
    return found


def _binaries_of(bundle: zipfile.ZipFile, how: str) -> WheelBinaries:
    """Return what the compiled modules of an open wheel say."""
    from podfit.index.wheel import fetch_members

    if how == "all" or mentions_torch(bundle) or mentions_cuda(bundle):
        return wheel_binaries(bundle, fetch_members, most_bytes=MOST_BYTES)
    if how != "numpy" and not mentions_numpy(bundle):
        return names_alone(bundle)
    return sampled_binaries(bundle, fetch_members, most_bytes=MOST_BYTES)


def _import_of(bundle: zipfile.ZipFile, wanted: Wanted) -> AtImport:
    """Return what the import of a distribution's packages does, of its open wheel: of those that bear its name.

    Where none does, a module beside packages counts as none of them: a script that lies there is imported by nobody.
    """
    from podfit.index.wheel import list_wheel

    listing = list_wheel(bundle, wanted.file.filename)
    known = modules_of(wanted.name)
    roots = [root for root in listing.import_roots if canonical(root) == wanted.name or root in known]
    paths = {member.path for member in listing.members}
    packages = [root for root in listing.import_roots if f"{root.replace('.', '/')}/__init__.py" in paths]
    return at_import(
        (member.path for member in listing.members),
        roots or packages or listing.import_roots,
        sources_of(bundle, MOST_SOURCE_BYTES),
    )


def sources_of(bundle: zipfile.ZipFile, most: int) -> Read:
    """Return what reads members of an open wheel, so many bytes at most as they are packed, then none any more."""
    from podfit.index.archives import member_of
    from podfit.index.wheel import fetch_members

    left = most
    fetch_few_sources(bundle)

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        nonlocal left
        infos = [bundle.getinfo(path) for path in paths]
        left -= sum(info.compress_size for info in infos)
        if left < 0:
            return {}
        fetch_members(bundle, infos)
        return {info.filename: member_of(bundle, info) for info in infos}

    return read


def fetch_few_sources(bundle: zipfile.ZipFile) -> None:
    """Fetch all sources of an open wheel where they are few: one module leads to another, each a request of its own."""
    from podfit.index.wheel import fetch_members, span

    infos = [info for info in bundle.infolist() if info.filename.endswith(".py")]
    if span(infos) <= FEW_BYTES:
        fetch_members(bundle, infos)
