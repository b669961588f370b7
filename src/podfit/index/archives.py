"""Read archives of other people: bounded in what they unpack to, and every damage is one kind of error.

A few kilobytes can unpack to as many gigabytes, and an archive's own statement of a size may be a lie.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from podfit.index.gunzip import Gunzipped, Reads

MOST_UNPACKED = 1 << 30
"""Bytes that an archive may unpack to while it is looked through: a limit that podfit sets, assumed."""

MOST_OF_ONE = 16 << 20
"""Bytes of one file that is read of an archive: METADATA, PKG-INFO, setup.py. Podfit's own limit, assumed."""

_BLOCK = 1 << 18
"""Bytes that are unpacked at a time: most files of an archive are passed over."""


class ArchiveError(ValueError):
    """An archive, or a file in it, that cannot be read; the text says why."""


class EndlessError(ArchiveError):
    """A file in an archive that unpacks to more than anybody should read."""


def opened(file: IO[bytes] | io.RawIOBase | Path) -> zipfile.ZipFile:
    """Return an open zip file. Raises ArchiveError for what is none, or one that Python cannot read."""
    with _damage():
        bundle = zipfile.ZipFile(file)
    if not all(info.filename for info in bundle.infolist()):  # the standard library stumbles over it later
        bundle.close()
        raise ArchiveError("the archive cannot be read: a file in it has no name")
    return bundle


def member_of(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, most: int = MOST_OF_ONE) -> bytes:
    """Return the bytes of a member of a zip file, its checksum verified. Raises ArchiveError, also past most bytes."""
    with _damage(), bundle.open(info) as stream:
        data = stream.read(most + 1)  # without a number it would unpack all that there is, whatever its size says
    if len(data) > most:
        raise EndlessError(f"{info.filename} unpacks to more than {most} bytes")
    return data


def walk(data: bytes, filename: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the path of each file of a source distribution and a function that reads it, to be called at once.

    Raises ArchiveError, here or there, for what cannot be read, a file of more than MOST_OF_ONE bytes, and for an
    archive of more than MOST_UNPACKED.
    """
    return _zipped(data) if filename.endswith(".zip") else _tarred(data)


def _zipped(data: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the files of a zip file."""
    with opened(io.BytesIO(data)) as bundle:
        for info in bundle.infolist():
            if not info.is_dir():
                yield info.filename, functools.partial(member_of, bundle, info)


def _tarred(data: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the files of a tar file, compressed or not."""
    import tarfile

    with _damage():
        archive = tarfile.open(fileobj=_Bounded(_unpacked(data)), mode="r|", bufsize=_BLOCK)  # type: ignore[call-overload]  # noqa: SIM115
    with archive:
        while True:
            with _damage():
                member = archive.next()
                handle = archive.extractfile(member) if member is not None and member.isfile() else None
            if member is None:
                return
            archive.members = []  # else it remembers every one, and an archive may have millions
            if handle is not None:
                yield member.name, functools.partial(_whole, handle, member.name)


def _whole(handle: IO[bytes], name: str) -> bytes:
    """Return the bytes of a file of a tar file."""
    with _damage():
        data = handle.read(MOST_OF_ONE + 1)
    if len(data) > MOST_OF_ONE:
        raise ArchiveError(f"{name[:80]} unpacks to more than {MOST_OF_ONE} bytes")
    return data


def _unpacked(data: bytes) -> Reads:
    """Return the bytes of a file as a stream that unpacks them, told by how they begin."""
    if data.startswith(b"\x1f\x8b"):
        return Gunzipped(io.BytesIO(data))
    if data.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(io.BytesIO(data))
    if data.startswith(b"\xfd7zXZ\0"):
        import lzma

        return lzma.LZMAFile(io.BytesIO(data))
    return io.BytesIO(data)


class _Bounded:
    """A stream that ends with an error past MOST_UNPACKED bytes."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._left = MOST_UNPACKED

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it unpacks to more than {MOST_UNPACKED >> 20} MiB")
        return data


class _damage:  # noqa: N801 - used as a statement
    """Turn whatever the standard library meets in a damaged archive into ArchiveError."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        """Raise ArchiveError for an error of the archive's."""
        import struct
        import tarfile
        import zlib
        from lzma import LZMAError

        damages = (
            *(tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, struct.error),
            *(EOFError, OSError, ValueError, OverflowError, IndexError, KeyError, AssertionError),
            *(NotImplementedError, RuntimeError),  # a compression that Python lacks, an encrypted file
        )
        if isinstance(error, damages) and not isinstance(error, ArchiveError):
            raise ArchiveError(f"the archive cannot be read: {error}") from None
