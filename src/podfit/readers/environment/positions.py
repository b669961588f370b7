"""Lines of values inside JSON and TOML texts, which the standard parsers do not tell."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

_SPACE = re.compile(r"[ \t\n\r]*")
_VALUE = json.JSONDecoder()


class Lines:
    """Offsets of a text to line numbers counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> int:
        """Return the line of an offset."""
        return bisect_right(self._starts, offset)


def members(text: str, start: int = 0) -> Iterator[tuple[str, int]]:
    """Yield key and offset of the value for each member of the JSON object at start; text must be valid JSON."""
    position = _skip(text, _skip(text, start) + 1)
    while text[position] != "}":
        key, position = _VALUE.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        yield key, position
        position = _after(text, position)


def elements(text: str, start: int = 0) -> Iterator[int]:
    """Yield the offset of each element of the JSON array at start; text must be valid JSON."""
    position = _skip(text, _skip(text, start) + 1)
    while text[position] != "]":
        yield position
        position = _after(text, position)


def _skip(text: str, position: int) -> int:
    """Return the offset of what follows white space."""
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _after(text: str, position: int) -> int:
    """Return the offset of what follows the value at position and its comma."""
    _, position = _VALUE.raw_decode(text, position)
    position = _skip(text, position)
    return _skip(text, position + 1) if text[position] == "," else position


def table_lines(text: str, name: str, count: int) -> list[int]:
    """Return the lines of the count `[[name]]` headers of a TOML text, zeros when they cannot be told apart.

    A header inside a multi-line string looks like one, too; then the numbers differ, and no line beats a wrong one.
    """
    lines = Lines(text)
    pattern = rf'^[ \t]*\[\[[ \t]*"?{re.escape(name)}"?[ \t]*\]\]'
    found = [lines.at(match.start()) for match in re.finditer(pattern, text, re.MULTILINE)]
    return found if len(found) == count else [0] * count
