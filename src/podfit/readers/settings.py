"""What a project's pyproject.toml says to podfit itself: `[tool.podfit.ignore]`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from podfit.model import InputError
from podfit.model.check import ignorable
from podfit.readers.declared.interface import Source
from podfit.readers.declared.toml_document import TomlDocument


def read_ignored(root: Path) -> Mapping[str, str]:
    """Return the codes of checks whose failures the project ignores, each with its reason.

    They are the entries of `[tool.podfit.ignore]` (`PF105 = "built in our image"`). Raises InputError for a check that
    there is not or that cannot be ignored, and for an entry without a reason.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    source = Source(root, path)
    if b"podfit" not in source.data:
        return {}
    document = TomlDocument(source)
    table = ("tool", "podfit", "ignore")
    found: dict[str, str] = {}
    for code in document.table(*table):
        try:
            ignorable(code)
        except InputError as error:
            raise InputError(
                error.message, where=document.source.where(document.line(*table, code)), remedy=error.remedy
            ) from None
        found[code] = document.text(*table, code).strip()
        if not found[code]:
            raise document.error("has no reason", *table, code, remedy="say why it is ignored")
    return found
