"""Folders of a project that are projects of their own: with requirements of theirs, and with code."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from podfit.model.words import shortened
from podfit.readers.declared.discover import group_of
from podfit.readers.imports.files import Tree

SHOWN = 5
"""How many folders a notice spells out."""


def parts(root: Path, tree: Tree, members: Collection[str]) -> list[str]:
    """Return the folders below root that say what they need themselves, hold code and are no part of a package.

    members are the directories that the project declares as parts of itself: these are planned with it. Of folders
    within each other the outer one is told.
    """
    files = [path for path in tree.requirements if not group_of(root / path)]
    folders = {path.rpartition("/")[0] for path in files} | set(tree.subprojects)
    ran = tree.code | {path.rpartition("/")[0] for path in tree.notebooks}
    found: list[str] = []
    for folder in sorted(folders - set(members)):
        inside = any(each in tree.packages for each in _upwards(folder))
        within = any(folder.startswith(f"{each}/") for each in (*found, *members))
        if not inside and not within and any(one == folder or one.startswith(f"{folder}/") for one in ran):
            found.append(folder)
    return found


def notice(root: Path, found: Collection[str], *, alone: bool) -> str:
    """Return what to say of the parts of a project, empty where there is nothing to choose.

    alone tells that the root itself declares nothing, so that they are planned together.
    """
    if len(found) < (2 if alone else 1):
        return ""
    kind = "is a project of its own" if len(found) == 1 else "are projects of their own"
    how = (
        "they are planned as one set here"
        if alone
        else "of what is declared there, only what the code imports is planned"
    )
    first = root / min(found, key=lambda folder: (folder.count("/"), folder))
    return f"{shortened(list(found), SHOWN)} {kind}; {how}; one by itself: podfit fit {first}"


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
