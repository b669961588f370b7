"""A tar that is read once, from its beginning to its end; Python's own reader takes its headers apart."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator

from podfit.readers.image.blob import Readable
from podfit.readers.image.errors import DamagedError
from podfit.readers.image.limits import CHUNK, LONGEST_HEADER

BROKEN = (tarfile.TarError, ValueError, KeyError, IndexError, OverflowError, RecursionError, TypeError, EOFError)
"""What the tar reader raises for headers that nobody wrote in earnest."""


class Forward:
    """What `tarfile` reads from: it never goes back, and gives no header more than `LONGEST_HEADER` bytes.

    A source with a `skip` (how many bytes to leave out, returns how many it could) is not read where nobody looks.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._skip: Callable[[int], int] | None = getattr(source, "skip", None)
        self._buffer = b""
        self._at = 0
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def read(self, size: int) -> bytes:
        """Return size bytes of a header, fewer at the end. Raises DamagedError for a header out of all proportion."""
        if not 0 <= size <= LONGEST_HEADER:
            raise DamagedError(f"a header in it claims {size} bytes")
        data = self.some(size)
        while len(data) < size and (piece := self.some(size - len(data))):
            data += piece
        self.last = data
        return data

    def some(self, size: int) -> bytes:
        """Return up to size bytes, none at the end."""
        if self._at == len(self._buffer):
            self._buffer, self._at = self._source.read(CHUNK), 0
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        self._position += len(data)
        return data

    def seek(self, position: int) -> int:
        """Skip to a position. Raises DamagedError for one that was passed already, and past the end."""
        if position < self._position:
            raise DamagedError("its headers lead backwards")
        while (left := position - self._position) > 0:
            inside = min(left, len(self._buffer) - self._at)
            self._at += inside
            self._position += inside
            if inside < left:
                self._advance(left - inside)
        return position

    def _advance(self, size: int) -> None:
        """Go on, at most by size bytes, where the buffer is used up."""
        if self._skip is not None and size > CHUNK:
            skipped = self._skip(size - 1)  # the last byte is read, which tells whether it is there
            self._position += skipped
            if skipped:
                return
        else:
            self._buffer, self._at = self._source.read(CHUNK), 0
            if self._buffer:
                return
        raise DamagedError("it ends in the middle of a file")


def entries(source: Readable) -> Iterator[tuple[tarfile.TarInfo, Forward]]:
    """Yield the header of each entry; its content may be read from the stream until the next one is asked for.

    Raises DamagedError for what is no tar, or none to its end.
    """
    stream = Forward(source)
    try:
        archive = tarfile.TarFile(fileobj=stream, mode="r", errors="surrogateescape")  # type: ignore[arg-type]
        while (entry := archive.next()) is not None:
            yield entry, stream
            archive.members.clear()  # type: ignore[attr-defined]  # else it remembers them all
    except BROKEN as error:
        raise DamagedError(f"it is no tar to its end ({' '.join(str(error).split())[:120]})") from None
    if stream.last.strip(b"\0"):
        raise DamagedError("it is no tar to its end (what follows an entry is no header)")
    while stream.some(CHUNK):
        pass
