"""Keywords that a configuration file gives in place of a call (`report_to: wandb` for transformers' arguments)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podfit.model import Call

_VALUE = re.compile(r"[\w.-]+")


def given(data: bytes, path: str) -> Iterator[tuple[Call, frozenset[str]]]:
    """Yield, for each such keyword in a YAML file, the call that it stands for, and the modules one of which takes it.

    The value is a word, a list in brackets, or a list below the keyword.
    """
    from podfit.catalogue.imports import settings

    for keyword, (target, modules) in settings().items():
        if keyword.encode() not in data:
            continue
        lines = data.decode("utf-8", "replace").splitlines()
        key = re.compile(rf"""^(\s*)(?:-\s+)?["']?{re.escape(keyword)}["']?\s*:\s*(.*)$""")
        for number, line in enumerate(lines, 1):
            if match := key.match(line):
                values = _words(match[2]) or list(_below(lines[number:], len(match[1])))
                if values:
                    yield Call(target, path, number, keywords=((keyword, ",".join(values)),)), modules


def _words(text: str) -> list[str]:
    """Return the words of a value, its comment left out."""
    return _VALUE.findall(re.sub(r"(?:^|\s)#.*", "", text))


def _below(lines: list[str], indent: int) -> Iterator[str]:
    """Yield the entries of a list that follows its keyword, which is indented so far."""
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not text.startswith("- ") or len(line) - len(line.lstrip()) < indent:
            return
        yield from _words(text[2:])[:1]
