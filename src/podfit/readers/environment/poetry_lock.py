"""`poetry.lock`, and `pdm.lock`, whose packages look the same."""

from __future__ import annotations

from typing import Any

import msgspec

from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.lock_tables import packages

NAME = "poetry.lock"


class _Package(msgspec.Struct):
    """One `[[package]]`: poetry describes the origin in `source`, pdm in keys of the package itself."""

    name: str
    version: str = ""
    source: dict[str, Any] = {}
    develop: bool = False
    markers: str | dict[str, str] = ""
    marker: str = ""
    editable: bool = False
    path: str = ""
    url: str = ""
    git: str = ""
    revision: str = ""


def recognizes(document: Document) -> bool:
    """Tell whether there is poetry's or pdm's `[metadata]` with a content hash beside (or without) packages."""
    table = document.toml or {}
    metadata = table.get("metadata")
    return isinstance(metadata, dict) and ("content-hash" in metadata or "content_hash" in metadata)


def read(document: Document) -> Listing:
    """Return the listing; of several versions the one whose markers hold on this machine."""
    metadata = (document.toml or {})["metadata"]
    builder = Builder(document, NAME if "content-hash" in metadata else "pdm.lock")
    for line, package in packages(document, _Package, "package", builder.format):
        markers = package.markers.values() if isinstance(package.markers, dict) else [package.markers]
        url, editable = _origin(package)
        builder.add(
            line,
            package.name,
            package.version,
            markers=[*markers, package.marker],
            direct_url=url,
            editable=editable,
        )
    return builder.listing(installed=False)


def _origin(package: _Package) -> tuple[str, bool]:
    """Return URL and editability; poetry's `legacy` source is an index like any other."""
    source = package.source
    kind, url = source.get("type", ""), source.get("url", "")
    if isinstance(url, str) and url and kind in ("git", "directory", "file", "url"):
        revision = source.get("resolved_reference") or source.get("reference") or ""
        return (f"git+{as_url(url)}@{revision}" if kind == "git" else as_url(url)), package.develop
    if package.git:
        return f"git+{as_url(package.git)}@{package.revision}", package.editable
    place = package.path or package.url
    return (as_url(place) if place else ""), package.editable


FORMAT = Format(NAME, recognizes, read)
