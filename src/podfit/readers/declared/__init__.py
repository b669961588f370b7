"""The requirements that a project directory declares, in whatever format, as declarations of the model.

Formats: pyproject.toml (PEP 621, PEP 735, setuptools, Hatch, Poetry, PDM, uv), pip's requirement files, setup.cfg,
literals of setup.py, conda environment files. Lock files are local environments and not read here.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podfit.model import (
    Declaration,
    Evidence,
    EvidenceKind,
    InputError,
    OpenQuestion,
    Reporter,
    SilentReporter,
    Where,
    canonical,
)
from podfit.model.words import did_you_mean
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.alternatives import is_base, settle
from podfit.readers.declared.discover import discover, group_of, is_misspelt, is_requirements, read_source
from podfit.readers.declared.freeze import freeze_reason, pins_of
from podfit.readers.declared.interface import OwnExtras, Reading, Source, relative
from podfit.readers.plain_file import exists, is_dir

__all__ = ["Declared", "read_declared"]


@dataclass(frozen=True)
class Declared:
    """Everything that a project declares.

    declarations are all of them, whatever their group: selecting is the caller's. In `extra:NAME` and `group:NAME`
    the name is normalized (PEP 503, as PEP 685 and PEP 735 want it). requires_python is a PEP 440 specifier, empty
    when nothing limits Python. name is the project's normalized name, empty when it says none. index_urls are the
    addresses of extra package indexes, `${VARIABLES}` filled in, so they may hold credentials. files are what was
    read, relative to the root as evidence prints them. freezes are the paths, to be opened as they stand, of files
    that list an environment and so were not taken as declarations; what is always needed comes first. notices are
    sentences. questions are the lines and files that a lenient reading could not read, each with its place.
    """

    declarations: tuple[Declaration, ...]
    requires_python: str
    name: str
    index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    notices: tuple[str, ...]
    files: tuple[str, ...]
    freezes: tuple[str, ...]
    questions: tuple[OpenQuestion, ...] = ()


def read_declared(
    root: Path,
    *,
    files: Sequence[Path] = (),
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    lenient: bool = False,
    reporter: Reporter | None = None,
) -> Declared:
    """Return what the project in the directory root declares.

    With files only these are read (relative to the working directory, else to root) and nothing is guessed from
    their looks: their requirements are always needed, whatever the file is called, and a freeze counts as declared.
    extras and groups are names that must exist. The project's own name among its requirements (`moola[test]`,
    `-e .[test]`) stands for those extras and is replaced by what they hold.

    Raises InputError: no such directory or file, a syntax error, an invalid requirement, an unknown extra or group.
    With lenient, what is wrong inside a file that was not named here is a question, and the rest is read.
    A directory that declares nothing is fine.
    """
    reporter = reporter or SilentReporter()
    root = Path(root)
    if not is_dir(root):
        wrong = "is a file, not a project directory" if exists(root) else "there is no such directory"
        raise InputError(wrong, where=Where(str(root)), remedy="name the project's directory")
    reading = Reading(lenient=lenient and not files)
    sources = (
        [Source(root, _named(root, Path(path)), named=True) for path in files] if files else _discovered(root, reading)
    )
    chosen: str | None = None
    for source in sources:
        if not files and is_requirements(source.path) and chosen is None:
            chosen = _named_by_manifests(reading)
        if not files and is_requirements(source.path):
            reason = ""
            with reading.tolerant():  # what cannot be read is told where it is read
                reason = pins_of(source.text, reading.declarations)
            if reason:
                reading.freeze(source, reason)
                continue
        if not files and _is_optional(source, reading):
            source = replace(source, group=f"group:{canonical(source.path.stem)}")
            reading.note_group(canonical(source.path.stem))
        reporter.step(f"reading {source.shown}")
        known = set(reading.declarations)
        with reading.tolerant():
            read_source(source, reading)
        if chosen and not source.group and is_requirements(source.path):
            _only_told(reading, source, known, chosen)
    settled: list[Declaration] = list(reading.declarations)
    if not files:
        settled, notices, alternatives = settle(settled)
        for notice in notices:
            reading.notice(notice)
        for name in alternatives:
            reading.note_group(name)
        reading.declarations = dict.fromkeys(settled)
    _check(root, "extra", extras, reading.extras)
    _check(root, "group", groups, reading.groups)
    declarations = tuple(_with_own_extras(root, reading))
    return Declared(
        declarations=declarations,
        requires_python=reading.requires_python,
        name=reading.name,
        index_urls=tuple(reading.index_urls),
        find_links=tuple(reading.find_links),
        notices=tuple(reading.notices),
        files=tuple(dict.fromkeys(reading.files)),
        freezes=tuple(str(path) for path in sorted(reading.freezes, key=lambda path: bool(group_of(path)))),
        questions=tuple(dict.fromkeys(_unread(error, root) for error in reading.faults)),
    )


def _unread(error: InputError, root: Path) -> OpenQuestion:
    """Return the question that a line or a file raises which cannot be read."""
    place = error.where or Where(str(root))
    shown = Where(relative(Path(place.path), root), place.line)
    evidence = Evidence(EvidenceKind.METADATA, str(shown), error.message)
    remedy = error.remedy or "correct that line"
    return OpenQuestion(str(shown), f"left out, for it cannot be read: {error.message}", (evidence,), remedy)


def _named(root: Path, path: Path) -> Path:
    """Return path, or where it lies below root when it is not there as it stands."""
    return root / path if not exists(path) and exists(root / path) else path


def _discovered(root: Path, reading: Reading) -> list[Source]:
    """Return the directory's sources; freezes among them are noted in reading instead."""
    kept = []
    for source in discover(root):
        reason = ""
        with reading.tolerant():
            reason = freeze_reason(source.text, source.path, source.data) if is_requirements(source.path) else ""
        if reason:
            reading.freeze(source, reason)
            continue
        if is_misspelt(source.path):
            reading.notice(f"{source.shown} is taken for requirements.txt with a slip of the pen; rename it")
        if source.group:
            reading.note_group(source.group.partition(":")[2])
        kept.append(source)
    reading.base_files = frozenset(Path(os.path.abspath(source.path)) for source in kept if not source.group)  # noqa: PTH100
    return kept


def _is_optional(source: Source, reading: Reading) -> bool:
    """Tell whether a file of requirements/ is one set to choose from, because the project declares its needs elsewhere.

    A file that a manifest names (`dynamic`, `-r`) has been read with it by then.
    """
    if source.group or source.path.parent == source.root or source.shown in reading.files or is_base(source.path):
        return False
    there = any(not one.group and not one.constraint for one in reading.declarations)
    if there:
        group = canonical(source.path.stem)
        reading.notice(f"{source.shown} is a set to choose, not needed for all: --group {group}")
    return there


def _named_by_manifests(reading: Reading) -> str:
    """Return the requirement file that a manifest takes what it needs from, empty where there is none.

    Asked before any requirement file is read for itself.
    """
    needed = [one.where.path for one in reading.declarations if not one.group and not one.constraint]
    return next((path for path in needed if is_requirements(Path(path))), "")


def _only_told(reading: Reading, source: Source, known: Collection[Declaration], chosen: str) -> None:
    """Have a file tell about what the code imports, no more, where the manifests take what they need from another."""
    new = {one for one in reading.declarations if one not in known and not one.group and not one.constraint}
    kept = [replace(one, scope=source.shown, asks=False) if one in new else one for one in reading.declarations]
    reading.declarations = dict.fromkeys(kept)
    if new:
        reading.notice(
            f"{source.shown} is read for what the code imports, no more: the project asks for what {chosen} lists; "
            f"-r {source.shown} takes all of it"
        )


def _check(root: Path, kind: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise InputError for a wanted extra or group that is not known, with the nearest names."""
    for name in wanted:
        if canonical(name) in known:
            continue
        there = f"it has {', '.join(sorted(known))}" if known else "it has none"
        remedy = did_you_mean(canonical(name), known) or there
        raise InputError(f"the project has no {kind} {name!r}", where=Where(str(root)), remedy=remedy)


def _with_own_extras(root: Path, reading: Reading) -> list[Declaration]:
    """Return the declarations, the project's requirements of itself replaced by the extras they ask for."""
    own: list[OwnExtras] = list(reading.own_extras)
    kept: dict[Declaration, None] = {}
    for declaration in reading.declarations:
        extras = _extras_of_self(declaration, reading.name)
        if extras is None:
            kept[declaration] = None
        elif not declaration.constraint:
            own.append(OwnExtras(extras, declaration.group))
    by_group: dict[str, list[Declaration]] = {}
    for declaration in kept:
        by_group.setdefault(declaration.group, []).append(declaration)
    asked: dict[str, set[str]] = {}
    for each in own:
        asked.setdefault(each.group, set()).update(f"extra:{canonical(extra)}" for extra in each.extras)
    for extra in sorted(set().union(*asked.values()) - {f"extra:{name}" for name in reading.extras}):
        reading.notice(f"the project asks for its own {extra.replace(':', ' ')}, which podfit does not find declared")
    work = 0
    for group, wanted in asked.items():
        reached: set[str] = set()
        queue = list(wanted)
        while queue:  # an extra may ask for further extras
            extra = queue.pop()
            if extra not in reached:
                reached.add(extra)
                queue += asked.get(extra, ())
                work += 1 + len(by_group.get(extra, ()))
                if work > _MOST_OWN_EXTRAS:
                    message = f"its extras ask for each other and stand for more than {_MOST_OWN_EXTRAS} requirements"
                    raise InputError(message, where=Where(str(root)), remedy="name less in them")
        for extra in sorted(reached - {group}):
            for declaration in by_group.get(extra, ()):
                kept.setdefault(replace(declaration, group=group))
    return list(kept)


_MOST_OWN_EXTRAS = 200_000
"""Extras that a project asks itself for and what they hold, counted for each extra and group that asks for them."""


def _extras_of_self(declaration: Declaration, name: str) -> tuple[str, ...] | None:
    """Return the extras asked for when declaration names the project itself, else None."""
    if not name or not declaration.requirement.lower().startswith(name[:1]):
        return None
    parsed = pep508.parse(declaration.requirement)
    return tuple(sorted(parsed.extras)) if canonical(parsed.name) == name else None
