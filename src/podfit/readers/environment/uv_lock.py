"""`uv.lock`: the versions for all platforms that a project may run on.

See https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; the format is uv's own, and versioned.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.lock_tables import packages

NAME = "uv.lock"
KNOWN = 1
"""The lock version that podfit reads; revisions of it are compatible."""


class _Package(msgspec.Struct):
    """One `[[package]]`; version is absent for a checkout whose version is computed."""

    name: str
    source: dict[str, Any]
    version: str = ""
    resolution_markers: tuple[str, ...] = msgspec.field(default=(), name="resolution-markers")


def recognizes(document: Document) -> bool:
    """Tell whether packages have uv's `source` tables and the file uv's `version` number."""
    table = document.toml or {}
    found = table.get("package")
    if not isinstance(found, list) or not isinstance(table.get("version"), int):
        return False
    return "requires-python" in table or document.name == NAME


def read(document: Document) -> Listing:
    """Return the listing; of several versions the one for this machine. The project itself counts if it is editable."""
    version = (document.toml or {})["version"]
    if version != KNOWN:
        raise InputError(f"{NAME}: version {version} is not the one podfit reads ({KNOWN})", where=document.where())
    builder = Builder(document, NAME)
    for line, package in packages(document, _Package, "package", NAME):
        if "virtual" in package.source:
            continue  # a project that is never installed
        url, editable = _origin(package.source)
        builder.add(
            line,
            package.name,
            package.version,
            markers=package.resolution_markers,
            direct_url=url,
            editable=editable,
        )
    return builder.listing(installed=False)


def _origin(source: dict[str, Any]) -> tuple[str, bool]:
    """Return URL and editability of a `source` table; the URL is empty for a registry."""
    for key in ("editable", "directory", "path", "url"):
        if isinstance(source.get(key), str):
            return as_url(source[key]), key == "editable"
    if isinstance(source.get("git"), str):
        return "git+" + as_url(source["git"]), False
    return "", False


FORMAT = Format(NAME, recognizes, read)
