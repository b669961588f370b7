"""Graphs of requirements: what asks for what, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def reached(names: Iterable[str], edges: Mapping[str, Iterable[str]], *, without: str = "") -> set[str]:
    """Return names and all that they lead to along edges (name to the names that it requires), cycles or not.

    What without names is not reached, and nothing through it; empty leaves nothing out.
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and (not without or name != without):
            found.add(name)
            waiting += edges.get(name, ())
    return found
