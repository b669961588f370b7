"""What a Markdown document claims of two distributions beside each other: in tables, rules and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podfit.model import InputError, Where, canonical
from podfit.model.claim import Claim
from podfit.readers.plain_file import read_bounded

_SPELLED = {"torch": ("pytorch", "torch")}
"""What people call distributions in prose."""

_LARGEST = 4 << 20
_VERSION = r"[ =:v]*(\d+(?:\.\d+){0,3})(?:\.x)?(\+)?"
_GOOD = re.compile(r"\b(works?|ok|compatible)\b", re.IGNORECASE)
_BAD = re.compile(r"\b(fails?|broken|breaks|incompatible)\b", re.IGNORECASE)
_RAISED = re.compile(r"^\s*#\s*(\w*(?:Error|Exception)\b.*)$")
_IMPORT = re.compile(r"^\s*import ([A-Za-z_]\w*)\s*$")


def read_claims(path: str, one: str, other: str) -> tuple[Claim, ...]:
    """Return the claims of a document about two distributions (normalized names), in its order.

    Raises InputError when it cannot be read.
    """
    try:
        text = read_bounded(path, _LARGEST).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise InputError(
            f"the document cannot be read: {error}", where=Where(path), remedy="name a Markdown file"
        ) from None
    return tuple(claims(text, path, one, other))


def claims(text: str, path: str, one: str, other: str) -> Iterator[Claim]:
    """Yield the claims of a document's text; path is how its places are named."""
    raised, where = "", ""
    fenced, last = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced, last = not fenced, ""
            continue
        if fenced:
            imported = _IMPORT.match(line)
            error = _RAISED.match(line)
            if imported:
                last = imported[1]
            elif error and last:
                raised, where, last = f"import {last}\n{error[1].strip()}", f"{path}:{number}", ""
            continue
        if line.startswith("#"):
            raised = ""
        ours, theirs = _versions(line, one), _versions(line, other)
        place = f"{path}:{number}"
        if line.lstrip().startswith("|") and ours and theirs and (_GOOD.search(line) or _BAD.search(line)):
            yield Claim(place, _shown(line), ours, theirs, works=not _BAD.search(line))
        elif raised and ours and theirs:
            use, _, error_text = raised.partition("\n")
            yield Claim(where, f"{use}: {error_text} ({_shown(line)})", ours, theirs, False, use, error_text)
            raised = ""
        elif not ours and re.search(r"\bpin\b", line, re.IGNORECASE) and re.search(r"\ball\b", line, re.IGNORECASE):
            beyond = _beyond(line, other)
            if beyond and any(re.search(rf"\b{name}\b", line, re.IGNORECASE) for name in _names(one)):
                yield Claim(place, _shown(line), "", beyond, works=False)


def _names(name: str) -> tuple[str, ...]:
    """Return what people call a distribution."""
    return _SPELLED.get(name, (name,))


def _versions(line: str, name: str) -> str:
    """Return the specifier of the first version that a line names of a distribution: `==2.2.*`, `>=2.0`; or empty."""
    for spelled in _names(name):
        found = re.search(rf"(?<![\w-]){re.escape(spelled)}{_VERSION}", line, re.IGNORECASE)
        if found:
            if found[2]:
                return f">={found[1]}"
            return f"=={found[1]}" if found[1].count(".") > 1 else f"=={found[1]}.*"
    return ""


def _beyond(line: str, name: str) -> str:
    """Return what a pin in a line keeps out at its upper end: `>=2.0` for `numpy>=1.26,<2.0`; empty without one."""
    for pin in re.findall(r"`([^`]+)`", line):
        found = re.fullmatch(
            r"\s*([A-Za-z0-9._-]+)\s*[<>=~!].*?<\s*(\d[\d.]*).*|\s*([A-Za-z0-9._-]+)\s*<\s*(\d[\d.]*)", pin
        )
        if found and canonical(found[1] or found[3]) == name:
            return f">={found[2] or found[4]}"
    return ""


def _shown(line: str) -> str:
    """Return a line for a sentence, without Markdown's marks."""
    return " ".join(re.sub(r"[|*`]", " ", line).split())
