"""The project's own distributions besides itself: workspace members, path dependencies, `-e ./x`.

They are found on disk and never on an index. What they declare (statically: nothing is run) the project needs; what
they provide is the project's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from podfit.catalogue.imports import modules_of
from podfit.model import (
    Declaration,
    Evidence,
    EvidenceKind,
    InputError,
    Member,
    OpenQuestion,
    Where,
    canonical,
)
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.own_name import name_of_directory
from podfit.readers.member_build import read_build
from podfit.readers.plain_file import is_dir, is_file

_ARCHIVES = (".whl", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".tar")
_NO_MODULES = frozenset({"tests", "test", "docs", "doc", "examples", "build", "dist", "scripts", "setup"})
DEEPEST = 8
"""Members of members that are followed."""


@dataclass
class Members:
    """The members, the declarations with theirs in place of the paths, and the top-level modules that they provide."""

    members: list[Member] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    questions: list[OpenQuestion] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def find_members(root: Path, declarations: Iterable[Declaration], subprojects: Iterable[str] = ()) -> Members:
    """Return the project's members; declarations are all that the project in root declares.

    subprojects are directories below root with a project file of their own: one that is declared by its name alone is
    meant, unless that is a well-known distribution's, too; of all others, whatever they are called, what they declare
    tells about what their code imports. A directory that is not there is an open question and asked of no index.
    """
    found = Members()
    subprojects = tuple(subprojects)
    there = {name: path for path, name in _named(root, subprojects) if not modules_of(name)}
    declarations = [_on_disk(root, declaration, there) for declaration in declarations]
    seen = {_real(root)}
    _follow(root, declarations, found, seen, 0)
    for path in subprojects:
        if _real(root / path) not in seen:
            found.declarations += _beside(root / path, path, found.notices)
    names = {member.name for member in found.members} | set(there)
    found.declarations = [one for one in found.declarations if not _names(one) & names]
    return found


def _follow(root: Path, declarations: Iterable[Declaration], found: Members, seen: set[str], depth: int) -> None:
    for declaration in declarations:
        directory, requirement = _directory(declaration)
        if directory is None or requirement is None:
            found.declarations.append(declaration)
            continue
        shown = _shown(directory, root)
        present = is_dir(directory)
        name = canonical(requirement.name)
        if name not in {one.name for one in found.members}:
            found.members.append(
                Member(
                    name,
                    shown,
                    declaration.where,
                    present,
                    declaration.requirement,
                    declaration.group,
                    declaration.asks,
                    declaration.editable,
                    read_build(directory, shown) if present else None,
                )
            )
        if not present:
            evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
            message = f"{declaration.where} declares it as the directory {shown}, which is not there"
            remedy = "check out the directory (a git submodule?), or correct the path; no index is asked for it"
            found.questions.append(OpenQuestion(requirement.name, message, (evidence,), remedy))
        elif _real(directory) not in seen and depth < DEEPEST:
            seen.add(_real(directory))
            found.modules |= _modules(directory)
            theirs = _declared(directory, shown, requirement, declaration, found)
            _follow(root, theirs, found, seen, depth + 1)


def _named(root: Path, subprojects: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield path and name of each subproject that says what it is called."""
    for path in subprojects:
        name, certain = name_of_directory(root / path)
        if name and certain:
            yield path, name


def _on_disk(root: Path, declaration: Declaration, there: Mapping[str, str]) -> Declaration:
    """Return a declaration of a subproject's name as one of its directory, every other one as it is."""
    if declaration.scope or declaration.constraint or not _names(declaration) & set(there):
        return declaration
    requirement = Requirement(declaration.requirement)
    if requirement.url:
        return declaration
    address = pep508.address_of(root / there[canonical(requirement.name)])
    text = pep508.direct(requirement.name, address, requirement.extras, str(requirement.marker or ""))
    return replace(declaration, requirement=text)


def _beside(directory: Path, shown: str, notices: list[str]) -> list[Declaration]:
    """Return what a subproject that nobody asks for declares, for what its code imports; its notices are added.

    What it needs at all comes before what its extras say of what is imported anyway.
    """
    from podfit.readers.declared import read_declared

    try:
        read = read_declared(directory, lenient=True)
    except InputError:
        return []
    notices += [f"in {shown}, {notice}" for notice in read.notices]
    return [
        replace(one, where=Where(str(Path(shown) / one.where.path), one.where.line), group="", scope=shown, asks=False)
        for one in sorted(read.declarations, key=lambda one: bool(one.group))
        if not one.group.startswith("group:") and not one.constraint and "file:" not in one.requirement
    ]


def _declared(
    directory: Path, shown: str, requirement: Requirement, declaration: Declaration, found: Members
) -> list[Declaration]:
    """Return what a member declares for the extras asked for, as if it stood where the member is asked for."""
    from podfit.readers.declared import read_declared

    try:
        read = read_declared(directory, lenient=True)
    except InputError as error:
        found.notices.append(f"{shown} is the project's own, and what it declares cannot be read: {error}")
        return []
    found.questions += [replace(one, subject=str(Path(shown) / one.subject)) for one in read.questions]
    extras = {f"extra:{canonical(extra)}" for extra in requirement.extras}
    theirs = []
    for one in read.declarations:
        if one.group and one.group not in extras:
            continue
        place = Where(str(Path(shown) / one.where.path), one.where.line)
        theirs.append(replace(one, where=place, group=declaration.group, scope=declaration.scope))
    found.notices.append(
        f"{declaration.where}: {requirement.name} is the project's own, in {shown}: its code goes with the project, "
        f"and {len(theirs)} of its requirements are planned"
    )
    return theirs


def _directory(declaration: Declaration) -> tuple[Path | None, Requirement | None]:
    """Return the directory that a declaration asks for, None for every other one."""
    if "file:" not in declaration.requirement:
        return None, None
    try:
        requirement = Requirement(declaration.requirement)
    except InvalidRequirement:
        return None, None
    parts = urlsplit(requirement.url or "")
    path = unquote(parts.path)
    if parts.scheme != "file" or path.endswith(_ARCHIVES) or declaration.constraint:
        return None, None
    return Path(path), requirement


def _modules(directory: Path) -> set[str]:
    """Return the top-level modules and packages in a member's directory, flat or under `src`."""
    names: set[str] = set()
    for base in (directory / "src", directory / "python", directory / "lib", directory):
        try:
            entries = sorted(base.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.suffix == ".py" and entry.stem not in _NO_MODULES:
                names.add(entry.stem)
            elif is_file(entry / "__init__.py") or (base != directory and is_dir(entry)):
                names.add(entry.name)
    return {name for name in names if name.isidentifier() and name not in _NO_MODULES}


def _names(declaration: Declaration) -> set[str]:
    try:
        return {canonical(Requirement(declaration.requirement).name)}
    except InvalidRequirement:
        return set()


def _shown(directory: Path, root: Path) -> str:
    inside = os.path.relpath(directory, root)
    return str(directory) if inside.startswith("../..") else Path(inside).as_posix()


def _real(path: Path) -> str:
    return os.path.realpath(path)
