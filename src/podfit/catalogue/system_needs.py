"""Libraries of the system that distributions open, where no compiled module of theirs tells (system_needs.toml)."""

from __future__ import annotations

from functools import cache

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence


class SystemNeed(msgspec.Struct, frozen=True):
    """What a distribution needs of the system: libraries, and whether only a part of it does; why."""

    libraries: tuple[str, ...]
    some: bool
    evidence: Evidence


@cache
def _needs() -> dict[str, SystemNeed]:
    """Return the table by normalized name."""
    return {
        entry["name"]: SystemNeed(tuple(entry["libraries"]), entry.get("some", False), stated(entry))
        for entry in table("system_needs")["need"]
    }


def system_need(name: str) -> SystemNeed | None:
    """Return what a distribution (a normalized name) needs of the system; None where nothing is known."""
    return _needs().get(name)


def system_needs() -> dict[str, SystemNeed]:
    """Return what is known, by normalized name."""
    return dict(_needs())
