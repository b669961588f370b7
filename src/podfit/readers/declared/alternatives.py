"""Requirement files that exclude each other are alternatives to choose from, not one set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath

from packaging.requirements import Requirement

from podfit.model import Declaration, canonical

_PRIMARY = ("pyproject.toml", "setup.cfg", "setup.py")
_GPU = re.compile(r"gpu|cuda|cu1\d\d|nvidia", re.IGNORECASE)
_HARDWARE = re.compile(r"(?<![a-z])(?:cpu|gpu|cuda|cu1\d\d|nvidia|rocm|amd)(?:[\d._-]*\d)?(?![a-z])")
_BASE = frozenset(
    {"requirements", "required", "base", "common", "main", "core", "default", "runtime", "install", "prod", "all"}
)


def settle(declarations: Sequence[Declaration]) -> tuple[list[Declaration], list[str], list[str]]:
    """Return the declarations with files that exclude a better one moved to groups, notices, and the new groups.

    What pyproject.toml, setup.cfg and setup.py say comes before requirement files; of these the plainly named ones
    (requirements.txt, base.txt) come first, then those named after a GPU. Lines with markers are not compared.
    """
    rank: dict[str, int] = {}
    lines: dict[str, dict[str, list[tuple[Declaration, Requirement]]]] = {}
    for declaration in declarations:
        if declaration.group or declaration.constraint or declaration.scope:
            continue
        path = declaration.where.path
        requirement = Requirement(declaration.requirement)
        rank.setdefault(path, len(rank))
        if requirement.marker is None:
            named = lines.setdefault(path, {})
            named.setdefault(canonical(requirement.name), []).append((declaration, requirement))
    chosen: list[str] = []
    aside: dict[str, str] = {}
    notices: list[str] = []
    for path in sorted(rank, key=lambda path: (*_order(path), rank[path])):
        found = next(filter(None, (_clash(lines.get(path, {}), lines.get(kept, {})) for kept in chosen)), None)
        twin = next((kept for kept in chosen if _hardware(path) and _hardware(path) == _hardware(kept)), "")
        if path in _PRIMARY or (found is None and not twin):
            chosen.append(path)
            continue
        if found is None:
            aside[path] = canonical(PurePosixPath(path).stem)
            notices.append(
                f"{path} and {twin} are for different hardware, by their names: the files are alternatives, and {twin} "
                f"is followed; choose with -r {path} or --group {aside[path]}"
            )
            continue
        mine, theirs = found
        group = canonical(PurePosixPath(path).stem)
        aside[path] = group
        notices.append(
            f"{mine.where} ({mine.requirement}) and {theirs.where} ({theirs.requirement}) exclude each other: the "
            f"files are alternatives, and {theirs.where.path} is followed; choose with -r {path} or --group {group}"
        )
    settled = [
        replace(one, group=f"group:{aside[one.where.path]}")
        if one.where.path in aside and not one.group and not one.constraint
        else one
        for one in declarations
    ]
    return settled, notices, list(aside.values())


def _hardware(path: str) -> str:
    """Return a file's name without the word in it that tells for what hardware it is, empty where none does."""
    pure = PurePosixPath(path)
    name, count = _HARDWARE.subn("*", pure.stem.lower())
    return f"{pure.parent}/{name}{pure.suffix}" if count else ""


def is_base(path: PurePath) -> bool:
    """Tell whether a requirement file's name says that it is needed whatever else is chosen."""
    return path.stem.lower() in _BASE


def _order(path: str) -> tuple[int, int]:
    """Return how well a file's name says that it is the one to follow."""
    if path in _PRIMARY:
        return 0, _PRIMARY.index(path)
    pure = PurePosixPath(path)
    if is_base(pure):
        return 1, len(pure.parts)
    return (2, 0) if _GPU.search(pure.stem) else (3, 0)


def _clash(
    mine: dict[str, list[tuple[Declaration, Requirement]]], theirs: dict[str, list[tuple[Declaration, Requirement]]]
) -> tuple[Declaration, Declaration] | None:
    """Return the first two lines that exclude each other, None when the files agree."""
    for name, lines in mine.items():
        for declaration, requirement in lines:
            for other, there in theirs.get(name, ()):
                if requirement.specifier.is_unsatisfiable() or there.specifier.is_unsatisfiable():
                    continue  # no version meets that line, whatever the other file says
                if (requirement.specifier & there.specifier).is_unsatisfiable():
                    return declaration, other
    return None
