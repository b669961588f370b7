"""`Pipfile.lock` of pipenv: JSON with `_meta`, and one object of packages per group."""

from __future__ import annotations

from typing import Any

import msgspec

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.positions import Lines, members

NAME = "Pipfile.lock"


class _Package(msgspec.Struct):
    """One package; version is written as `==1.2`."""

    version: str = ""
    markers: str = ""
    editable: bool = False
    path: str = ""
    file: str = ""
    git: str = ""
    ref: str = ""


def recognizes(document: Document) -> bool:
    """Tell whether the document is a JSON object with pipenv's `_meta` and at least one of its groups."""
    found = document.json
    return isinstance(found, dict) and "_meta" in found and ("default" in found or "develop" in found)


def read(document: Document) -> Listing:
    """Return the listing of all groups, with the Python that `_meta.requires` names."""
    builder, lines = Builder(document, NAME), Lines(document.text)
    places = dict(members(document.text))
    for group, table in document.json.items():
        if group == "_meta":
            continue
        if not isinstance(table, dict):
            message = f"{NAME}: {group[:40]!a} is not an object of packages"
            raise InputError(message, where=document.where(lines.at(places[group])))
        offsets = dict(members(document.text, places[group]))
        for name, entry in table.items():
            _add(builder, lines.at(offsets[name]), name, entry)
    return builder.listing(installed=False, python_version=_python(document.json["_meta"]))


def _add(builder: Builder, line: int, name: str, entry: Any) -> None:
    """Add one package."""
    try:
        package = msgspec.convert(entry, _Package)
    except msgspec.ValidationError as error:
        where = builder.document.where(line)
        raise InputError(f"{NAME}: {name[:40]!a} has the wrong shape: {error}", where=where) from None
    place = package.path or package.file
    url = f"git+{as_url(package.git)}@{package.ref}" if package.git else as_url(place) if place else ""
    version = "" if package.version == "*" else package.version.lstrip("=")
    builder.add(line, name, version, markers=[package.markers], direct_url=url, editable=package.editable)


def _python(meta: Any) -> str:
    """Return the Python version that the lock is for, empty when it names none."""
    requires = meta.get("requires") if isinstance(meta, dict) else None
    found = requires if isinstance(requires, dict) else {}
    version = found.get("python_full_version") or found.get("python_version")
    return version if isinstance(version, str) else ""


FORMAT = Format(NAME, recognizes, read)
