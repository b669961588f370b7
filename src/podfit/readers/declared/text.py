"""Bytes to text, and places in text."""

from __future__ import annotations

import codecs
import os
import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from podfit.model.secrets import filled_in

_MARKS = (
    # UTF-32's mark begins with UTF-16's, so it is asked first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)(?!git@)[^\s/@]+@")
_ADDRESS = re.compile(r"(?<!\bfile)://", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def decode(data: bytes) -> str:
    """Return the text of a requirements file; never fails.

    The order is pip's (byte order mark, PEP 263 comment, UTF-8), then UTF-16 without a mark, then Latin-1, which
    takes any byte: what is not ASCII matters only in comments and paths. PowerShell's `>` writes UTF-16.
    """
    for encoding in _candidates(data):
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):  # LookupError: no such encoding, or one like rot13 that is none
            continue
    return data.decode("latin-1")


def _candidates(data: bytes) -> list[str]:
    """Return the encodings to try, the likeliest first."""
    names = [encoding for mark, encoding in _MARKS if data.startswith(mark)][:1]
    for line in data.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line):
            names.append(match.group(1).decode("ascii"))
    if b"\0" in data[:64]:
        names.append("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    return [*names, "utf-8"]


LONGEST_LINE = 1 << 16
"""Characters of a line of a requirements file that are read: four times what a requirement may have."""


def without_endless_lines(text: str) -> str:
    """Return text with what is past LONGEST_LINE of each line left out: it would cost minutes to be refused."""
    if len(text) <= LONGEST_LINE:
        return text
    return "".join(
        line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "\n" for line in text.splitlines(keepends=True)
    )


def decode_utf8(data: bytes) -> str:
    """Return the text of a file whose format is UTF-8, its mark dropped. Raises UnicodeDecodeError.

    A byte order mark of UTF-16 is believed, for the same reason as above.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8")


def expand_variables(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return text with `${NAME}` replaced where the variable is set; pip leaves the others as they stand.

    What is put into an address is kept out of everything that is shown from then on (podfit.model.secrets).
    """

    def value(match: re.Match[str]) -> str:
        found = environment.get(match.group(1))
        if found and _ADDRESS.search(text):
            filled_in(match.group(1), found)
        return found or match.group(0)

    return _VARIABLE.sub(value, text)


def folded_variables(text: str, written: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return a message about a line with the variables that the line was written with in place of their values.

    A value that the message cuts short (`...`) is found by its beginning.
    """
    names = [name for name in _VARIABLE.findall(written) if environment.get(name)]
    for name in sorted(set(names), key=lambda name: len(environment[name]), reverse=True):
        for value in dict.fromkeys((environment[name], repr(environment[name])[1:-1])):
            text = text.replace(value, f"${{{name}}}")
            for cut in range(min(len(value) - 1, 256), 2, -1):
                text = text.replace(f"{value[:cut]}...", f"${{{name}}}...")
    return text


def without_credentials(text: str) -> str:
    """Return text for a message: what stands before the `@` of a web address in it replaced."""
    return _CREDENTIALS.sub(r"\1****@", text)


class TomlLines:
    """Finds the line of a value in TOML text, which the parser does not tell.

    Best effort: an inline table written over several lines, or a string with escapes, gives the line of the
    nearest key above it; 0 only when nothing of the path stands in the text.
    """

    _HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?$")
    _PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
    _KEY = re.compile(rf"\s*((?:{_PART.pattern})(?:\s*\.\s*(?:{_PART.pattern}))*)\s*=(?!=)")

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        self._text = text
        self._begins = [0, *accumulate(len(line) + 1 for line in lines[:-1])]
        self._anchors: dict[tuple[str, ...], list[int]] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(lines, start=1):
            if header := self._HEADER.match(line):
                table = self._parts(header.group(1))
                self._anchors.setdefault(table, []).append(number)
            elif key := self._KEY.match(line):
                self._anchors.setdefault(table + self._parts(key.group(1)), []).append(number)

    def find(self, *path: str, value: str = "", occurrence: int = 0) -> int:
        """Return the line, from 1, where value stands under the keys of path; without value, the key's own line.

        occurrence counts the table's repetitions from 0, for arrays of tables.
        """
        start = self._anchor(path, occurrence)
        if not value:
            return start
        needles = {quote + form + quote for quote in "\"'" for form in (value, value.replace('"', '\\"'))}
        begin = self._begins[max(start, 1) - 1]
        found = [place for needle in needles if (place := self._text.find(needle, begin)) >= 0]
        return bisect_right(self._begins, min(found)) if found else start

    def _anchor(self, path: tuple[str, ...], occurrence: int) -> int:
        while path:
            if found := self._anchors.get(path):
                return found[min(occurrence, len(found) - 1)]
            path = path[:-1]
        return 0

    def _parts(self, dotted: str) -> tuple[str, ...]:
        return tuple(part.strip("\"'") for part in self._PART.findall(dotted))
