"""Whose files the new ones would replace or hide: those of a distribution that stays are never touched.

A file with the same content is no harm: the packages of one vendor share their empty `__init__.py`.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable, Mapping

from ..tree.distributions import Info
from . import files, places, records
from .talk import RefusedError

_MODULE_ENDS = (".py", ".pyc", ".so", ".pyd")


def refuse_overwriting(moves: Iterable[tuple[str, str]], folders: Iterable[str], replaced: Iterable[str]) -> None:
    """Raise RefusedError when a move would write over a file of a distribution that stays.

    moves are pairs of a staged file or tree and its final place; folders are the package directories of the
    environment; replaced are the normalized names of the distributions that go or are installed anew.
    """
    owners: dict[str, str] = {}
    for folder in folders:
        for name, entry in places.distributions(folder).items():
            if name not in set(replaced):
                for row in records.read_record(entry.path) or []:
                    owners.setdefault(os.path.normpath(os.path.join(folder, row[0])), f"{name} {entry.version}")
    for staged, final in moves:
        for path in files.walk(staged):
            goal = os.path.normpath(os.path.join(final, path[len(staged) :].lstrip(os.sep)))
            if goal in owners and not os.path.isdir(path) and files.exists(goal) and not _same(path, goal):
                raise RefusedError(
                    f"{goal} belongs to {owners[goal]}, and a package of the plan would overwrite it",
                    "use an overlay (the default), or plan without one of the two",
                )


def refuse_hiding(site: str, held: Mapping[str, Info]) -> None:
    """Raise RefusedError when the packages in site, which comes first on sys.path, hide a module of a held one."""
    there = _modules(os.listdir(site), site)
    for name, entry in held.items():
        rows = [os.path.normpath(row[0]) for row in records.read_record(entry.path) or []]
        for top in sorted({row.split(os.sep)[0] for row in rows if ".dist-info" not in row}):
            module = _module(top)
            for own in there.get(module, ()):
                file = os.path.join(own, "__init__.py") if os.path.isdir(os.path.join(site, own)) else own
                if file in rows and _same(os.path.join(site, file), os.path.join(entry.folder, file)):
                    continue
                raise RefusedError(
                    f"a package of the plan brings {own}, which would hide {top} of the held {name} {entry.version}",
                    "plan without it: `podfit fit` again after removing what requires it",
                )


def _modules(names: Iterable[str], site: str) -> dict[str, list[str]]:
    """Return the entries of site that a module is imported from, by its name; namespace packages hide nothing."""
    found: dict[str, list[str]] = {}
    for name in names:
        path = os.path.join(site, name)
        if os.path.isdir(path):
            if os.path.isfile(os.path.join(path, "__init__.py")):
                found.setdefault(name, []).append(name)
        elif name.endswith(_MODULE_ENDS):
            found.setdefault(_module(name), []).append(name)
    return found


def _module(entry: str) -> str:
    """Return the module that an entry of a package directory is imported as."""
    return entry.split(".")[0]


def _same(one: str, other: str) -> bool:
    """Tell whether two files have the same content."""
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
