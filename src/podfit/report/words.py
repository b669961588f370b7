"""Sizes, counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.model import Action, Plan, Verdict
from podfit.model.words import listed

SYMBOL = {Action.KEEP: "✅", Action.INSTALL: "🔴", Action.CHANGE: "⚠️", Action.CONFLICT: "❌", Action.SKIP: "➖"}
"""The marks of actions in documents."""

MARK = {Verdict.OK: "✅", Verdict.WARNING: "⚠️", Verdict.FAILED: "❌", Verdict.UNKNOWN: "❔"}
"""The marks of verdicts in documents."""


def human_bytes(count: int) -> str:
    """Return a number of bytes for people, in decimal units as pip and download pages use them: `12.3 MB`."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def plural(count: int, noun: str) -> str:
    """Return `1 package`, `2 packages`, `2 dependencies`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def where(numbers: Sequence[int], plans: Sequence[Plan]) -> str:
    """Return ` on NAME` for a statement that does not hold on every template; numbers are places among plans."""
    if len(numbers) == len(plans):
        return ""
    return f" on {listed(plans[number].template.name for number in numbers)}"
