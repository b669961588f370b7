"""Whose files the new ones would replace or hide: those of a distribution that stays are never touched.

A file with the same content is no harm: the packages of one vendor share their empty `__init__.py`.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..tree.distributions import Info
from . import files, places, records
from .joined import is_joined
from .talk import RefusedError

_MODULE_ENDS = (".py", ".pyc", ".so", ".pyd")
_BYTECODE = (".pyc", ".pyo")


def refuse_overwriting(
    moves: Iterable[tuple[str, str]], folders: Iterable[str], replaced: Iterable[str], going: Iterable[str], own: str
) -> None:
    """Raise RefusedError when a move would write over a file that nobody replaces.

    moves are pairs of a staged file or tree and its final place; folders are the package directories of the
    environment; replaced are the normalized names of the distributions that go or are installed anew, going the files
    of theirs that go. A file of a distribution that stays is refused, one that somebody wrote by hand or that makes the
    environment (`pyvenv.cfg`, its `activate`), and all below own, podfit's directory.
    """
    owners: dict[str, str] = {}
    free = set(going)
    for folder in folders:
        for name, entry in places.distributions(folder).items():
            if name not in set(replaced):
                for row in records.read_record(entry.path) or []:
                    owners.setdefault(os.path.normpath(os.path.join(folder, row[0])), f"{name} {entry.version}")
            else:
                free |= records.script_names(entry.path)
    for staged, final in moves:
        for path in files.walk(staged):
            goal = os.path.normpath(os.path.join(final, path[len(staged) :].lstrip(os.sep)))
            if goal == own or goal.startswith(own + os.sep):
                raise RefusedError(f"a package of the plan brings {goal}, which is podfit's", "plan without it")
            if os.path.isdir(path) or not files.exists(goal) or os.path.isdir(goal) or _same(path, goal):
                continue
            if goal in owners:
                raise RefusedError(
                    f"{goal} belongs to {owners[goal]}, and a package of the plan would overwrite it",
                    "use an overlay (the default), or plan without one of the two",
                )
            real = os.path.join(os.path.realpath(os.path.dirname(goal)), os.path.basename(goal))
            if real not in free and os.path.basename(goal) not in free and not goal.endswith(_BYTECODE):
                raise RefusedError(
                    f"{goal} belongs to nothing that is replaced, and a package of the plan would overwrite it",
                    "move it away if it is yours, or use an overlay (the default)",
                )


def refuse_changed(before: Mapping[str, list[Any]], folder: str) -> None:
    """Raise RefusedError when a package wrote over what makes the environment in folder: before is how that was."""
    for path, entry in before.items():
        if entry[0] != "d" and (not files.exists(path) or files.describe(path) != entry):
            raise RefusedError(
                f"a package of the plan brings {os.path.relpath(path, folder)} in place of the environment's own",
                "plan without it: `podfit fit` again after removing what requires it",
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
                if is_joined(os.path.join(site, own), entry):
                    continue
                raise RefusedError(
                    f"a package of the plan brings {own}, which would hide {top} of the held {name} {entry.version}",
                    "plan without it: `podfit fit` again after removing what requires it",
                )


def starting(folder: str, names: Iterable[str]) -> list[str]:
    """Return what of the distributions of these names, in a package directory, every Python runs when it starts.

    That is: lines of a .pth file that import, `sitecustomize` and `usercustomize` (docs.python.org, "site").
    """
    wanted, found = set(names), []
    owners = {
        os.path.normpath(row[0]): f"{name} {entry.version}"
        for name, entry in places.distributions(folder).items()
        for row in records.read_record(entry.path) or ()
        if name in wanted
    }
    for top in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        name, path = top, os.path.join(folder, top)
        if top.endswith(".pth"):
            with open(path, "rb") as file:
                if not any(line.startswith((b"import ", b"import\t")) for line in file.read(1 << 20).splitlines()):
                    continue
        elif _module(top) not in ("sitecustomize", "usercustomize"):
            continue
        elif os.path.isdir(path):
            name = os.path.join(top, "__init__.py")
        if name in owners:
            found.append(f"{name} of {owners[name]}")
    return found


def _modules(names: Iterable[str], site: str) -> dict[str, list[str]]:
    """Return the entries of site that a module is imported from, by its name; namespace packages hide nothing."""
    found: dict[str, list[str]] = {}
    for name in names:
        path = os.path.join(site, name)
        if os.path.isdir(path):
            if any(part.startswith("__init__.") and part.endswith(_MODULE_ENDS) for part in os.listdir(path)):
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
