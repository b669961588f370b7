"""The tree of files that is looked at."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator

_LINKS = 40
"""How many links one path may lead through (as Linux, path_resolution(7))."""


class Tree:
    """A file system: this machine's, or one that lies unpacked below a directory (root), such as an image's.

    Paths are absolute and mean places inside the tree; links are followed inside it, absolute ones too. Nothing is
    written. What is not there is None, empty or False; OSError is raised for what cannot be read.
    """

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")

    def outside(self, path: str) -> str:
        """Return where the file of this path lies on this machine, all links resolved inside the tree."""
        if not self._root:
            return path
        done, rest, followed = "", [part for part in path.split("/") if part and part != "."], 0
        while rest:
            part = rest.pop(0)
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            try:
                target = os.readlink(f"{self._root}{done}/{part}")
            except OSError:
                done = f"{done}/{part}"
                continue
            followed += 1
            if followed > _LINKS:
                raise OSError(f"{path}: too many links")
            done = "" if target.startswith("/") else done
            rest = [piece for piece in target.split("/") if piece and piece != "."] + rest
        return self._root + done

    def real(self, path: str) -> str:
        """Return the path inside the tree that this one leads to."""
        return self.outside(path)[len(self._root) :] or "/" if self._root else os.path.realpath(path)

    def data(self, path: str, limit: int = -1) -> bytes | None:
        """Return the bytes of a file, at most limit; None when there is none."""
        try:
            with open(self.outside(path), "rb") as file:
                return file.read(limit)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def text(self, path: str, limit: int = -1) -> str | None:
        """Return the text of a file (UTF-8, wrong bytes replaced), at most limit bytes; None when there is none."""
        data = self.data(path, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def names(self, path: str) -> list[str]:
        """Return what is in a directory, sorted; nothing for what is none or cannot be read."""
        try:
            return sorted(os.listdir(self.outside(path)))
        except OSError:
            return []

    def is_file(self, path: str) -> bool:
        """Tell whether there is a regular file."""
        return os.path.isfile(self.outside(path))

    def is_dir(self, path: str) -> bool:
        """Tell whether there is a directory."""
        return os.path.isdir(self.outside(path))

    def has_bytes(self, path: str) -> bool:
        """Tell whether there is a regular file that can be read: of an image, only what is asked for is kept."""
        return self.is_file(path)

    @contextlib.contextmanager
    def mapped(self, path: str) -> Iterator[mmap.mmap]:
        """Map a file's bytes into memory: the libraries of torch are up to a gigabyte."""
        with open(self.outside(path), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


HERE = Tree()
"""This machine's files."""
