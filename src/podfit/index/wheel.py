"""Look into a wheel without fetching it: its central directory and single members, by byte ranges (RFC 9110)."""

from __future__ import annotations

import bisect
import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import canonicalize_name

from podfit.index.archives import member_of
from podfit.index.threads import side_by_side

TAIL_BYTES = 32 * 1024
"""What is fetched first: the end record and, for most wheels, the whole central directory and METADATA."""
MOST_TAIL_BYTES = 128 * 1024
"""So much at most is fetched first where the wheels of a project were seen to need more."""
_THREADS = 6
_AHEAD_BYTES = 8 * 1024
LOCAL_HEADER_BYTES = 30 + 512  # its fixed part (APPNOTE.TXT 4.3.7), and room for an extra field
_NEIGHBOUR_BYTES = 256 * 1024
"""A gap between two members that costs less to fetch than one more request."""
_MODULE_SUFFIXES = (".py", ".so", ".pyd")
_NOT_FOR_IMPORT = frozenset(
    ("benchmark", "benchmarks", "bin", "doc", "docs", "etc", "example", "examples", "include", "lib", "licenses")
) | {"scripts", "share", "test", "tests"}
"""Directories that wheels ship by mistake; their names count only where nothing else is provided."""


@dataclass(frozen=True, slots=True)
class WheelMember:
    """One file of a wheel. size is its bytes on disk once installed, compressed its bytes in the archive."""

    path: str
    size: int
    compressed: int


@dataclass(frozen=True)
class WheelListing:
    """The files of a wheel as its central directory lists them. archive are the bytes of the wheel, 0 if not noted."""

    filename: str
    members: tuple[WheelMember, ...]
    archive: int = 0

    @property
    def disk_bytes(self) -> int:
        """Bytes that the wheel's files take once installed, without compiled byte code."""
        return sum(member.size for member in self.members)

    @cached_property
    def import_names(self) -> tuple[str, ...]:
        """The top-level names that can be imported once the wheel is installed, sorted.

        Modules, packages and namespace packages at the root (PEP 427: also of `*.data/purelib` and `platlib`).
        """
        names = {parts[0] for parts in map(_module, self._paths) if parts and parts[0].isidentifier()}
        return tuple(sorted(names - _NOT_FOR_IMPORT or names))

    @cached_property
    def modules(self) -> frozenset[str]:
        """The dotted names of all modules and packages in it; data that looks like one counts."""
        found = {parts[:-1] if parts[-1] == "__init__" else parts for parts in map(_parts, self._paths) if parts}
        return frozenset(".".join(parts[:length]) for parts in found for length in range(1, len(parts) + 1))

    @cached_property
    def import_roots(self) -> tuple[str, ...]:
        """What of `import_names` this wheel has to itself: the outermost packages and modules, dotted, sorted.

        `google.cloud.storage`, where `google` and `google.cloud` are namespaces that other distributions share.
        """
        modules = [parts for parts in map(_module, self._paths) if parts and all(map(str.isidentifier, parts))]
        packages = {tuple(parts[:-1]) for parts in modules if parts[-1] == "__init__"}
        roots = set()
        for parts in modules:
            whole = parts[:-1] if parts[-1] == "__init__" else parts
            prefixes = (tuple(whole[:length]) for length in range(1, len(whole) + 1))
            roots.add(next((prefix for prefix in prefixes if prefix in packages), tuple(whole)))
        names = {root for root in roots if root}
        return tuple(sorted(".".join(root) for root in names if root[0] in self.import_names))

    @property
    def _paths(self) -> Iterator[str]:
        return (member.path for member in self.members)


def _parts(path: str) -> tuple[str, ...]:
    """Return the same, to be kept in a set."""
    return tuple(_module(path))


def _module(path: str) -> list[str]:
    """Return the dotted name that a file makes importable, `__init__` included, in its parts; [] for none."""
    parts = path.split("/")
    if parts[0].endswith(".data"):
        if len(parts) < 3 or parts[1] not in ("purelib", "platlib"):
            return []
        parts = parts[2:]
    if parts[0].endswith((".dist-info", ".libs")) or not parts[-1].endswith(_MODULE_SUFFIXES):
        return []
    parts[-1] = parts[-1].partition(".")[0]
    return parts


def list_wheel(bundle: zipfile.ZipFile, filename: str) -> WheelListing:
    """Return the files of an open wheel; directories are left out."""
    members = (WheelMember(i.filename, i.file_size, i.compress_size) for i in bundle.infolist() if not i.is_dir())
    return WheelListing(filename, tuple(members), bundle.fp.seek(0, io.SEEK_END) if bundle.fp else 0)


def read_metadata(bundle: zipfile.ZipFile, name: str) -> bytes:
    """Return the METADATA of an open wheel of the project name. Raises ValueError when it has none."""
    for info in bundle.infolist():
        folder, slash, last = info.filename.rpartition("/")
        if last != "METADATA" or not folder.endswith(".dist-info") or not slash or "/" in folder:
            continue
        if canonicalize_name(folder.partition("-")[0]) == name:
            return read_member(bundle, info)
    raise ValueError("it holds no METADATA")


def read_member(bundle: zipfile.ZipFile, member: zipfile.ZipInfo | str) -> bytes:
    """Return the bytes of one member of an open wheel, its checksum verified, in one request if it is far away.

    Raises ValueError when they cannot be unpacked, or are more than podfit reads of one file.
    """
    info = bundle.getinfo(member) if isinstance(member, str) else member
    if isinstance(bundle.fp, RangeFile):
        length = LOCAL_HEADER_BYTES + len(info.filename.encode()) + info.compress_size
        bundle.fp.prefetch((info.header_offset, info.header_offset + length))
    return member_of(bundle, info)


def fetch_members(bundle: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo]) -> None:
    """Fetch members of an open wheel that is far away, neighbours in one request; `bundle.read` then needs none."""
    if not isinstance(bundle.fp, RangeFile):
        return
    spans: list[list[int]] = []
    for info in sorted(members, key=lambda each: each.header_offset):
        end = info.header_offset + LOCAL_HEADER_BYTES + len(info.filename.encode()) + info.compress_size
        if spans and info.header_offset - spans[-1][1] < _NEIGHBOUR_BYTES:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([info.header_offset, end])
    bundle.fp.prefetch(*((start, end) for start, end in spans))


def span(members: Collection[zipfile.ZipInfo]) -> int:
    """Return how many bytes of a wheel members lie in, from the first to the last."""
    if not members:
        return 0
    last = max(members, key=lambda each: each.header_offset)
    return last.header_offset + last.compress_size - min(each.header_offset for each in members)


class RangeFile(io.RawIOBase):
    """A read-only file of which only the parts that are read get fetched.

    fetch(start, end) returns the bytes from start up to, not including, end. size is the file's length; tail is
    what is already known of its end. For one thread at a time.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, tail: bytes = b"") -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._starts: list[int] = []
        self._blocks: list[bytes] = []
        if tail:
            self._add(size - len(tail), tail)

    @property
    def size(self) -> int:
        """The file's length in bytes."""
        return self._size

    @property
    def first(self) -> int:
        """The first position of all that was fetched; size where nothing was."""
        return self._starts[0] if self._starts else self._size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as any file does; the position is returned."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start of the file")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return the next size bytes, fewer only at the end of the file."""
        end = self._size if size is None or size < 0 else min(self._size, self._position + size)
        if end <= self._position:
            return b""
        self._ensure(self._position, end)
        data = self._known(self._position, end)
        self._position = end
        return data

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; the number of bytes is returned."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def prefetch(self, *spans: tuple[int, int]) -> None:
        """Fetch what is missing of parts (from, up to) that do not overlap, each in one request, side by side.

        What lies between two gaps of a part comes once more.
        """
        gaps = [missing for start, end in spans if (missing := list(self._missing(start, min(end, self._size))))]
        fetched = side_by_side(lambda each: self._fetched(each[0][0], each[-1][1]), gaps, _THREADS, "ranges")
        for missing, data in zip(gaps, fetched, strict=True):
            first = missing[0][0]
            for begin, stop in missing:
                self._add(begin, data[begin - first : stop - first])

    def _ensure(self, start: int, end: int) -> None:
        """Fetch the gaps between two positions; a short gap is made longer, for what is read next."""
        for begin, stop in list(self._missing(start, end)):
            index = bisect.bisect_right(self._starts, begin)
            after = self._starts[index] if index < len(self._starts) else self._size
            self._add(begin, self._fetched(begin, min(max(stop, begin + _AHEAD_BYTES), after)))

    def _missing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the gaps between two positions, first to last: from, and up to."""
        position = start
        while position < end:
            index = bisect.bisect_right(self._starts, position) - 1
            known = self._starts[index] + len(self._blocks[index]) if index >= 0 else 0
            if position < known:
                position = known
                continue
            stop = min(end, self._starts[index + 1] if index + 1 < len(self._starts) else end)
            yield position, stop
            position = stop

    def _fetched(self, start: int, end: int) -> bytes:
        """Return bytes that are not there yet. Raises OSError for fewer than were asked for."""
        data = self._fetch(start, end)
        if len(data) != end - start:
            raise OSError(f"asked for {end - start} bytes, got {len(data)}")
        return data

    def _add(self, start: int, data: bytes) -> None:
        """Keep fetched bytes."""
        index = bisect.bisect_left(self._starts, start)
        self._starts.insert(index, start)
        self._blocks.insert(index, data)

    def _known(self, start: int, end: int) -> bytes:
        """Return bytes that are all there."""
        pieces = []
        position = start
        while position < end:
            index = bisect.bisect_right(self._starts, position) - 1
            block, first = self._blocks[index], self._starts[index]
            pieces.append(block[position - first : end - first])
            position += len(pieces[-1])
        return b"".join(pieces)
