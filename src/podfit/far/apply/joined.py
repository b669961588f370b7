"""Packages that several distributions share, of which an overlay has a part and the template another.

NVIDIA's libraries lie in `nvidia/`, some of whose wheels bring an empty `__init__.py` and some none. Installed side by
side they are one package. In two places the one that has the file hides what the other place has, so what is missing
in the overlay's part is linked there. Only where every `__init__.py` of the two is without code: else each is
somebody's package, and hiding it is refused or meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..tree.distributions import Info
from ..tree.files import HERE
from ..tree.records import record, rows, rows_below
from . import files

_INIT = "__init__.py"


def join_packages(site: str, shown: Iterable[Info]) -> None:
    """Link into the package directory of an overlay what it lacks of packages that it shares with others.

    shown are the distributions of the template that the overlay does not replace.
    """
    tops = sorted(name for name in os.listdir(site) if name.isidentifier() and os.path.isdir(os.path.join(site, name)))
    starts = tuple(os.fsencode(f"{name}/") for name in tops)
    for entry in shown:
        paths = [os.path.normpath(row[0]).split(os.sep) for row in rows_below(record(HERE, entry.path), starts)]
        for top, below in sorted(_by_first(paths).items()):
            if top in tops:
                _join(os.path.join(site, top), os.path.join(entry.folder, top), below)


def _by_first(paths: Iterable[list[str]]) -> dict[str, list[list[str]]]:
    """Return by the first parts of paths what comes after them."""
    found: dict[str, list[list[str]]] = {}
    for first, *rest in paths:
        found.setdefault(first, []).append(rest)
    return found


def _join(mine: str, other: str, paths: list[list[str]]) -> None:
    """Link into one part of a package what it lacks of the paths of another, whose directory is other."""
    inits = [*_inits(mine), *_inits(other)]
    if not _are_blank(*inits):
        return
    for name, below in sorted(_by_first(path for path in paths if path).items()):
        goal, source = os.path.join(mine, name), os.path.join(other, name)
        if inits and not files.exists(goal) and files.exists(source):
            os.symlink(source, goal)
        elif all(os.path.isdir(path) and not os.path.islink(path) for path in (goal, source)):
            _join(goal, source, below)


def _inits(folder: str) -> list[str]:
    """Return the files of a directory that make it a package, whatever they are compiled to."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names if name.startswith("__init__.") and not name.endswith(".pyi")]


def is_blank(path: str) -> bool:
    """Tell whether a module is without code: empty, or comments alone."""
    with open(path, "rb") as file:
        text = file.read(1 << 16)
    return len(text) < 1 << 16 and all(line.lstrip()[:1] in (b"", b"#") for line in text.splitlines())


def is_joined(package: str, entry: Info) -> bool:
    """Tell whether what a distribution has of a package are the files that package, a directory, leads to.

    Of what is without code any file of the name does.
    """
    site, own = os.path.split(package)
    there = [row[0] for row in rows(record(HERE, entry.path)) if row[0].startswith(f"{own}/")]
    pairs = ((os.path.join(site, path), os.path.join(entry.folder, path)) for path in there)
    return bool(there) and all(
        os.path.realpath(mine) == os.path.realpath(other) or _are_blank(mine, other) for mine, other in pairs
    )


def _are_blank(*paths: str) -> bool:
    """Tell whether these are all what makes a directory a package, and without code."""
    return all(os.path.basename(path) == _INIT and os.path.isfile(path) and is_blank(path) for path in paths)
