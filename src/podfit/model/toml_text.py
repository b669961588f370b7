"""TOML of any origin as a table, in time and memory that grow with its length alone."""

from __future__ import annotations

import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_PARTS = 32
"""Parts of a dotted key. Python's parser keeps a copy of all before it for each: 50,000 took 7 GB."""

_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DEEP_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{{MOST_PARTS}}}")
_IS_KEY = re.compile(r"[\w \t.'\"-]*[=\]]")


def toml_table(text: str) -> dict[str, Any]:
    """Return the table of TOML text.

    Raises ValueError (tomllib.TOMLDecodeError where it is the syntax) for all that is none: also for nesting and for
    keys without measure, and for numbers that Python does not read.
    """
    for number, line in enumerate(text.split("\n"), 1) if text.count(".") >= MOST_PARTS else ():
        if line.count(".") >= MOST_PARTS and (match := _DEEP_KEY.search(line)) and _IS_KEY.match(line, match.end()):
            raise ValueError(f"a key has more than {MOST_PARTS} parts (at line {number}, column {match.start() + 1})")
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested without end") from None
    return table
