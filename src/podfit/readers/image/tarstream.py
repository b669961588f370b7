"""A tar that is read once, from its beginning to its end; Python's own reader takes its headers apart."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from podfit.readers.image.blob import Readable
from podfit.readers.image.errors import DamagedError
from podfit.readers.image.limits import CHUNK, LONGEST_HEADER

BROKEN = (tarfile.TarError, ValueError, KeyError, IndexError, OverflowError, RecursionError, TypeError, EOFError)
"""What the tar reader raises for headers that nobody wrote in earnest."""


class Forward:
    """What `tarfile` reads from: it never goes back, and gives no header more than `LONGEST_HEADER` bytes."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def read(self, size: int) -> bytes:
        """Return size bytes of a header, fewer at the end. Raises DamagedError for a header out of all proportion."""
        if not 0 <= size <= LONGEST_HEADER:
            raise DamagedError(f"a header in it claims {size} bytes")
        pieces = []
        while size and (piece := self.some(size)):
            pieces.append(piece)
            size -= len(piece)
        self.last = b"".join(pieces)
        return self.last

    def some(self, size: int) -> bytes:
        """Return up to size bytes, none at the end."""
        data = self._source.read(size)
        self._position += len(data)
        return data

    def seek(self, position: int) -> int:
        """Skip to a position. Raises DamagedError for one that was passed already, and past the end."""
        if position < self._position:
            raise DamagedError("its headers lead backwards")
        skip = getattr(self._source, "skip", None)
        while self._position < position:
            left = position - self._position
            if skip is not None and left > CHUNK:
                skipped = skip(left - 1)  # the last byte is read, which tells whether it is there
                self._position += skipped
                if not skipped:
                    raise DamagedError("it ends in the middle of a file")
            elif not self.some(min(CHUNK, left)):
                raise DamagedError("it ends in the middle of a file")
        return position


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
