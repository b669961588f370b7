"""Requirement files that exclude each other are alternatives to choose from, not one set."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath

from packaging.requirements import Requirement

from podfit.catalogue.held import is_held
from podfit.model import Declaration, canonical

_PRIMARY = ("pyproject.toml", "setup.cfg", "setup.py")
_GPU = re.compile(r"gpu|cuda|cu1\d\d|nvidia", re.IGNORECASE)
_CUDA = re.compile(r"(?<![a-z])cu(?:da)?[-_]?(1\d\d?)(?!\d)", re.IGNORECASE)
_HARDWARE = re.compile(r"(?<![a-z])(?:cpu|gpu|cuda|cu1\d\d|nvidia|rocm|amd)(?:[\d._-]*\d)?(?![a-z])")
_BASE = frozenset(
    {"requirements", "required", "base", "common", "main", "core", "default", "runtime", "install", "prod", "all"}
)
_CONDA = (".yml", ".yaml")
"""So files of conda end. Each describes an environment by itself, and one of them is active at a time."""
_SHARED = 0.5
"""How much of the smaller of two conda files has to stand in the other for both to describe the same project."""
_ALONE = ("pixi.toml", "Pipfile")
"""Manifests that an installer of their own reads, and no other file beside them."""


def settle(declarations: Sequence[Declaration]) -> tuple[list[Declaration], list[str], list[str]]:
    """Return the declarations with files that exclude a better one moved to groups, notices, and the new groups.

    What pyproject.toml, setup.cfg and setup.py say comes before requirement files; of these the plainly named ones
    (requirements.txt, base.txt) come first, then those named after a GPU, of these the newest CUDA's. Lines with
    markers are not compared. Of conda's files that name mostly the same (environment.yml, environment_macos.yml) the
    first is followed. Where pip's files and a manifest of another installer give ranges for the same name, pip's is
    followed: both describe the project, each by itself, and nobody asked for both at once.
    """
    rank: dict[str, int] = {}
    lines: dict[str, dict[str, list[tuple[Declaration, Requirement]]]] = {}
    ranged: dict[str, set[str]] = {}
    for declaration in declarations:
        if declaration.group or declaration.constraint or declaration.scope:
            continue
        path = declaration.where.path
        requirement = Requirement(declaration.requirement)
        rank.setdefault(path, len(rank))
        if requirement.specifier:
            ranged.setdefault(path, set()).add(canonical(requirement.name))
        if requirement.marker is None:
            named = lines.setdefault(path, {})
            named.setdefault(canonical(requirement.name), []).append((declaration, requirement))
    chosen: list[str] = []
    aside: dict[str, str] = {}
    notices: list[str] = []
    for path in sorted(rank, key=lambda path: (*_order(path), rank[path])):
        found = next(filter(None, (_clash(lines.get(path, {}), lines.get(kept, {})) for kept in chosen)), None)
        twin = next((kept for kept in chosen if _hardware(path) and _hardware(path) == _hardware(kept)), "")
        same = next((kept for kept in chosen if _same_environment(path, kept, lines)), "")
        if path in _PRIMARY or (found is None and not twin and not same):
            chosen.append(path)
            continue
        if found is None and not twin:
            aside[path] = canonical(PurePosixPath(path).stem)
            notices.append(
                f"{path} and {same} each describe a whole environment, and name mostly the same: the files are "
                f"alternatives, and {same} is followed; choose with -r {path} or --group {aside[path]}"
            )
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
    twice = _described_twice(chosen, lines, ranged)
    for path in dict.fromkeys(one.where.path for one in twice):
        names = ", ".join(
            sorted({canonical(Requirement(one.requirement).name) for one in twice if one.where.path == path})
        )
        others = ", ".join(dict.fromkeys(other for one, other in twice.items() if one.where.path == path))
        notices.append(
            f"{path} and {others} each describe the project by itself: for {names} the range of {others} is followed; "
            f"choose with -r {path}"
        )
    settled = [
        replace(one, group=f"group:{aside[one.where.path]}", instead=True)
        if one.where.path in aside and not one.group and not one.constraint
        else replace(one, scope=one.where.path, asks=False)
        if one in twice
        else one
        for one in declarations
    ]
    return settled, notices, list(aside.values())


def _described_twice(
    chosen: Sequence[str],
    lines: Mapping[str, Mapping[str, Sequence[tuple[Declaration, Requirement]]]],
    ranged: Mapping[str, Collection[str]],
) -> dict[Declaration, str]:
    """Return the ranges of other installers' manifests for which a file of pip has its own, with that file.

    ranged are the names for which each file has a range, with a marker or without. A manifest that installs the project
    itself (`path = "."`) reads its files, too, and is no other description: of what a template holds (torch and its
    kin) it tells which one that environment had.
    """
    found: dict[Declaration, str] = {}
    others = [path for path in chosen if PurePosixPath(path).name not in _ALONE]
    for path in chosen:
        mine = lines.get(path, {})
        if path in others:
            continue
        inside = any((each.url or "").startswith("file:") for some in mine.values() for _, each in some)
        for name, some in mine.items():
            if inside and not is_held(name):
                continue
            told = [other for other in others if name in ranged.get(other, ())]
            found.update({one: told[0] for one, each in some if each.specifier and told})
    return found


def _same_environment(path: str, other: str, lines: Mapping[str, Mapping[str, object]]) -> bool:
    """Tell whether two files are conda's and at least half of the smaller one's names stand in the other."""
    if not (path.endswith(_CONDA) and other.endswith(_CONDA)):
        return False
    mine, theirs = lines.get(path, {}).keys(), lines.get(other, {}).keys()
    return bool(mine and theirs) and len(mine & theirs) >= _SHARED * min(len(mine), len(theirs))


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
    if not _GPU.search(pure.stem):
        return 3, 0
    series = _CUDA.search(pure.stem)  # the newest CUDA first: few templates are for an older one than the project's
    return 2, -int(series[1].ljust(3, "0")) if series else 0


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
