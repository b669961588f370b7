"""Names and sentences."""

from __future__ import annotations

import re


def canonical(name: str) -> str:
    """Return a distribution's name normalized as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def one_line(text: object, most: int = 300) -> str:
    """Return text on one line, cut after most characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 3] + "..."


def shown(text: str) -> str:
    """Return text with what a terminal, a file or XML may not take (controls, lone surrogates) as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def counted(count: int, noun: str) -> str:
    """Return `1 file`, `2,000 files`, `3 libraries`."""
    plural = noun if count == 1 else noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {plural}"
