"""Libraries that a release chooses as it runs: one of several by CUDA's or torch's version, or CUDA's own by name.

bitsandbytes 0.42.0 has a library for each CUDA from 11.0 to 12.3 and opens the one of the running torch; the copy of
cuDNN 8 in ctranslate2 4.4.0 opens further ones of version 8. No loader asks for these when the release is imported: so
what is absent is told, and rules nothing out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from podfit.audit.binary.facts import WheelBinaries
from podfit.audit.binary.linking import cuda_sonames
from podfit.audit.binary.loaded import unread_alternative
from podfit.audit.cuda_libraries import CUDA_CHECK, libraries_there, of_another_cuda
from podfit.audit.judging import Objection, Surroundings
from podfit.model import Evidence, EvidenceKind, Release
from podfit.model.words import listed, shortened

_BY_CUDA = re.compile(r"^(?P<family>lib.*_)cuda(?P<version>[0-9]{3})[._]")
"""`libbitsandbytes_cuda124.so`: two digits of CUDA's major version and its minor one."""

_BY_TORCH = re.compile(r"^(?P<family>.*_)pytorch_(?P<version>[0-9]+\.[0-9]+)[.0-9]*\.so$")
"""`libgraphbolt_pytorch_2.1.0.so`."""


def chosen_libraries(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection, none that is fatal, when what the release opens as it runs is not there."""
    if binaries is None or release.name in around.held:
        return
    torch, cuda = around.environment.get("torch"), around.template.cuda
    there = {
        "CUDA": (_BY_CUDA, cuda.value if cuda is not None else ""),
        "torch": (_BY_TORCH, ".".join(torch.version.split(".")[:2]) if torch is not None else ""),
    }
    for kind, (pattern, version) in there.items():
        for family, versions in sorted(_families(binaries.names, pattern).items()) if version else ():
            if len(versions) > 1 and version not in versions:
                reason = (
                    f"{release.name} {release.version} opens the one of its libraries {family}* that is for the "
                    f"running {kind}; it has those for {shortened(sorted(versions, key=_numbers), 3)}, the template's "
                    f"is {version}"
                )
                yield _objection(release, reason, f"{family}*", f"a build of {release.name} for the template's {kind}")
                break
    yield from _opened(release, binaries, around)


def _families(names: Collection[str], pattern: re.Pattern[str]) -> Mapping[str, set[str]]:
    """Return the versions for which there is a library, by the beginning of their names."""
    found: dict[str, set[str]] = {}
    for match in filter(None, map(pattern.match, names)):
        version = match["version"]
        found.setdefault(match["family"], set()).add(version if "." in version else f"{version[:2]}.{version[2]}")
    return found


def _opened(release: Release, binaries: WheelBinaries, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when no version of one of CUDA's libraries is there that the release knows by name.

    Where there is no CUDA at all nothing is expected to use one.
    """
    cuda = around.template.cuda
    if cuda is None or not cuda.value:
        return
    wanted: dict[str, dict[str, str]] = {}
    for library in binaries.libraries:
        for name in (*library.opened, *library.needed):
            if name in _of_several_versions():
                wanted.setdefault(_bare(name), {}).setdefault(name, library.path)
    linked = {name for library in binaries.libraries for name in library.needed}  # judged where they are loaded
    present = binaries.provided | libraries_there(around)
    for bare, paths in sorted(wanted.items()):
        others = sorted(name for name in present & _of_several_versions() if _bare(name) == bare)
        if (
            present & paths.keys()
            or paths.keys() <= linked
            or any(unread_alternative(path, binaries) for path in paths.values())
        ):
            continue
        if not (others or len(of_another_cuda(paths, cuda)) == len(paths)):
            continue
        names = " or ".join(sorted(paths))
        there = f"the template {f'has {listed(others)}' if others else f'is for CUDA {cuda.value}'}"
        reason = f"{release.name} {release.version} opens {names} as it runs; {there}"
        yield _objection(release, reason, next(iter(paths.values())))
        return


def _objection(release: Release, reason: str, path: str, remedy: str = "") -> Objection:
    """Return what is told of a release."""
    evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {path}", "names in the wheel")
    text = f"{reason}: what uses it fails, or runs without the GPU"
    return Objection(CUDA_CHECK, text, evidence, fatal=False, remedy=remedy)


@lru_cache(maxsize=1)
def _of_several_versions() -> frozenset[str]:
    """Return the names of CUDA's libraries that have had several versions: libOpenCL.so.1 is none, whoever opens it."""
    every = {name for lines in cuda_sonames().values() for _, names in lines for name in names}
    bare = Counter(map(_bare, every))
    return frozenset(name for name in every if bare[_bare(name)] > 1)


def _bare(soname: str) -> str:
    """Return the name of a library without its version."""
    return soname.partition(".so")[0]


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, to compare by."""
    return tuple(map(int, version.split(".")))
