"""Requires-Dist of what a template has: from its source, else from the index; never guessed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
from packaging.requirements import Requirement

from podfit.catalogue.held import is_held
from podfit.catalogue.shared import Record
from podfit.model import Distribution, PodfitError, canonical

_LIBRARY = re.compile(
    r"(nvidia-(cublas|cuda-(nvrtc|runtime|cupti)|cudnn|cufft|cufile|curand|cusolver|cusparse|cusparselt|nccl|nvjitlink|nvshmem|nvtx)\b|(pytorch-)?triton\b|cuda-(toolkit|bindings)\b)"
)
"""What torch's builds with CUDA require beside their Python dependencies: NVIDIA's libraries and triton."""
_MARKER = ' ; platform_system == "Linux" and platform_machine == "x86_64"'


class Known(Protocol):
    """What an index says about one release."""

    requires_dist: tuple[str, ...]
    requires_python: str


class Metadata(Protocol):
    """The part of `podfit.index.Index` that the builder uses."""

    def prefetch(self, pairs: Iterable[tuple[str, str]]) -> object:
        """Fetch the metadata of several releases at once."""

    def metadata(self, name: str, version: str) -> Known:
        """Return one release's metadata; raises PodfitError where there is none."""


@dataclass(frozen=True, slots=True)
class Release:
    """What one release says, as an index would."""

    requires_dist: tuple[str, ...]
    requires_python: str


@dataclass(frozen=True, slots=True)
class Remembering:
    """An index that is asked for what the catalogue does not know: a release's metadata never change.

    records are the catalogue's own. What is held is always asked for: there the record may be that of a vendor's build.
    """

    index: Metadata
    records: Mapping[str, msgspec.Raw]

    def prefetch(self, pairs: Iterable[tuple[str, str]]) -> object:
        """Fetch the metadata of what is not known."""
        return self.index.prefetch([pair for pair in pairs if self._known(*pair) is None])

    def metadata(self, name: str, version: str) -> Known:
        """Return one release's metadata; raises PodfitError where there is none."""
        return self._known(name, version) or self.index.metadata(name, version)

    def _known(self, name: str, version: str) -> Release | None:
        """Return what the catalogue says of a release."""
        found = None if is_held(name, version) else self.records.get(f"{name} {version}")
        return Release(*msgspec.json.decode(found, type=Record)) if found is not None else None


def with_metadata(
    found: Mapping[str, Distribution], source: Mapping[str, Any], index: Metadata
) -> dict[str, Distribution]:
    """Return the distributions with Requires-Dist from the source or the index, where one has the version.

    A source has `[metadata]` (all lines of a distribution that no index has), `[metadata_without]` (beginnings of lines
    that its build of a release does not state), `[metadata_instead.NAME]` (the CUDA libraries that its build names) and
    `cuda_libraries = "listed"` (torch is another build than PyPI's: it names the CUDA libraries that the list has).
    """
    completed = dict(found)
    for name, lines in source.get("metadata", {}).items():
        if name in completed and completed[name].requires_dist is None:
            completed[name] = replace(completed[name], requires_dist=tuple(lines))
    unknown = {canonical(name) for name in source.get("metadata_unknown", ())}
    missing = [d for d in completed.values() if d.requires_dist is None and d.version and d.name not in unknown]
    index.prefetch([(d.name, d.version.partition("+")[0]) for d in missing])
    for each in missing:
        try:
            metadata = index.metadata(each.name, each.version.partition("+")[0])
        except PodfitError as error:
            print(f"  {each.name} {each.version}: {error.message}", file=sys.stderr)
            continue
        lines = tuple(adapted(each.name, metadata.requires_dist, source))
        if source.get("cuda_libraries") == "listed" and each.name == "torch":
            cuda = "" if source.get("installer") == "conda" else source["torch"]["cuda"]
            lines = tuple(with_listed_libraries(lines, completed, cuda))
        completed[each.name] = replace(each, requires_dist=lines, requires_python=metadata.requires_python)
    return completed


def adapted(name: str, lines: Iterable[str], source: Mapping[str, Any]) -> Iterator[str]:
    """Yield Requires-Dist lines as the template's build of a release states them, where it differs from PyPI's."""
    without = tuple(source.get("metadata_without", {}).get(name, ()))
    instead = source.get("metadata_instead", {}).get(name)
    for line in lines:
        if (without and line.startswith(without)) or (instead and line.startswith(("nvidia-", "cuda-"))):
            continue
        yield line
    for other, version in (instead or {}).items():
        yield f"{other}=={version}{_MARKER}"


def with_listed_libraries(lines: Iterable[str], found: Mapping[str, Distribution], cuda: str) -> Iterator[str]:
    """Yield torch's lines with the CUDA libraries and triton that the list has, where those of PyPI's build are others.

    A build for another CUDA names other versions, one from conda or for CPUs none. Which the vendor's build names is in
    its list: they are there for torch alone. cuda is the one that torch is built for, empty for none and for conda's.
    """
    lines = tuple(lines)
    asked = [Requirement(line) for line in lines if _LIBRARY.match(line)]
    if all(_met(each, found) for each in asked):
        yield from lines
        return
    yield from (line for line in lines if not _LIBRARY.match(line))
    if cuda:
        for name, each in sorted(found.items()):
            if _LIBRARY.match(name) and each.version:
                yield f"{name}=={each.version}{_MARKER}"


def _met(asked: Requirement, found: Mapping[str, Distribution]) -> bool:
    """Tell whether the list has what is asked for, at a version that will do."""
    each = found.get(canonical(asked.name))
    return each is not None and bool(each.version) and asked.specifier.contains(each.version, prereleases=True)
