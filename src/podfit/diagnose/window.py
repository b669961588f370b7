"""What is kept of a log: all of a short one; of a long one beginning, end, and the surroundings of known words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

WHOLE = 4 << 20
"""A log of at most so many bytes is looked at as a whole."""


def window(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are kept, each with its number in the log, from 1."""
    head = b""
    while len(head) <= WHOLE:  # a pipe gives what it has
        piece = stream.read(WHOLE + 1 - len(head))
        if not piece:
            break
        head += piece
    if len(head) <= WHOLE:
        yield from _lines(head, 1)
        return
    from podfit.diagnose.scan import scan

    for number, piece in scan(head, stream):
        yield from _lines(piece, number)


def _lines(data: bytes, first: int) -> Iterator[tuple[int, str]]:
    """Yield the lines of bytes with their numbers."""
    text = data.decode(_encoding(data), "replace")
    yield from enumerate(text.split("\n"), first)


def _encoding(data: bytes) -> str:
    """Return how bytes are to be read: as UTF-16 with its mark (PowerShell's redirection), else as UTF-8."""
    return "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
