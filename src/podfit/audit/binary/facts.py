"""What all compiled files of one wheel say together: small enough to be kept by the file's hash for good."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from podfit.audit.binary.library import Library, NotElfError, read_library
from podfit.audit.binary.numpy_abi import NumpyAbi, NumpyUse, numpy_use

READER = 1
"""Raised whenever the readers see more or other things: what an older one kept is read again."""

MOST_LIBRARY_BYTES = 2 << 30
"""No real library is larger; a member that unpacks to more is not read."""

_SHARED = re.compile(r"\.so(\.[0-9]+)*$")
_OPENED = re.compile(rb"(?<=\0)lib[A-Za-z0-9_+-]{2,40}\.so(?:\.[0-9]{1,4}){0,3}(?=\0)")
"""Names of libraries that stand alone in a file's text: candidates of dlopen(3)."""

_TORCH = re.compile(r"^(?:aoti_torch_|torch_|_ZN?[A-Z0-9]*.*(?:2at|3c10|5torch)[0-9A-Z])")
"""Names that torch's libraries provide: the stable C shim, and C++ of the namespaces at, c10 and torch."""

NO_NUMPY = NumpyUse(NumpyAbi.NONE)


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """What podfit keeps of one compiled file of a wheel.

    path is its place in the wheel, machine its processor (a wheel's name for it). needed are the libraries that the
    loader wants, opened names of further ones in its text (only candidates). glibc, glibcxx and cxxabi are the
    highest versions asked of the system, empty for none. numpy is its use of NumPy, torch the symbols of torch that
    it does not provide itself.
    """

    path: str
    machine: str
    soname: str = ""
    needed: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    glibc: str = ""
    glibcxx: str = ""
    cxxabi: str = ""
    numpy: NumpyUse = NO_NUMPY
    torch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WheelBinaries:
    """The compiled files of one wheel, and one sentence for each that could not be read."""

    libraries: tuple[LibraryFacts, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def provided(self) -> frozenset[str]:
        """The names under which its libraries can be found: their file names and sonames."""
        names = {library.path.rpartition("/")[2] for library in self.libraries}
        return frozenset(names | {library.soname for library in self.libraries if library.soname})


def library_facts(path: str, data: bytes) -> LibraryFacts:
    """Return the facts of one file from its bytes. Raises NotElfError for what is no shared library."""
    library = read_library(data)
    return LibraryFacts(
        path=path,
        machine=library.machine,
        soname=library.soname,
        needed=library.needed,
        opened=_opened(data, library),
        glibc=library.highest("GLIBC"),
        glibcxx=library.highest("GLIBCXX"),
        cxxabi=library.highest("CXXABI"),
        numpy=numpy_use(data, library),
        torch=tuple(sorted(filter(_TORCH.match, library.undefined))),
    )


def _opened(data: bytes, library: Library) -> tuple[str, ...]:
    """Return the names of libraries in a file's text that are neither needed nor its own, sorted."""
    found = {match.group().decode() for match in _OPENED.finditer(data)}
    return tuple(sorted(found - set(library.needed) - {library.soname}))


def wheel_binaries(
    bundle: zipfile.ZipFile, fetch: Callable[[zipfile.ZipFile, Iterable[zipfile.ZipInfo]], None] | None = None
) -> WheelBinaries:
    """Return the facts of all compiled files of an open wheel.

    fetch is told which members are going to be read: of a wheel that is far away it brings them in few requests.
    A member that cannot be unpacked or is damaged becomes a sentence in unread. Raises OSError and what the fetching
    of bytes raises.
    """
    members = [member for member in shared_libraries(bundle) if member.file_size <= MOST_LIBRARY_BYTES]
    if fetch is not None:
        fetch(bundle, members)
    libraries: list[LibraryFacts] = []
    unread = [
        f"{member.filename}: it unpacks to {member.file_size} bytes"
        for member in shared_libraries(bundle)
        if member.file_size > MOST_LIBRARY_BYTES
    ]
    for member in members:
        try:
            libraries.append(library_facts(member.filename, bundle.read(member)))
        except NotElfError as error:
            unread.append(f"{member.filename}: {error}")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            unread.append(f"{member.filename}: it cannot be unpacked ({error})")
    return WheelBinaries(tuple(libraries), tuple(unread))


def shared_libraries(bundle: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Yield the members of a wheel that are shared libraries by their names, in the wheel's order."""
    for member in bundle.infolist():
        if not member.is_dir() and _SHARED.search(member.filename):
            yield member


class _Kept(msgspec.Struct):
    """What the cache holds of one wheel."""

    reader: int
    facts: WheelBinaries


def encode(facts: WheelBinaries) -> bytes:
    """Return facts as JSON, with the reader's number, for the cache."""
    return msgspec.json.encode(_Kept(READER, facts))


def decode(text: bytes) -> WheelBinaries | None:
    """Return facts from the cache; None when they are another reader's or damaged."""
    try:
        kept = msgspec.json.decode(text, type=_Kept)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None
    return kept.facts if kept.reader == READER else None


def of_machine(libraries: Iterable[LibraryFacts], machine: str) -> Iterator[LibraryFacts]:
    """Yield the libraries for one processor, and those for a processor that podfit does not know."""
    return (library for library in libraries if library.machine in ("", machine))
