"""Which search path this code looks at."""

from __future__ import annotations

import sys
from collections.abc import Iterable

_environment: list[str] = []


def look_at(path: Iterable[str]) -> None:
    """Remember the search path of the environment, for a process whose own one holds the standard library alone."""
    _environment[:] = path


def search_path() -> list[str]:
    """Return the directories where the environment's programs import from, in order."""
    return list(_environment or sys.path)
