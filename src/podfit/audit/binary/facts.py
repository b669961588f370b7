"""What all compiled files of one wheel say together: small enough to be kept by the file's hash for good."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from podfit.audit.binary.fatbin import device_code
from podfit.audit.binary.library import Library, NotElfError, read_library
from podfit.audit.binary.numpy_abi import NumpyAbi, NumpyUse, numpy_use
from podfit.audit.binary.torch_symbols import is_torchs

KINDS = {"all": "binaries-2", "numpy": "samples-5", "some": "mentions-1"}
"""What the cache calls these facts, by how much was read (podfit.fit.wheels.HOWS): what shows less is none of the more.

The numbers rise whenever the readers see more.
"""

MOST_LIBRARY_BYTES = 2 << 30
"""No real library is larger; a member that unpacks to more is not read."""

_BATCH = 6
"""So many modules are read together: scattered members of a wheel cost one request each."""

_TINY_BYTES = 16 * 1024

CXX_LIBRARY = "libstdc++.so.6"
"""The system's C++ library: a copy in the wheel has another name."""

_SHARED = re.compile(r"\.so(\.[0-9]+)*$")
_LIBRARY_NAME = re.compile(r"\.so(\.[0-9]+[a-z]*)*$")
_MODULE = re.compile(r"\.(?:cpython-[0-9]+[^/]*|abi3)\.so$|/_[^/.]+\.so$")
_NVIDIAS = re.compile(r"(?:^|/)lib(?:cudart|cublas|cudnn|nccl)[^/]*\.so[.0-9]*$")
_OPENED = re.compile(rb"\0(lib[A-Za-z0-9_+-]{2,40}\.so(?:\.[0-9]{1,4}){0,3})(?=\0)")
"""Names of libraries that stand alone in a file's text: candidates of dlopen(3).

It begins with the byte before the name, which Python's `re` finds quickly; it would try a lookbehind at every byte.
"""

NO_NUMPY = NumpyUse(NumpyAbi.NONE)


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """What podfit keeps of one compiled file of a wheel.

    path is its place in the wheel, machine its processor (a wheel's name for it). needed are the libraries that the
    loader wants, opened names of further ones in its text (only candidates). glibc, glibcxx and cxxabi are the
    highest versions asked of the system, empty for none. numpy is its use of NumPy, torch the symbols of torch that
    it asks for and gives those that it provides; of a wheel, torch leaves out what its other libraries give.
    archs are the GPUs that it has code for (`sm_90`, `compute_90`).
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
    gives: tuple[str, ...] = ()
    archs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WheelBinaries:
    """The compiled files of one wheel that were read, of how many, and one sentence for each that could not be.

    names are the file names of all its libraries, also of those that were not read.
    """

    libraries: tuple[LibraryFacts, ...] = ()
    unread: tuple[str, ...] = ()
    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def provided(self) -> frozenset[str]:
        """The names under which its libraries can be found: their file names and sonames."""
        names = {library.path.rpartition("/")[2] for library in self.libraries}
        return frozenset({*names, *self.names} | {library.soname for library in self.libraries if library.soname})


def library_facts(path: str, data: bytes) -> LibraryFacts:
    """Return the facts of one file from its bytes. Raises NotElfError for what is no shared library."""
    library = read_library(data)
    text = library.without_fatbins(data)
    return LibraryFacts(
        path=path,
        machine=library.machine,
        soname=library.soname,
        needed=library.needed,
        opened=_opened(text, library),
        glibc=library.highest("GLIBC"),
        glibcxx=library.highest("GLIBCXX", CXX_LIBRARY),
        cxxabi=library.highest("CXXABI", CXX_LIBRARY),
        numpy=numpy_use(data, library, text),
        torch=tuple(sorted(filter(is_torchs, library.undefined))),
        gives=tuple(sorted(filter(is_torchs, library.defined))),
        archs=tuple(dict.fromkeys(code for place in library.fatbins for code in device_code(data, *place))),
    )


def _opened(text: bytes, library: Library) -> tuple[str, ...]:
    """Return the names of libraries in a file's text that are neither needed nor its own, sorted."""
    found = {match.group(1).decode() for match in _OPENED.finditer(text)}
    return tuple(sorted(found - set(library.needed) - {library.soname}))


Fetch = Callable[[zipfile.ZipFile, Iterable[zipfile.ZipInfo]], None]
"""Brings the bytes of members of a wheel that is far away, in few requests."""


def wheel_binaries(
    bundle: zipfile.ZipFile, fetch: Fetch | None = None, *, most_bytes: int = MOST_LIBRARY_BYTES
) -> WheelBinaries:
    """Return the facts of the compiled files of an open wheel, the smaller ones first, for most_bytes of the archive.

    Other projects' libraries that it carries (`NAME.libs/`) come last. fetch is told which members are going to be
    read. A member that cannot be unpacked or is damaged becomes a sentence in unread. Raises OSError and what the
    fetching of bytes raises.
    """
    members = tuple(shared_libraries(bundle))
    chosen = []
    spent = 0
    for member in sorted(members, key=lambda each: (".libs/" in each.filename, each.compress_size, each.filename)):
        spent += member.compress_size
        if spent <= most_bytes:
            chosen.append(member)
    return replace(_read(bundle, sorted(chosen, key=members.index), len(members), fetch), names=_names(bundle))


def sampled_binaries(bundle: zipfile.ZipFile, fetch: Fetch | None = None, *, most_bytes: int) -> WheelBinaries:
    """Return the facts of some compiled files of an open wheel: until one that uses NumPy was found, and its batch.

    What the files of one wheel were compiled with is the same for all of them, as a rule. Those that speak of Python
    or NumPy in their names come first, then modules, of these the smaller ones; the smallest, which hardly use
    anything, and other projects' libraries (`NAME.libs/`) last. most_bytes limits what is read of the archive. Errors
    as `wheel_binaries`.
    """
    members = tuple(shared_libraries(bundle))
    modules = sorted((member for member in members if ".libs/" not in member.filename), key=_promise)
    found = WheelBinaries((), (), len(members))
    spent = 0
    for start in range(0, len(modules), _BATCH):
        batch = []
        for member in modules[start : start + _BATCH]:
            spent += member.compress_size
            if spent <= most_bytes:
                batch.append(member)
        read = _read(bundle, batch, len(members), fetch)
        found = WheelBinaries(found.libraries + read.libraries, found.unread + read.unread, len(members))
        if spent > most_bytes or any(library.numpy.abi is not NumpyAbi.NONE for library in read.libraries):
            break
    return replace(found, names=_names(bundle))


def mentions_numpy(bundle: zipfile.ZipFile) -> bool:
    """Tell whether any file of an open wheel has NumPy's name in its path, as headers and glue to it have."""
    return any("numpy" in name.lower() for name in bundle.namelist())


def mentions_torch(bundle: zipfile.ZipFile) -> bool:
    """Tell whether the path of a compiled file of an open wheel has torch's name in it (`torchao/_C.abi3.so`)."""
    return any("torch" in member.filename.lower() for member in shared_libraries(bundle))


def mentions_cuda(bundle: zipfile.ZipFile) -> bool:
    """Tell whether a compiled file of an open wheel is a copy of one of NVIDIA's (`libcudnn-463fd6d5.so.8.9.7`)."""
    return any(_NVIDIAS.search(member.filename) for member in shared_libraries(bundle))


def names_alone(bundle: zipfile.ZipFile) -> WheelBinaries:
    """Return the names of an open wheel's libraries, of which none is read."""
    return WheelBinaries(names=_names(bundle))


def _promise(member: zipfile.ZipInfo) -> tuple[bool, bool, bool, int, str]:
    """Return where a compiled file stands among those that are searched for one that uses NumPy."""
    name = member.filename.rpartition("/")[2]
    stem = name.partition(".")[0].lower()
    return (
        "numpy" not in stem and "python" not in stem,
        not _MODULE.search(member.filename),  # what Python itself imports (PEP 3149, PEP 384)
        member.compress_size < _TINY_BYTES,
        member.compress_size,
        name,
    )


def _read(bundle: zipfile.ZipFile, chosen: Sequence[zipfile.ZipInfo], count: int, fetch: Fetch | None) -> WheelBinaries:
    """Return the facts of chosen members of a wheel that has count compiled files."""
    members = [member for member in chosen if member.file_size <= MOST_LIBRARY_BYTES]
    if fetch is not None:
        fetch(bundle, members)
    libraries: list[LibraryFacts] = []
    unread = [
        f"{member.filename}: it unpacks to {member.file_size} bytes"
        for member in chosen
        if member.file_size > MOST_LIBRARY_BYTES
    ]
    for member in members:
        try:
            with bundle.open(member) as stream:  # its size is a statement: no more than that is unpacked
                data = stream.read(member.file_size)
            libraries.append(library_facts(member.filename, data))
        except NotElfError as error:
            unread.append(f"{member.filename}: {error}")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            unread.append(f"{member.filename}: it cannot be unpacked ({error})")
    given = {name for library in libraries for name in library.gives}
    own = [replace(each, torch=tuple(name for name in each.torch if name not in given), gives=()) for each in libraries]
    return WheelBinaries(tuple(own), tuple(unread), count)


def _names(bundle: zipfile.ZipFile) -> tuple[str, ...]:
    """Return the file names of a wheel's libraries, sorted; of one with a letter in its version (`1.1.1k`), too."""
    paths = (member.filename for member in bundle.infolist() if not member.is_dir())
    return tuple(sorted({path.rpartition("/")[2] for path in paths if _LIBRARY_NAME.search(path)}))


def shared_libraries(bundle: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Yield the members of a wheel that are shared libraries by their names, in the wheel's order."""
    for member in bundle.infolist():
        if not member.is_dir() and _SHARED.search(member.filename):
            yield member
