"""A file of an index onto the disk: in pieces, so that none is held whole in memory, and checked by its hash."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from podfit.index.artefacts import UnreadableError, local_path
from podfit.index.errors import IndexUnreachable
from podfit.index.files import IndexFile
from podfit.index.transport import TooLargeError, Transport, status_text

PIECE = 8 << 20
"""Bytes of one request; one that breaks off is asked again by itself."""
MOST_WHOLE = 2 << 30
"""A server that knows no byte ranges may give this much at once."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")


def save(transport: Transport, file: IndexFile, path: Path) -> int:
    """Put a file at path and return its bytes; what lies there with the right hash is taken as it is.

    It appears there when it is whole and has its sha256, not before. Raises UnreadableError where it has another one or
    none is stated, IndexUnreachable, OSError.
    """
    wanted = file.sha256
    if not wanted:
        raise UnreadableError("no sha256 of it is known, by which it could be checked")
    if path.is_file() and _sha256(path) == wanted:
        return path.stat().st_size
    handle, part = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    try:
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as goal:
            for piece in _pieces_of(transport, file):
                digest.update(piece)
                goal.write(piece)
        found = digest.hexdigest()
        if found != wanted:
            raise UnreadableError(f"its sha256 is {found[:12]}…, the plan says {wanted[:12]}…")
        Path(part).chmod(0o644)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    return path.stat().st_size


def _pieces_of(transport: Transport, file: IndexFile) -> Iterator[bytes]:
    """Yield a file's bytes, from this machine or from a server."""
    if "://" in file.url and not file.url.startswith("file:"):
        yield from _pieces(transport, file)
        return
    source = local_path(file) if file.url.startswith("file:") else Path(file.url)
    with source.open("rb") as stream:
        yield from _blocks(stream)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of a stream, a block at a time."""
    while block := stream.read(1 << 20):
        yield block


def _pieces(transport: Transport, file: IndexFile) -> Iterator[bytes]:
    """Yield a file's bytes, a piece at a time."""
    start, size = 0, PIECE
    while start < size:
        try:
            reply = transport.get(file.url, {"Range": f"bytes={start}-{start + PIECE - 1}"}, limit=MOST_WHOLE)
        except TooLargeError as error:
            raise UnreadableError(f"its server knows no byte ranges, and it is large ({error})") from None
        if reply.status == 200 and start == 0:
            yield reply.body
            return
        told = _RANGE.match(reply.headers.get("content-range", ""))
        if reply.status != 206 or told is None:
            host = file.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
            raise IndexUnreachable(host, f"{status_text(reply.status)} for {file.filename}", remedy="try again later")
        if int(told[1]) != start or not reply.body:
            raise UnreadableError("the server gave another part than it was asked for")
        size = int(told[3])
        start += len(reply.body)
        yield reply.body


def _sha256(path: Path) -> str:
    """Return the hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in _blocks(stream):
            digest.update(block)
    return digest.hexdigest()
