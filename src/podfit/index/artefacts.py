"""Read what lies inside an index's files: METADATA, listings, source distributions, in as few bytes as possible."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from podfit.index.archives import EndlessError, opened
from podfit.index.errors import IndexUnreachable
from podfit.index.files import IndexFile
from podfit.index.metadata import CoreMetadata, from_sdist, is_of, parse_metadata
from podfit.index.recent import Recent
from podfit.index.tail import metadata_of_tail
from podfit.index.transport import Reply, TooLargeError, Transport, status_text
from podfit.index.wheel import MOST_TAIL_BYTES, TAIL_BYTES, RangeFile, read_metadata

_WHOLE_BYTES = 64 << 20
"""The largest wheel that is fetched whole from a server that knows no ranges."""
_SDIST_BYTES = 256 << 20
_LARGE_SDIST_BYTES = 1 << 20
_BEGINNING_BYTES = 1 << 17
"""So much of a larger source distribution is asked for first: setuptools puts PKG-INFO before what is large."""
_MISSES = 2
_RECENT_TAILS = 128
_NEEDED_MORE = 8
"""The end of another release of a project may be longer than what was seen, by this part of it."""
_METADATA_BYTES = 16 << 20
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+)")


class UnreadableError(ValueError):
    """A file of the index does not tell what it was asked for; its text says why.

    lasting: these very bytes never will, so that nobody has to fetch them again.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Artefacts:
    """Opens files of indexes; may be used from several threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._without_ranges: set[str] = set()
        self._misses: dict[str, int] = {}
        self._tails: Recent[str, tuple[int, bytes]] = Recent(_RECENT_TAILS)
        self._needed: dict[str, int] = {}

    def metadata(self, file: IndexFile, name: str) -> CoreMetadata:
        """Return the metadata of a file of the project name. Raises UnreadableError and IndexUnreachable."""
        try:
            found = self._of_sdist(file) if file.kind == "sdist" else self._of_wheel(file, name)
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
            lasting = isinstance(error, EndlessError) or (isinstance(error, UnreadableError) and error.lasting)
            raise UnreadableError(f"{file.filename}: {error}", lasting=lasting) from None
        if not is_of(found, name, file.version):
            raise UnreadableError(f"{file.filename}: its metadata speaks of {found.name} {found.version}")
        return found

    def _of_sdist(self, file: IndexFile) -> CoreMetadata:
        """Return the metadata of a source distribution. Raises UnreadableError and IndexUnreachable."""
        if (found := self._of_beginning(file)) is not None:
            return found
        data = self.whole(file, _SDIST_BYTES)
        try:
            return from_sdist(data, file.filename, file.url)
        except ValueError as error:
            raise UnreadableError(str(error), lasting=True) from None

    def _of_beginning(self, file: IndexFile) -> CoreMetadata | None:
        """Return what a PKG-INFO near the beginning of a large source distribution promises; None where none does."""
        if file.size < _LARGE_SDIST_BYTES or file.url.startswith("file:"):
            return None
        with contextlib.suppress(TooLargeError, ValueError):
            wanted = {"Range": f"bytes=0-{_BEGINNING_BYTES - 1}"}
            reply = self._transport.get(file.url, wanted, limit=_BEGINNING_BYTES)
            if reply.status == 206 and reply.body.startswith(b"\x1f\x8b"):  # what is cut off cannot look whole
                return from_sdist(reply.body, file.filename, file.url)
        return None

    def _metadata_apart(self, file: IndexFile, name: str) -> CoreMetadata | None:
        """Return what the METADATA file beside a wheel says (PEP 658), None when there is none that can be trusted.

        The end of a wheel is as near as a file that its index does not announce. Mirrors serve them and drop the mark:
        a host that knows no ranges is asked nevertheless, until it has lacked more than it had.
        """
        parts = urlsplit(file.url)
        hoped = parts.netloc in self._without_ranges and self._misses.get(parts.netloc, 0) <= _MISSES
        if parts.scheme == "file" or not (file.metadata or hoped):
            return None
        url = urlunsplit(parts._replace(path=f"{parts.path}.metadata"))
        for _ in range(2):
            try:
                reply = self._transport.get(url, limit=_METADATA_BYTES)
            except TooLargeError:
                break
            if reply.status != 200:
                break
            if file.metadata_hash and file.metadata_hash != f"sha256:{hashlib.sha256(reply.body).hexdigest()}":
                continue
            try:
                found = parse_metadata(reply.body, url, "METADATA, PEP 658")
            except ValueError:
                break
            if is_of(found, name, file.version):
                self._count(parts.netloc, -1)
                return found
            break
        self._count(parts.netloc, 1)
        return None

    def _count(self, host: str, missed: int) -> None:
        """Keep the score of a host that was asked for METADATA files."""
        with self._lock:
            self._misses[host] = self._misses.get(host, 0) + missed

    def _of_wheel(self, file: IndexFile, name: str) -> CoreMetadata:
        """Return the metadata that lie beside a wheel or in it, or beside one that cannot be read in parts.

        Errors as `metadata`.
        """
        apart = self._metadata_apart(file, name)
        if apart is not None:
            return apart
        try:
            return parse_metadata(self._metadata_within(file, name), file.url, "METADATA in the wheel")
        except UnreadableError:
            apart = None if file.metadata else self._metadata_apart(file, name)
            if apart is None:
                raise
            return apart

    def _metadata_within(self, file: IndexFile, name: str) -> bytes:
        """Return the METADATA that lies in a wheel. Raises ValueError and IndexUnreachable."""
        if file.url.startswith("file:"):
            with opened(local_path(file)) as bundle:
                return read_metadata(bundle, name)
        ranges, tail = self._ranges(file)
        found = metadata_of_tail(ranges, tail, name)
        if found is None:
            with opened(ranges) as bundle:
                found = read_metadata(bundle, name)
        self._remember(file, ranges, tail)
        return found

    @contextlib.contextmanager
    def open_wheel(self, file: IndexFile) -> Iterator[zipfile.ZipFile]:
        """Open a wheel: only what is read of it gets fetched. Raises ArchiveError, IndexUnreachable."""
        if file.url.startswith("file:"):
            with opened(local_path(file)) as bundle:
                yield bundle
            return
        ranges, tail = self._ranges(file)
        with opened(ranges) as bundle:
            self._remember(file, ranges, tail)
            yield bundle

    def _remember(self, file: IndexFile, ranges: RangeFile, tail: bytes) -> None:
        """Keep the end of a wheel that proved sound, and how much of it had to be read until now."""
        if len(tail) <= MOST_TAIL_BYTES:
            self._tails.put(file.url, (ranges.size, tail))
        needed = ranges.size - ranges.first
        if len(tail) < needed <= MOST_TAIL_BYTES:
            with self._lock:
                self._needed[_project(file)] = needed + needed // _NEEDED_MORE

    def _ranges(self, file: IndexFile) -> tuple[RangeFile, bytes]:
        """Return a wheel as a file of which the end is fetched, and that end.

        How much that is, other releases of the project tell, which tend to be alike.
        """

        def fetch(begin: int, end: int) -> bytes:
            part = self._transport.get(file.url, {"Range": f"bytes={begin}-{end - 1}"}, limit=end - begin)
            if _content_range(file, part)[0] != begin:
                raise UnreadableError("the server gave another part than it was asked for")
            return part.body

        if (known := self._tails.get(file.url)) is not None:
            return RangeFile(fetch, *known), known[1]
        most = self._needed.get(_project(file), TAIL_BYTES)
        wanted = f"{max(0, file.size - most)}-{file.size - 1}" if file.size else f"-{most}"
        try:
            reply = self._transport.get(file.url, {"Range": f"bytes={wanted}"}, limit=_WHOLE_BYTES)
        except TooLargeError as error:
            self._without_ranges.add(urlsplit(file.url).netloc)
            raise UnreadableError(f"its server knows no byte ranges, and it is large ({error})") from None
        if reply.status == 416:  # the index states another size than the server, or the server knows no suffixes
            reply = self._transport.get(file.url, limit=_WHOLE_BYTES)
        if reply.status == 200:
            self._without_ranges.add(urlsplit(file.url).netloc)
            check_hash(file, reply.body)
            return RangeFile(_no_more, len(reply.body), reply.body), reply.body
        start, size = _content_range(file, reply)
        if start + len(reply.body) != size:
            raise UnreadableError("the server gave another part than it was asked for")
        return RangeFile(fetch, size, reply.body), reply.body

    def whole(self, file: IndexFile, limit: int = _SDIST_BYTES) -> bytes:
        """Return all bytes of a file, its hash checked. Raises UnreadableError when it is longer than limit."""
        if file.size > limit:
            raise UnreadableError(f"it is too large to be read ({file.size} bytes)", lasting=True)
        if file.url.startswith("file:"):
            data = local_path(file).read_bytes()
        else:
            try:
                reply = self._transport.get(file.url, limit=limit)
            except TooLargeError as error:
                raise UnreadableError(f"it is too large to be read ({error})", lasting=True) from None
            if reply.status != 200:
                raise _missing(file, reply.status)
            data = reply.body
        check_hash(file, data)
        return data


def check_hash(file: IndexFile, data: bytes) -> None:
    """Raise UnreadableError unless data has the hash that the index states; the strongest one counts."""
    for algorithm in ("sha512", "sha384", "sha256"):
        stated = next((value for value in file.hashes if value.startswith(f"{algorithm}:")), "")
        if stated:
            digest = hashlib.new(algorithm, data).hexdigest()
            if stated != f"{algorithm}:{digest}":
                raise UnreadableError(f"its {algorithm} is {digest[:12]}…, the index says {stated[7:19]}…")
            return


def local_path(file: IndexFile) -> Path:
    """Return the path of a file:// URL."""
    return Path(unquote(urlsplit(file.url).path))


def file_key(file: IndexFile) -> str:
    """Return what the cache calls a file: its SHA-256, else a hash of where it lies (and when it changed)."""
    digest = file.sha256
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        text = f"{file.url} {file.size}"
        if file.url.startswith("file:"):
            with contextlib.suppress(OSError):
                state = local_path(file).stat()
                text += f" {state.st_size} {state.st_mtime_ns}"
        digest = "u" + hashlib.sha256(text.encode()).hexdigest()
    return f"{digest[:2]}/{digest}"


def _no_more(start: int, end: int) -> bytes:
    """Nothing is missing of a file that was fetched whole."""
    raise OSError(f"bytes {start}-{end} lie past its end")


def _project(file: IndexFile) -> str:
    """Return what the files of a project have in common; a name that is written otherwise is another one."""
    return file.filename.partition("-")[0]


def _content_range(file: IndexFile, reply: Reply) -> tuple[int, int]:
    """Return where a part of a file starts and how long the file is."""
    if reply.status != 206:
        raise _missing(file, reply.status)
    found = _CONTENT_RANGE.match(reply.headers.get("content-range", ""))
    if not found:
        raise UnreadableError("the server does not say which part it gave")
    return int(found.group(1)), int(found.group(3))


def _missing(file: IndexFile, status: int) -> IndexUnreachable:
    """Return the error for a listed file that the server does not give."""
    host = urlsplit(file.url).netloc
    return IndexUnreachable(host, f"{status_text(status)} for {file.filename}", remedy="try again later")
