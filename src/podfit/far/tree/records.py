"""RECORD: which files an installed distribution has."""

from __future__ import annotations

import csv
import io
import os

from .files import Tree

_MOST_NAMES = 10_000
"""So many names at the top of site-packages are not one distribution's: a RECORD with more of them tells none."""


def record(tree: Tree, info: str) -> bytes | None:
    """Return the bytes of the RECORD in a .dist-info directory, None when there is none."""
    return tree.data(os.path.join(info, "RECORD"))


def rows(data: bytes | None) -> list[list[str]]:
    """Return the rows of a RECORD: path, hash, size; the last two may be empty or missing."""
    text = io.StringIO((data or b"").decode("utf-8", "surrogateescape"), newline="")
    return [row for row in csv.reader(text) if row and row[0]]


def rows_below(data: bytes | None, folders: tuple[bytes, ...]) -> list[list[str]]:
    """Return the rows of a RECORD whose paths begin with one of some folders, each with its slash."""
    lines = (data or b"").splitlines()
    return rows(b"\n".join(line for line in lines if line.lstrip(b'"').startswith(folders)))


def import_names(
    top_level: str | None, data: bytes | None, endings: tuple[str, ...] = (".py", ".so", ".pyi")
) -> list[str]:
    """Return top-level import names: those that top_level.txt declares, else those of the files in a RECORD.

    endings are those of the files that make a directory a package.
    """
    if top_level and top_level.strip():
        return sorted({name for name in top_level.split() if name.isidentifier()})
    names: set[str] = set()
    folders: set[str] = set()
    for line in io.StringIO((data or b"").decode("utf-8", "replace")):
        if len(names) + len(folders) > _MOST_NAMES:
            return []
        path = line.partition(",")[0].strip('"\r\n')
        first, slash, rest = path.partition("/")
        if slash:
            if first not in names and rest.endswith(endings):
                folders.add(first)
        elif first.endswith((".py", ".so")):
            names.add(first.partition(".")[0])
    names |= folders
    return sorted(name for name in names if name.isidentifier() and not name.startswith("__editable__"))
