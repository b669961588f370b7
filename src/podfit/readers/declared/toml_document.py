"""A TOML file whose tables are taken by path, each complaint with its line."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, InputError
from podfit.model.toml_text import toml_table
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.text import TomlLines

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


class TomlDocument:
    """The parsed text of source; raises InputError at the line of a syntax error."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = TomlLines(source.utf8)
        try:
            self.data: dict[str, Any] = toml_table(source.utf8)
        except ValueError as error:  # TOMLDecodeError, and what int() and date() refuse
            place = _PLACE.search(str(error))
            line = int(place.group(1)) if place and place.group(1) else source.utf8.rstrip().count("\n") + 1
            column = f" at column {place.group(2)}" if place and place.group(2) else ""
            reason = _PLACE.sub("", str(error)).strip().rstrip(".")
            raise source.error(f"this is not TOML{column}: {reason}", line, remedy="correct that line") from None

    def line(self, *path: str, value: str = "") -> int:
        """Return the line of value under path, as well as it can be found."""
        return self.lines.find(*path, value=value)

    def error(self, message: str, *path: str, value: str = "", remedy: str = "") -> InputError:
        """Return the error for what stands under path; its message opens with the dotted path."""
        return self.source.error(f"{'.'.join(path)} {message}", self.line(*path, value=value), remedy)

    def get(self, *path: str) -> Any:
        """Return what stands under path, None when nothing does. Raises InputError when a parent is no table."""
        here: Any = self.data
        for depth, key in enumerate(path):
            if not isinstance(here, dict):
                raise self.error("is not a table", *path[:depth])
            if key not in here:
                return None
            here = here[key]
        return here

    def table(self, *path: str) -> dict[str, Any]:
        """Return the table under path, empty when there is none. Raises InputError when something else is there."""
        found = self.get(*path)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self.error("is not a table", *path)
        return found

    def text(self, *path: str) -> str:
        """Return the string under path, empty when there is none. Raises InputError when something else is there."""
        found = self.get(*path)
        if found is None:
            return ""
        if not isinstance(found, str):
            raise self.error("is not a string", *path)
        return found

    def strings(self, *path: str) -> list[str]:
        """Return the strings of the array under path. Raises InputError when it is no array of strings."""
        found = self.get(*path)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.error("is not an array of strings", *path)
        return found

    def require(self, text: str, reading: Reading, *path: str, group: str = "", constraint: bool = False) -> None:
        """Add the PEP 508 requirement text, which stands under path. Raises InputError when it is none."""
        line = self.line(*path, value=text)
        if reading.lenient and not constraint and pep508.is_bare_commit(text):
            from podfit.readers.declared import requirements_txt

            requirements_txt.read_line(replace(self.source, group=group), line, text, reading)
            return
        with reading.tolerant():
            try:
                parsed = pep508.parse(self.filled_in(text))
            except ValueError as error:
                raise self.source.error(f"{'.'.join(path)}: {error}", line) from None
            if parsed.url:
                parsed.url = pep508.clean_address(parsed.url)
            reading.add(Declaration(str(parsed), self.source.where(line), group=group, constraint=constraint))

    def python(self, text: str, *path: str) -> str:
        """Return text, a version specifier for Python, checked. Raises InputError when it is none."""
        try:
            return str(SpecifierSet(text))
        except InvalidSpecifier:
            raise self.error(f"is no range of Python versions: {text!r}", *path, value=text) from None

    def filled_in(self, text: str) -> str:
        """Return text with PDM's and Hatch's names of the project's directory filled in."""
        if "${PROJECT_ROOT}" in text or "{root:uri}" in text:
            root = self.source.path.parent.absolute()
            text = text.replace("{root:uri}", root.as_uri()).replace("file:///${PROJECT_ROOT}", root.as_uri())
        return text
