"""gzip as a stream: the layers of images, and source distributions."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

_PIECE = 2**16
"""Packed bytes that zlib is given at a time: what it leaves of them is copied."""


class Reads(Protocol):
    """What can be read in pieces."""

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes, none at the end."""


class Gunzipped:
    """Reads what the members of a gzip stream hold, one after the other; zlib checks the sum of each (RFC 1952).

    Python's own reader (gzip) does the same and takes half as long again: it asks for 8 KiB at a time, and sums up
    itself.
    """

    def __init__(self, source: Reads) -> None:
        self._source = source
        self._rest = b""
        self._member: Any = None

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes, none at the end. Raises EOFError for a member that was cut off, and zlib.error."""
        while size > 0 and (self._member is not None or self._begun()):
            packed = self._member.unconsumed_tail or self._rest or self._source.read(_PIECE)
            self._rest = b""
            data: bytes = self._member.decompress(packed, size)
            if self._member.eof:
                self._rest, self._member = self._member.unused_data, None
            elif not packed and not data:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            if data:
                return data
        return b""

    def _begun(self) -> bool:
        """Begin the next member; False where there is none. Zeros may stand before it, as after a block of a tape."""
        while not (rest := self._rest.lstrip(b"\0")):
            self._rest = self._source.read(_PIECE)
            if not self._rest:
                return False
        self._rest, self._member = rest, zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        return True
