"""All formats, and the one function that reads a file of any of them."""

from __future__ import annotations

from podfit.model import InputError
from podfit.readers.environment import (
    conda_explicit,
    conda_list,
    conda_lock,
    conda_yaml,
    freeze,
    manifest,
    pip_inspect,
    pip_list_columns,
    pip_list_json,
    pipfile_lock,
    poetry_lock,
    pylock,
    uv_lock,
)
from podfit.readers.environment.document import Document, open_document
from podfit.readers.environment.interface import Format, Listing

FORMATS: tuple[Format, ...] = (
    manifest.FORMAT,
    pip_inspect.FORMAT,
    pipfile_lock.FORMAT,
    conda_explicit.FORMAT,
    conda_list.FORMAT,
    pip_list_json.FORMAT,
    pylock.FORMAT,
    poetry_lock.FORMAT,
    uv_lock.FORMAT,
    conda_lock.FORMAT,
    conda_yaml.FORMAT,
    pip_list_columns.FORMAT,
    freeze.FORMAT,
)
"""In the order in which they are asked: the first that recognizes a document reads it."""


def detect(document: Document) -> Format | None:
    """Return the format of a document by its content, None when podfit knows none.

    Raises InputError when the document starts like JSON, TOML or YAML and breaks that language's syntax.
    """
    return next((known for known in FORMATS if known.recognizes(document)), None)


def read_document(document: Document) -> Listing:
    """Return the listing of a document in any format. Raises InputError for an unknown format or a wrong line."""
    found = detect(document)
    if found is None:
        if not document.text.strip():
            raise InputError("the file is empty", where=document.where(), remedy="write it with `pip freeze`")
        remedy = "podfit reads " + ", ".join(known.name for known in FORMATS)
        raise InputError("not a list of distributions in any known format", where=document.where(1), remedy=remedy)
    return found.read(document)


def read_listing(path: str) -> Listing:
    """Return the listing in a file of any format, told by its content.

    Raises InputError, with the line where there is one, for a missing or unreadable file, an unknown format and a
    syntax error.
    """
    return read_document(open_document(path))
