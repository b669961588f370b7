"""podfit for programs: `podfit.fit(project, templates)` reads what is named by paths and names, and fits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union

from podfit.audit import AUDITS, Audit
from podfit.fit.options import Options
from podfit.fit.session import Fitted, Session
from podfit.model import InputError, Project, Reporter, SilentReporter, Template

if TYPE_CHECKING:
    from podfit.readers.project import ProjectReading

ProjectLike = Union[str, "os.PathLike[str]", Project, "ProjectReading"]
"""A project's directory, or what was read of one."""

TemplateLike = Union[str, "os.PathLike[str]", Template]
"""What `podfit.readers.template.read_template` takes (a catalogue's name, a file, an interpreter), or a template."""


def fit(
    project: ProjectLike,
    templates: TemplateLike | Iterable[TemplateLike],
    *,
    local: str | os.PathLike[str] | None = None,
    python: str | None = None,
    machine: str | None = None,
    glibc: str | None = None,
    options: Options | None = None,
    cache: str | os.PathLike[str] | None = None,
    offline: bool = False,
    refresh: bool = False,
    audits: Sequence[Audit] = AUDITS,
    reporter: Reporter | None = None,
) -> tuple[Fitted, ...]:
    """Return one result per template, in the order given: a plan, or the reason why there is none.

    A project that is given as a path is read: its requirements, imports, and local (a freeze, a lock file, an
    interpreter; "none": there is none; left out: whatever the project's directory has, else the active environment).
    python (`3.11`), machine (`x86_64`) and glibc (`2.35`) say what a template's file does not. cache is podfit's cache
    directory; offline asks nobody, refresh asks again for what was read minutes ago. audits judge each solution and
    may teach it bounds. Nothing is printed: reporter gets progress and warnings. Nothing is written outside the cache,
    and nothing of the project or of a package is run.

    Raises PodfitError for a bad call alone: something that is not there, cannot be read, or an index that cannot be
    reached. A template that nothing fits, and a plan that cannot work (`plan.feasible`), are results.
    """
    reporter = reporter or SilentReporter()
    options = options or Options()
    given = [templates] if isinstance(templates, (str, os.PathLike, Template)) else list(templates)
    if not given:
        raise InputError("no template is named", remedy="name one; `podfit templates` lists the catalogue's")
    read = read_templates(given, python=python, machine=machine, glibc=glibc, reporter=reporter)
    reading = _reading(project, local, options, reporter)
    session = Session(
        options,
        cache=Path(cache) if cache is not None else None,
        offline=offline,
        refresh=refresh,
        audits=audits,
        reporter=reporter,
    )
    return session.fit(reading, read)


def read_templates(
    given: Iterable[TemplateLike],
    *,
    python: str | None = None,
    machine: str | None = None,
    glibc: str | None = None,
    reporter: Reporter | None = None,
) -> tuple[Template, ...]:
    """Return the templates that are given or named, each under a name of its own; raises InputError otherwise."""
    from podfit.readers.template import read_template

    found: dict[str, Template] = {}
    for each in given:
        template = (
            each
            if isinstance(each, Template)
            else read_template(os.fspath(each), python=python, machine=machine, glibc=glibc, reporter=reporter)
        )
        if template.name in found:
            raise InputError(
                f"two templates are called {template.name}", remedy="rename one of the files: outputs carry the name"
            )
        found[template.name] = template
    return tuple(found.values())


def _reading(
    project: ProjectLike, local: str | os.PathLike[str] | None, options: Options, reporter: Reporter
) -> ProjectReading:
    """Return what was read of a project, or read it."""
    from podfit.readers.project import ProjectReading, read_project

    if isinstance(project, (str, os.PathLike)):
        return read_project(
            Path(project),
            local=None if local is None else os.fspath(local),
            extras=options.extras,
            groups=options.groups,
            reporter=reporter,
        )
    if local is not None:
        raise InputError("local is read with a project's directory", remedy="give the project as a path")
    return project if isinstance(project, ProjectReading) else ProjectReading(project, ())
