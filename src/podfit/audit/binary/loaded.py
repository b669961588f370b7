"""Which files of a wheel its modules load: a library that only a plug-in wants is missed by nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries

_MODULE = re.compile(r"\.(?:cpython-[0-9]+[^/]*|abi3)\.so$|/_[^/.]+\.so$")
"""What Python itself imports (PEP 3149, PEP 384)."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one module of a wheel loads: alternatives, of which one is enough, each a file with all that it draws in.

    Files whose names differ in numbers alone are such alternatives (`libNAME4.so`, `libNAME5.so`).
    """

    name: str
    alternatives: tuple[tuple[LibraryFacts, ...], ...]


def parts(binaries: WheelBinaries) -> tuple[Part, ...]:
    """Return the parts of a wheel, in its order: one for each module, else for each library that none draws in."""
    own = {library.path.rpartition("/")[2]: library for library in binaries.libraries}
    own.update({library.soname: library for library in binaries.libraries if library.soname})
    groups: dict[str, list[LibraryFacts]] = {}
    for root in _roots(binaries.libraries):
        groups.setdefault(_numberless(root.path), []).append(root)
    return tuple(
        Part(members[0].path, tuple(tuple(_drawn(member, own)) for member in members)) for members in groups.values()
    )


def unread_alternative(path: str, binaries: WheelBinaries) -> bool:
    """Tell whether a wheel has a file that differs from one of it in numbers alone and that nobody read."""
    read = {library.path.rpartition("/")[2] for library in binaries.libraries}
    like = _numberless(path.rpartition("/")[2])
    return any(_numberless(name) == like for name in binaries.names if name not in read)


def _numberless(path: str) -> str:
    """Return a path without its numbers: the same for files of which one is enough."""
    return re.sub(r"[0-9]+", "#", path)


def _roots(libraries: Sequence[LibraryFacts]) -> list[LibraryFacts]:
    """Return the files that are loaded by name: modules, or where there are none, what no other file needs."""
    outer = [library for library in libraries if ".libs/" not in library.path]
    modules = [library for library in outer if _MODULE.search(library.path)]
    if modules:
        return modules
    needed = {name for library in libraries for name in library.needed}
    return [each for each in outer if not needed & {each.soname, each.path.rpartition("/")[2]}] or outer


def _drawn(root: LibraryFacts, own: dict[str, LibraryFacts]) -> Iterator[LibraryFacts]:
    """Yield a file and those of the wheel that it draws in, each once."""
    queue, seen = [root], {root.path}
    while queue:
        library = queue.pop(0)
        yield library
        for name in library.needed:
            other = own.get(name)
            if other is not None and other.path not in seen:
                seen.add(other.path)
                queue.append(other)
