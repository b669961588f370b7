"""What of a solution says which wheels are read for what their imports do: another process can be given it, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from podfit.index.files import IndexFile
from podfit.model import Project
from podfit.model.versions import same_version

OLD = timedelta(days=183)
"""What is so much older than something that it requires may ask for what that no longer has (assumed)."""


class Planned(msgspec.Struct, frozen=True, tag=True):
    """What a solution adds to a template, and what is there then; the keys are names of distributions.

    added are their names, files the wheels of those that have one, times when they were published (ISO 8601, empty for
    unknown), edges what each of the environment requires. versions are those of the whole environment, tested the names
    of those that are as in the local environment. needs are what the project asks for, held what never changes. modules
    are what the project's modules import as they are imported, dotted. tags are the platform's wheel tags, best first.
    """

    added: frozenset[str]
    files: dict[str, IndexFile]
    times: dict[str, str]
    edges: dict[str, frozenset[str]]
    versions: dict[str, str]
    tested: frozenset[str]
    needs: frozenset[str]
    held: frozenset[str]
    modules: tuple[str, ...]
    tags: tuple[str, ...]


def as_tested(versions: Mapping[str, str], tested: Mapping[str, str]) -> frozenset[str]:
    """Return the names of what has the local environment's version."""
    return frozenset(name for name in tested.keys() & versions.keys() if same_version(tested[name], versions[name]))


def modules_imported(project: Project) -> tuple[str, ...]:
    """Return the dotted modules that a project's modules import as they are imported, and names that may be some."""
    found: dict[str, None] = {}
    for site in project.imports:
        if site.certain:
            found[site.module] = None
            found.update((f"{site.module}.{name}", None) for name in site.names)
    return tuple(found)
