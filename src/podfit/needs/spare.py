"""What a project may run without although it imports it: what one part or one use of it wants."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Sequence

from podfit.model import Declaration, Grade, ImportSite
from podfit.needs.asked import Asked

_UNSURE = frozenset({Grade.BRANCH, Grade.FUNCTION, Grade.EXAMPLE, Grade.TEST, Grade.GUARDED})
"""Grades of imports that a run of the project need not come to."""


def dispensable(
    asked: Asked | None,
    sites: Sequence[ImportSite],
    importing: Collection[str],
    *,
    declaring: bool,
    several: bool,
) -> str:
    """Return why the project may run without a distribution that it imports; empty where it is sure to be needed.

    importing are the project's files that import something: what one of its notebooks alone wants is not needed for
    the others, nor what a folder with requirements of its own wants for what lies outside of it, nor, where the
    project's manifests are declaring what it needs, what they leave out and only files want that nothing runs. Where
    it has none and several folders ask for what they need, each of them is a project of its own.
    """
    if not sites:
        return ""
    files = {site.path for site in sites}
    scopes = {declaration.scope for declaration, _ in asked.parts if declaration.asks} if asked is not None else set()
    notebook = all(site.grade is Grade.NOTEBOOK for site in sites)
    if len(importing) > 1 and len(files) == 1 and notebook and scopes <= files:
        return f"{next(iter(files))} alone imports it, and no manifest declares it"
    if asked is not None and asked.parts and all(declaration.alone for declaration, _ in asked.parts):
        by_hand = f"pip install --no-deps {shlex.quote(asked.parts[0][0].requirement)}"
        return f"{asked.parts[0][0].where} installs it without what it requires: {by_hand}, after the rest"
    if in_manifest(asked) and not (several and asked is not None and asking(one for one, _ in asked.parts)):
        return ""
    for declaration, _ in asked.parts if asked is not None else ():
        if declaration.group and declaration.scope == declaration.group:
            return f"{declaration.where} declares it for the {declaration.group.replace(':', ' ')} alone"
    ran = {site.path for site in sites if not site.behind} or files
    if asked is not None and (folder := _own_folder(asked, ran, importing)):
        return f"{asked.parts[0][0].where} declares it for {folder}, and nothing else imports it"
    if in_manifest(asked):
        return ""
    if not unsure(sites):
        behind = next((site.behind for site in sites if site.grade not in _UNSURE), "")
        whole = all(site.behind or site.grade in _UNSURE for site in sites)
        return f"{behind}, and no manifest declares it" if behind and whole and declaring else ""
    surest = min(sites, key=lambda site: list(Grade).index(site.grade))
    return f"{surest} imports it {surest.grade.value}, and no manifest declares it"


def asking(declarations: Iterable[Declaration]) -> set[str]:
    """Return the folders below the root whose own files ask for what these declare."""
    asking = (one for one in declarations if one.asks and not one.constraint)
    return {one.scope for one in asking if one.scope and one.where.path.startswith(f"{one.scope}/")}


def _own_folder(asked: Asked, files: Collection[str], importing: Collection[str]) -> str:
    """Return the folder whose files alone declare a distribution and import it, empty if no others lie outside."""
    folders = {declaration.where.path.rpartition("/")[0] for declaration, _ in asked.parts}
    folder = folders.pop() if len(folders) == 1 else ""
    inside = [path for path in importing if path.startswith(f"{folder}/")] if folder else []
    return folder if set(files) <= set(inside) and len(inside) < len(importing) else ""


def in_manifest(asked: Asked | None) -> bool:
    """Tell whether something that speaks for the whole project asks for a distribution."""
    return asked is not None and any(declaration.asks for declaration, _ in asked.parts)


def unsure(sites: Iterable[ImportSite]) -> bool:
    """Tell whether none of these imports is sure to run."""
    return all(site.grade in _UNSURE for site in sites)
