"""A stream of bytes that is checked as it goes by: its length, its digest, and how much it unpacks to."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sys
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from podfit.index.gunzip import Gunzipped
from podfit.readers.image.errors import BombError, DamagedError
from podfit.readers.image.limits import CHUNK, LARGEST_RATIO, RATIO_FROM

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""A frame without content, with which eStargz's and others' zstd layers may begin (RFC 8878, 3.1.2)."""


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes, none at the end."""


def is_digest(text: str) -> bool:
    """Tell whether text is a digest that podfit can check (`sha256:...`, `sha512:...`)."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of data as `sha256:...`."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class _Raw(io.RawIOBase):
    """What `io` wants of a stream beside `read`."""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read into buffer."""
        data = self.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)


class Checked(_Raw):
    """Reads source through, at most size bytes (-1: not known), and knows at the end whether it was digest's content.

    An empty digest is not checked.
    """

    def __init__(self, source: Readable, *, digest: str = "", size: int = -1) -> None:
        super().__init__()
        self._source = source
        self._digest = digest
        self._size = size
        self._hash = hashlib.new(digest.partition(":")[0]) if digest else None
        self.count = 0
        self.ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Return up to size bytes. Raises DamagedError past the size that was announced."""
        data = self._source.read(CHUNK if size < 0 else size)
        self.count += len(data)
        if self._size >= 0 and self.count > self._size:
            raise DamagedError(f"it has more than the {self._size} bytes that were announced")
        if self._hash is not None:
            self._hash.update(data)
        self.ended = not data
        return data

    def finish(self) -> None:
        """Read to the end. Raises DamagedError when length or digest are not those that were announced."""
        while not self.ended:
            self.read(CHUNK)
        if 0 <= self.count < self._size:
            raise DamagedError(f"it ends after {self.count} of {self._size} bytes")
        if self._hash is not None and self._hash.hexdigest() != self._digest.partition(":")[2]:
            raise DamagedError(f"its bytes are not those of {self._digest[:19]}...: it was damaged or exchanged")


class Bounded:
    """Reads what is unpacked, as long as it is in proportion to what was packed.

    packed tells how many bytes were read so far, spend is told of each unpacked amount (and may raise).
    """

    def __init__(self, source: Readable, packed: Callable[[], int], spend: Callable[[int], None]) -> None:
        self._source = source
        self._packed = packed
        self._spend = spend
        self._count = 0

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes. Raises DamagedError for a bomb, or for what cannot be unpacked."""
        try:
            data = self._source.read(min(size, CHUNK))
        except DamagedError:
            raise
        except EOFError:
            raise DamagedError("its compressed data end too early") from None
        except (OSError, zlib.error, ValueError) as error:
            if not is_unpacking_error(error):
                raise
            raise DamagedError(f"it cannot be unpacked ({' '.join(str(error).split())[:120]})") from None
        self._count += len(data)
        if self._count > RATIO_FROM and self._count > LARGEST_RATIO * self._packed():
            raise BombError(f"it unpacks to more than {LARGEST_RATIO} times its size: it looks like a bomb")
        self._spend(len(data))
        return data


def is_unpacking_error(error: Exception) -> bool:
    """Tell whether error is one of a decompressor, not of the network or the disk below it."""
    return isinstance(error, (gzip.BadGzipFile, zlib.error)) or type(error).__name__ == "ZstdError"


class Peeked(_Raw):
    """A stream whose first bytes were looked at."""

    def __init__(self, source: Readable, most: int = 512) -> None:
        super().__init__()
        self._source = source
        head = b""
        while len(head) < most and (piece := source.read(most - len(head))):
            head += piece
        self.head = head
        self._left = head

    def read(self, size: int = -1, /) -> bytes:
        """Return up to size bytes."""
        if self._left:
            size = len(self._left) if size < 0 else size
            data, self._left = self._left[:size], self._left[size:]
            return data
        return self._source.read(size)


def unpacked(source: Readable) -> Readable:
    """Return the stream of what a gzip or zstd stream holds, or the stream itself; told by its first bytes."""
    peeked = Peeked(source)
    if peeked.head.startswith(_GZIP):
        return Gunzipped(_buffered(peeked))
    if peeked.head.startswith(_ZSTD) or _ZSTD_SKIPPED.match(peeked.head):
        return _zstd(peeked)
    return peeked


def _zstd(source: Peeked) -> Readable:
    """Return the stream of what a zstd stream holds; its window may have 128 MiB, as zstd itself allows."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    opened: Readable = zstd.ZstdFile(_buffered(source), "rb")
    return opened


def _buffered(source: Peeked) -> io.BufferedReader:
    """Return a stream that decompressors may read little by little."""
    return io.BufferedReader(source, CHUNK)
