"""What the TOML lock files share: an array of package tables, checked against a msgspec shape, with their lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from podfit.model import InputError
from podfit.readers.environment.document import Document
from podfit.readers.environment.positions import table_lines

_Package = TypeVar("_Package")


def packages(document: Document, shape: type[_Package], key: str, format: str) -> Iterator[tuple[int, _Package]]:  # noqa: A002
    """Yield line and package for each `[[key]]` of the document; line is 0 where it cannot be told.

    format is the format's name for messages. Raises InputError for a table that does not have the shape.
    """
    tables: Any = (document.toml or {}).get(key, [])
    if not isinstance(tables, list):
        raise InputError(f"{format}: {key} is not an array of tables", where=document.where())
    for line, table in zip(table_lines(document.text, key, len(tables)), tables, strict=True):
        try:
            yield line, msgspec.convert(table, shape)
        except msgspec.ValidationError as error:
            raise InputError(f"{format}: a package has the wrong shape: {error}", where=document.where(line)) from None
