"""What the compiled files of a wheel ask for, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries
from podfit.audit.binary.linking import bringers
from podfit.audit.binary.numpy_abi import NumpyAbi
from podfit.audit.binary.torch_symbols import is_known, torch_symbols
from podfit.audit.platform import is_systems
from podfit.catalogue.system_libraries import debian_packages, everywhere


def binary_facts(binaries: WheelBinaries, tags: str) -> Iterator[tuple[str, str]]:
    """Yield what the compiled files of a wheel ask for: of the C libraries, NumPy, torch, CUDA, GPUs, the system."""
    libraries = binaries.libraries
    if tags:
        yield "for", tags
    yield "compiled files", f"{len(libraries)} of {binaries.count} read" if binaries.count else "none"
    for words, found in (
        ("needs glibc", _highest(library.glibc for library in libraries)),
        ("needs GLIBCXX", _highest(library.glibcxx for library in libraries)),
        ("needs CXXABI", _highest(library.cxxabi for library in libraries)),
        ("NumPy", _numpy(libraries)),
        ("torch", _torch(libraries)),
        ("CUDA libraries", ", ".join(_unbrought(binaries, lambda name: bool(bringers(name))))),
        ("code for GPUs", " ".join(dict.fromkeys(code for library in libraries for code in library.archs))),
        ("system libraries", ", ".join(map(_with_package, _unbrought(binaries, _wanted_of_system)))),
        ("other libraries", ", ".join(_unbrought(binaries, _unknown))),
    ):
        if found:
            yield words, found


def _wanted_of_system(name: str) -> bool:
    """Tell whether a library is one of the system that not every system has."""
    return name not in everywhere() and is_systems(name)


def _unknown(name: str) -> bool:
    """Tell whether nobody that podfit knows brings a library: another wheel does."""
    return name not in everywhere() and not bringers(name) and not is_systems(name) and not name.startswith("ld-")


def _with_package(name: str) -> str:
    """Return a library with the Debian package that brings it, where one does."""
    packages = debian_packages(name)
    return f"{name} ({packages[0].name})" if packages else name


def _unbrought(binaries: WheelBinaries, of: Callable[[str], bool]) -> list[str]:
    """Return the libraries of a kind that the files of a wheel need and that it does not bring."""
    own = binaries.provided
    needed = dict.fromkeys(name for library in binaries.libraries for name in library.needed)
    return [name for name in needed if name not in own and of(name)]


def _highest(versions: Iterable[str]) -> str:
    """Return the highest of versions, empty without any."""
    return max(versions, key=lambda each: [int(part) for part in each.split(".") if part.isdigit()], default="")


def _numpy(libraries: Sequence[LibraryFacts]) -> str:
    """Return the classes of NumPy's interface that the files use, and the least version."""
    used = [library.numpy for library in libraries if library.numpy.abi is not NumpyAbi.NONE]
    if not used:
        return ""
    least = _highest(use.least for use in used if use.least)
    classes = ", ".join(dict.fromkeys(use.abi.value for use in used))
    return f"{classes}{f', from {least} on' if least else ''}"


def _torch(libraries: Sequence[LibraryFacts]) -> str:
    """Return the first torch that has every symbol that the files ask for."""
    names = [name for library in libraries for name in library.torch if is_known(name)]
    if not any(library.torch for library in libraries):
        return ""
    least = torch_symbols().least(names) if names else ""
    return f"{least} is the first with all symbols" if least else "uses its C++ interface; which release is not known"
