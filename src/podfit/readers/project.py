"""A project directory as a whole: declarations, imports, and the environment it was tested in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from podfit.model import Call, Declaration, InputError, LocalEnvironment, Project, Reporter, SilentReporter, Where
from podfit.readers.plain_file import exists, is_dir

if TYPE_CHECKING:
    from podfit.readers.imports import ImportScan

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "pixi.lock", "conda-lock.yml")


@dataclass(frozen=True, slots=True)
class ProjectReading:
    """A project, and the calls in its code that imply needs beyond its imports.

    ignored maps the codes of checks that the project ignores to its reasons.
    """

    project: Project
    calls: tuple[Call, ...]
    ignored: Mapping[str, str] = field(default_factory=dict)


def read_project(
    root: Path,
    *,
    local: str | None = None,
    files: Sequence[Path] = (),
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    exclude: Sequence[str] = (),
    include_tests: bool = False,
    reporter: Reporter | None = None,
) -> ProjectReading:
    """Return the project in the directory root.

    local names the local environment as `podfit.readers.local.read_local` takes it; `none` means that there is none.
    Left out, it is the first that exists of: a freeze among the project's requirement files, a lock file beside
    them, the active environment. files, extras and groups go to `read_declared`; exclude and include_tests to
    `scan_imports`. Raises InputError when root is no directory, and for whatever these readers refuse.
    """
    from podfit.readers.declared import read_declared
    from podfit.readers.imports import scan_imports
    from podfit.readers.local import read_local
    from podfit.readers.members import find_members
    from podfit.readers.parts import notice, parts
    from podfit.readers.settings import read_settings
    from podfit.readers.submodules import missing_submodules

    reporter = reporter or SilentReporter()
    if not is_dir(root):
        what = "is a file, not a project directory" if exists(root) else "does not exist"
        raise InputError(
            f"the project {what}", where=Where(str(root)), remedy="name the directory that holds the project's code"
        )
    if root.resolve() == Path(root.resolve().anchor):
        message = "the project is the whole file system"
        raise InputError(message, where=Where(str(root)), remedy="name the directory that holds the project's code")
    reporter.step(f"reading {root}")
    declared = read_declared(root, files=files, extras=extras, groups=groups, lenient=True, reporter=reporter)
    scan = scan_imports(root, exclude=exclude, include_tests=include_tests, reporter=reporter)
    alone = not (declared.declarations or declared.freezes)
    beside, told = ((), ()) if files else _beside(root, scan, alone=alone)
    members = find_members(root, (*declared.declarations, *beside), () if files else scan.tree.subprojects)
    own = [] if files else parts(root, scan.tree, {member.path for member in members.members})
    of_parts = filter(None, (notice(root, own, alone=alone),))
    environment: LocalEnvironment | None = None
    unread: tuple[str, ...] = ()
    if local is None and (lists := _lists(root, declared.freezes)):
        environment, unread = _first_read(lists, reporter)
    elif local != "none":
        environment = read_local(local, reporter=reporter)
    return ProjectReading(
        Project(
            root=str(root),
            name=declared.name,
            imports=scan.imports,
            declarations=tuple(members.declarations),
            local=environment,
            own_modules=scan.own_modules | members.modules,
            requires_python=declared.requires_python or ("" if declared.declarations else scan.requires_python),
            index_urls=declared.index_urls,
            find_links=declared.find_links,
            notices=(*declared.notices, *told, *of_parts, *members.notices, *scan.notices, *unread),
            directory=root.resolve().name,
            checks=scan.checks,
            uses=scan.uses,
            members=tuple(members.members),
            questions=(*declared.questions, *members.questions),
            missing=missing_submodules(root),
        ),
        scan.calls,
        read_settings(root).ignore,
    )


def _beside(root: Path, scan: ImportScan, *, alone: bool) -> tuple[Sequence[Declaration], Sequence[str]]:
    """Return what scripts, notebooks and files beside the manifests declare, the nearest to the code first."""
    from podfit.readers.declared.aside import read_aside

    tree = scan.tree
    found, notices = read_aside(root, tree.requirements, tree.dockerfiles, (*tree.readmes, *tree.shells), alone=alone)
    return (*scan.declarations, *found), notices


def _lists(root: Path, freezes: Sequence[str]) -> list[str]:
    """Return the project's own lists of what is installed, the one to follow first."""
    found = [str(_under(root, path)) for path in freezes]
    return found + [str(root / name) for name in _LOCKS if (root / name).is_file()]


def _first_read(lists: Sequence[str], reporter: Reporter) -> tuple[LocalEnvironment | None, tuple[str, ...]]:
    """Return the first of these lists that can be read, and what is wrong with those before it.

    Nobody named them, so that a wrong one costs its versions and not the run.
    """
    from podfit.readers.local import read_local

    told: list[str] = []
    for path in lists:
        try:
            return read_local(path, programs=False, reporter=reporter), tuple(told)
        except InputError as error:
            told.append(f"no version is taken from a list of what is installed that cannot be read: {error}")
    return None, tuple(told)


def _under(root: Path, path: str) -> Path:
    """Return path as it is when it exists, else below root."""
    return Path(path) if exists(path) else root / path
