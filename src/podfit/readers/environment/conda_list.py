"""`conda list --export`, `conda list --json` and the `conda list` table of an installed conda environment."""

from __future__ import annotations

import re

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.conda_packages import CondaPackages
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.pip_list_json import text_of
from podfit.readers.environment.positions import Lines, elements

NAME = "conda list"

_EXPORT = re.compile(r"([A-Za-z0-9_][\w.-]*)=([^=\s]+)=([^=\s]+)")
_HEADER = re.compile(r"^# packages in environment at |^# This file may be used to create an environment using:", re.M)


def recognizes(document: Document) -> bool:
    """Tell whether conda's own header comments are there, or its JSON with `channel` keys."""
    found = document.json
    if isinstance(found, list):
        return bool(found) and isinstance(found[0], dict) and "channel" in found[0]
    if found is not None:
        return False
    said = [line for line in document.lines[:50] if line.strip() and not line.startswith("#")]
    return bool(_HEADER.search(document.text)) or bool(said and all(_EXPORT.fullmatch(line.strip()) for line in said))


def read(document: Document) -> Listing:
    """Return the Python distributions of the list, by PyPI's names; the other packages are named in a notice."""
    builder = Builder(document, NAME)
    packages = CondaPackages(builder)
    for line, name, version, build in _rows(builder):
        packages.add(line, name, version, build, installer="pip" if build.startswith("pypi") else "conda")
    return packages.listing()


def _rows(builder: Builder) -> list[tuple[int, str, str, str]]:
    """Return line, name, version and build of each package."""
    document = builder.document
    if document.json is not None:
        lines, rows = Lines(document.text), []
        for entry, offset in zip(document.json, elements(document.text), strict=True):
            line = lines.at(offset)
            name = text_of(builder, line, entry, "name", required=True)
            version = text_of(builder, line, entry, "version", required=True)
            rows.append((line, name, version, text_of(builder, line, entry, "build_string")))
        return rows
    rows = []
    for number, text in enumerate(document.lines, 1):
        if not text.strip() or text.startswith(("#", "@")):
            continue
        export = _EXPORT.fullmatch(text.strip())
        cells = list(export.groups()) if export else text.split()
        if len(cells) not in (3, 4):
            message = f"{text.strip()[:60]!a} is no line of `conda list`: a name, a version and a build were expected"
            raise InputError(message, where=document.where(number))
        rows.append((number, cells[0], cells[1], cells[2]))
    return rows


FORMAT = Format(NAME, recognizes, read)
