"""Small files on disk that several processes share: written whole or not at all, checked when read."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
import zlib
from pathlib import Path

_MAGIC = b"podfit-cache-1 "


class Cache:
    """Byte strings by kind and key below one directory.

    An entry that was cut short or altered reads as absent and is removed. Where the disk cannot be written
    (full, read-only), writing does nothing and `take_failure` says why: a cache never ends a run.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._failure = ""
        self._told = False

    def path(self, kind: str, key: str) -> Path:
        """Return the file of an entry; key may hold any characters that a file name may, and `/` for folders."""
        return self.root / kind / key

    def read(self, kind: str, key: str) -> bytes | None:
        """Return the bytes of an entry, or None when there is none that is whole."""
        path = self.path(kind, key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        head, newline, body = data.partition(b"\n")
        if newline and head == _head(body):
            return body
        self.remove(kind, key)
        return None

    def write(self, kind: str, key: str, body: bytes) -> None:
        """Store the bytes of an entry in place of what was there."""
        path = self.path(kind, key)
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            try:
                handle = temporary.open("xb")
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                handle = temporary.open("xb")
            with handle:
                handle.write(_head(body) + b"\n" + body)
            os.replace(temporary, path)  # noqa: PTH105 - the module's promise, by its usual name
        except OSError as error:
            self._failure = f"{self.root}: {error.strerror or error}"
            with contextlib.suppress(OSError):
                temporary.unlink()

    def take_failure(self) -> str:
        """Return why the cache cannot be written, once; empty when it can, and from then on."""
        if self._told or not self._failure:
            return ""
        self._told = True
        return self._failure

    def remove(self, kind: str, key: str) -> None:
        """Forget an entry."""
        with contextlib.suppress(OSError):
            self.path(kind, key).unlink()

    def age(self, kind: str, key: str) -> float:
        """Return the seconds since an entry was written or touched; infinite when there is none."""
        try:
            age = time.time() - self.path(kind, key).stat().st_mtime
        except OSError:
            return float("inf")
        return age if age >= 0 else float("inf")  # a file from the future says nothing about its age

    def touch(self, kind: str, key: str) -> None:
        """Make an entry count as written now."""
        with contextlib.suppress(OSError):
            os.utime(self.path(kind, key))


def _head(body: bytes) -> bytes:
    """Return the first line of an entry: what it is, and the length and CRC-32 of the rest.

    That finds what disks and killed processes do to files; whoever may write here needs no collision.
    """
    return b"%s%x %08x" % (_MAGIC, len(body), zlib.crc32(body))
