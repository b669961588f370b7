"""Inline script metadata (PEP 723): what a single script says that it needs."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration
from podfit.model.toml_text import toml_table
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Source

# The expression of https://packaging.python.org/specifications/inline-script-metadata/, for the type `script`.
_BLOCK = re.compile(r"(?m)^# /// script[ \t]*$\s(?P<content>(?:^#(?:| .*)$\s)+)^# ///[ \t]*$")


def python_of(text: str) -> str:
    """Return the range of Pythons that a script's metadata ask for, empty where they ask for none that can be read."""
    match = _BLOCK.search(text)
    if match is None:
        return ""
    try:
        asked = toml_table(_content(match)).get("requires-python", "")
        return str(SpecifierSet(asked)) if isinstance(asked, str) else ""
    except (ValueError, InvalidSpecifier):
        return ""


def _content(match: re.Match[str]) -> str:
    """Return the TOML in a block of comments."""
    lines = match["content"].splitlines(keepends=True)
    return "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)


def declarations(root: Path, shown: str, text: str, asks: bool) -> tuple[list[Declaration], list[str]]:
    """Return the dependencies in the metadata of the script shown, and notices about what is wrong there."""
    match = _BLOCK.search(text)
    if match is None:
        return [], []
    content = _content(match)
    first = text.count("\n", 0, match.start("content")) + 1
    source = Source(root, root / shown)
    try:
        found = toml_table(content).get("dependencies", [])
    except ValueError:
        return [], [f"{source.where(first)}: the script's metadata are no TOML; they are not read"]
    made: list[Declaration] = []
    notices: list[str] = []
    lines = content.splitlines()
    for entry in found if isinstance(found, list) else []:
        number = next((number for number, line in enumerate(lines) if str(entry) in line), 0)
        where = source.where(first + number)
        try:
            made.append(Declaration(pep508.normalized(str(entry)), where, scope=shown, asks=asks))
        except ValueError as error:
            notices.append(f"{where}: {error}; left out")
    return made, notices
