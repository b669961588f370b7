"""The bytes of the files that are kept: one temporary file that has no name, so that nothing is ever left behind."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

from podfit.readers.image.errors import DamagedError
from podfit.readers.image.limits import CHUNK, MOST_KEPT


class Kept(NamedTuple):
    """Where the bytes of a kept file lie in the store."""

    offset: int
    size: int


class Store:
    """Takes the bytes of files and gives them back. A context manager; at its end the bytes are gone."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="podfit-image-")  # noqa: SIM115 - closed by __exit__
        self._end = 0
        self.kept = 0

    def add(self, read: Callable[[int], bytes], size: int) -> Kept:
        """Keep size bytes of what read gives. Raises DamagedError when there are fewer, or too many in all."""
        self.kept += size
        if self.kept > MOST_KEPT:
            raise DamagedError(f"its package metadata alone have more than {MOST_KEPT >> 30} GiB")
        start = self._end
        if size >= mmap.ALLOCATIONGRANULARITY:  # what may be mapped begins where a map may begin
            start += -start % mmap.ALLOCATIONGRANULARITY
        self._file.seek(start)
        left = size
        while left:
            piece = read(min(left, CHUNK))
            if not piece:
                raise DamagedError("it ends in the middle of a file")
            self._file.write(piece)
            left -= len(piece)
        self._end = start + size
        return Kept(start, size)

    def data(self, kept: Kept, limit: int = -1) -> bytes:
        """Return the bytes of a file, at most limit where that is not negative."""
        self._file.flush()
        return os.pread(self._file.fileno(), kept.size if limit < 0 else min(limit, kept.size), kept.offset)

    @contextlib.contextmanager
    def mapped(self, kept: Kept) -> Iterator[mmap.mmap]:
        """Map the bytes of a file into memory. Raises OSError for an empty one."""
        if not kept.size:
            raise OSError("an empty file cannot be mapped")
        self._file.flush()
        start = kept.offset - kept.offset % mmap.ALLOCATIONGRANULARITY
        if start != kept.offset:  # a small one, among others
            with mmap.mmap(-1, kept.size) as copy:
                copy[:] = self.data(kept)
                yield copy
            return
        with mmap.mmap(self._file.fileno(), kept.size, access=mmap.ACCESS_READ, offset=start) as data:
            yield data

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()
