"""Which files of a wheel its modules load: a library that only a plug-in wants is missed by nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries

_MODULE = re.compile(r"\.(?:cpython-[0-9]+[^/]*|abi3)\.so$|/_[^/.]+\.so$")
"""What Python itself imports (PEP 3149, PEP 384)."""

_DEVICE = re.compile(r"(?<![A-Za-z])(cpu|cuda|rocm|hip|xpu|sycl|npu|cann|mps|musa|hpu)(?![A-Za-z])")
"""What stands in a file's name for the device that it computes on (bitsandbytes: `_cpu`, `_cuda124`, `_rocm62`,
`_xpu`): of files that differ in that alone the one for the machine's device is loaded."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one module of a wheel loads: alternatives, of which one is enough, each a file with all that it draws in.

    Files whose names differ in numbers alone are such alternatives (`libNAME4.so`, `libNAME5.so`).
    """

    name: str
    alternatives: tuple[tuple[LibraryFacts, ...], ...]


def parts(binaries: WheelBinaries, device: str = "") -> tuple[Part, ...]:
    """Return the parts of a wheel, in its order: one for each module, else for each library that none draws in.

    device is what the machine computes on (`cuda`, `cpu`), empty for unknown: what a wheel has for another one is not
    among them where it has the same for this one.
    """
    own = {library.path.rpartition("/")[2]: library for library in binaries.libraries}
    own.update({library.soname: library for library in binaries.libraries if library.soname})
    groups: dict[str, list[LibraryFacts]] = {}
    for root in _for_device(_roots(binaries.libraries), device):
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


def _for_device(roots: Sequence[LibraryFacts], device: str) -> list[LibraryFacts]:
    """Return the files without those that differ from one for a device in the device alone."""
    named = [_DEVICE.search(_numberless(root.path)) for root in roots]
    names = [found and found.string[: found.start()] + found.string[found.end() :].strip("#") for found in named]
    mine = {name for name, found in zip(names, named, strict=True) if found and found[1] == device}
    pairs = zip(roots, names, named, strict=True)
    return [root for root, name, found in pairs if not found or name not in mine or found[1] == device]


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
