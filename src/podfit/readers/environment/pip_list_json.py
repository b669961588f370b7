"""`pip list --format json` and `uv pip list --format json`: an array of name and version."""

from __future__ import annotations

from typing import Any

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.positions import Lines, elements

NAME = "pip list --format json"


def recognizes(document: Document) -> bool:
    """Tell whether the document is a JSON array, empty or of objects, that conda did not write."""
    found = document.json
    return isinstance(found, list) and (not found or (isinstance(found[0], dict) and "channel" not in found[0]))


def text_of(builder: Builder, line: int, entry: Any, key: str, *, required: bool = False) -> str:
    """Return the string at a key of a JSON object, empty when absent. Raises InputError for anything else."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        message = f"{builder.format}: an entry without a {key}" if value in (None, "") else f"{key} is not a string"
        raise InputError(message, where=builder.document.where(line))
    return value


def read(document: Document) -> Listing:
    """Return the listing; `editable_project_location` marks an editable install."""
    builder, lines = Builder(document, NAME), Lines(document.text)
    for entry, offset in zip(document.json, elements(document.text), strict=True):
        line = lines.at(offset)
        checkout = text_of(builder, line, entry, "editable_project_location")
        builder.add(
            line,
            text_of(builder, line, entry, "name", required=True),
            text_of(builder, line, entry, "version", required=True),
            direct_url=as_url(checkout) if checkout else "",
            editable=bool(checkout),
            installer=text_of(builder, line, entry, "installer"),
            location=text_of(builder, line, entry, "location"),
        )
    return builder.listing()


FORMAT = Format(NAME, recognizes, read)
