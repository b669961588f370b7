"""Reads a file that somebody named or that lies in a project, in bounded time and memory.

A name may lead to a FIFO that nobody writes to, to a device, to `/proc/kmsg`: opening or reading one the plain way
would wait for ever.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

LARGEST = 256 * 1024 * 1024
"""Bytes past which a file is none that podfit reads: `pip inspect` of a thousand distributions has twenty million."""

PATIENCE = 30.0
"""Seconds to wait for the next bytes of a pipe, such as the one of `--local <(pip freeze)`."""

_CHUNK = 1 << 20


def exists(path: str | Path) -> bool:
    """Tell whether there is a file or a directory; no text, however long or odd, is more than a name of none."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib raises OSError for a name that is too long, ValueError for NUL


def is_file(path: str | Path) -> bool:
    """Tell whether there is a regular file, as `exists`."""
    return os.path.isfile(path)  # noqa: PTH113


def is_dir(path: str | Path) -> bool:
    """Tell whether there is a directory, as `exists`."""
    return os.path.isdir(path)  # noqa: PTH112


def read_bounded(path: str | Path, largest: int = LARGEST, *, pipes: bool = True) -> bytes:
    """Return the bytes of a file, largest + 1 of them where it has more than largest.

    pipes tells that a FIFO may stand in place of a file, as in `podfit apply <(command)`. Raises OSError, also for what
    is no file and for what gives no bytes within `PATIENCE` seconds; ValueError for a name with a NUL character.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        if not stat.S_ISREG(mode) and not (pipes and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode))):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return _read(handle, largest + 1, waits=not stat.S_ISREG(mode), path=str(path))
    finally:
        os.close(handle)


def _read(handle: int, most: int, *, waits: bool, path: str) -> bytes:
    """Return up to most bytes of an open file that does not block."""
    pieces: list[bytes] = []
    missing = most
    last = time.monotonic()
    while missing:
        try:
            piece = os.read(handle, min(_CHUNK, missing))
        except BlockingIOError:
            left = last + PATIENCE - time.monotonic()
            if not waits or left <= 0:
                raise OSError(errno.EAGAIN, "nothing can be read from it without waiting", path) from None
            select.select([handle], [], [], left)
            continue
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
        last = time.monotonic()
    return b"".join(pieces)
