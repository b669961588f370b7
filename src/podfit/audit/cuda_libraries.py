"""Whether the libraries of CUDA that a release loads are there: the wheel's, another one's, the image's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from podfit.audit.binary.facts import WheelBinaries
from podfit.audit.binary.linking import absent_cuda_libraries, bringers, provided_by
from podfit.audit.binary.loaded import unread_alternative
from podfit.audit.judging import Objection, Surroundings
from podfit.model import Evidence, EvidenceKind, Fact, Release
from podfit.model.requirement import named

CUDA_CHECK = "libraries"

_OF_CUDA = re.compile(r"-(?:cu|cuda)[0-9]+x?$|-gpu$")


def cuda_libraries(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when every file of the release that needs CUDA's libraries lacks one of them.

    Nothing is said where one like these (`libNAME_cuda121.so` beside `libNAME_cuda117.so`) was not read.
    A library is there when the wheel itself, a distribution of the planned environment or the image brings it. Of an
    image whose libraries nobody listed only the CUDA version is known: those of its own major version count as there.
    Nothing is fatal where neither name nor requirements speak of CUDA and other modules need none (implicit).
    """
    users = [library for library in binaries.libraries if any(map(bringers, library.needed))] if binaries else []
    if binaries is None or not users:
        return
    present = binaries.provided | libraries_there(around)
    cuda = around.template.cuda
    lacking = {library.path: of_another_cuda(absent_cuda_libraries(library, present), cuda) for library in users}
    if all(lacking.values()) and not any(unread_alternative(path, binaries) for path in lacking):
        path, names = next(iter(lacking.items()))
        there = f"the template is for CUDA {cuda.value}" if cuda is not None else "the template has no CUDA"
        either = " or ".join(bringers(names[0]))
        reason = f"{release.name} {release.version} needs {names[0]} of {either}; {there}"
        evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {path}", "DT_NEEDED")
        others = any(library not in users and ".libs/" not in library.path for library in binaries.libraries)
        yield Objection(CUDA_CHECK, reason, evidence, fatal=uses_cuda(release) or not others)


def libraries_there(around: Surroundings) -> frozenset[str]:
    """Return the CUDA libraries that the planned environment and the image are known to bring."""
    brought = {name for each, other in around.environment.items() for name in provided_by(each, other.version)}
    listed = around.template.facts.cuda.libraries if around.template.facts.cuda else None
    return frozenset(brought | {path.rpartition("/")[2] for path in (listed.value if listed is not None else ())})


def of_another_cuda(names: Iterable[str], cuda: Fact[str] | None) -> tuple[str, ...]:
    """Return those of absent libraries that no image of the template's CUDA version can have."""
    if cuda is None:
        return tuple(names)
    major = cuda.value.partition(".")[0]
    return tuple(name for name in names if not any(_cuda_of(bringer) in ("", major) for bringer in bringers(name)))


def _cuda_of(distribution: str) -> str:
    """Return the major CUDA version that one of NVIDIA's distributions is for: in its name, 13 where it has none."""
    found = re.search(r"-cu([0-9]+)$", distribution)
    return found.group(1) if found else "13"


def uses_cuda(release: Release) -> bool:
    """Tell whether a release speaks of torch or CUDA in its name or its requirements, extras included."""
    names = {release.name, *map(named, release.requires_dist or ())}
    return any(name == "torch" or name.startswith(("nvidia-", "cuda-")) or _OF_CUDA.search(name) for name in names)
