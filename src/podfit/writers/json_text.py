"""An answer as JSON."""

from __future__ import annotations

import json
import re

import msgspec

from podfit.report.answer import Answer
from podfit.writers.interface import Screen

_OTHER = re.compile(r"[^\n -~]")
"""What is not printable ASCII; JSON text has such characters in strings alone."""


def write(answer: Answer, _screen: Screen) -> str:
    """Return the data of answer as JSON, in ASCII: any terminal and file takes it, and no terminal acts on it."""
    return json_text(answer.data())


def json_text(data: object) -> str:
    """Return JSON values as text in ASCII, a space for each level, with a line break at its end."""
    try:
        text = msgspec.json.format(msgspec.json.encode(data), indent=1).decode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate: a file name that is not UTF-8
        return _OTHER.sub(_escaped, json.dumps(data, indent=1)) + "\n"
    return _OTHER.sub(_escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    """Return a character as JSON's escape of it, two for one beyond the basic plane."""
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
