"""Names that releases of a distribution gained or lost: moved_names.toml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from podfit.catalogue.imports import modules_of
from podfit.catalogue.table import table

_NEVER = "9999"
"""The release since which a name is gone that was never one of a release."""


def gone_names(distribution: str, *, seen: bool = False) -> Mapping[str, str]:
    """Return the names that a distribution no longer has, each with the first release without; {} for an unknown.

    With seen only those that were read in wheels on both sides count.
    """
    entry: Mapping[str, Mapping[str, str]] = table("moved_names").get(distribution, {})
    found = entry.get("gone", {})
    return {name: since for name, since in found.items() if name in entry.get("seen", {})} if seen else found


class Gone(NamedTuple):
    """The distribution of a name, the first release without it, and the releases that were read (empty: its notes)."""

    distribution: str
    since: str
    seen: str = ""


@cache
def gone_anywhere() -> Mapping[str, Gone]:
    """Return what is known of each name that is gone, by its dotted name with the top-level module it is of."""
    found: dict[str, Gone] = {}
    for distribution, entry in table("moved_names").items():
        tops = [module for module in modules_of(distribution) if "." not in module]
        for name, since in entry.get("gone", {}).items():
            if not name.endswith(")") and since != _NEVER:
                gone = Gone(distribution, since, entry.get("seen", {}).get(name, ""))
                found.update((f"{top}.{name}", gone) for top in tops)
    return found


@cache
def class_keywords() -> Mapping[str, tuple[str, str]]:
    """Return the distribution, and its first release, of keywords of classes that came: `TypedDict(closed)`."""
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = table("moved_names")
    return {
        key: (distribution, since)
        for distribution, entry in tables.items()
        for key, since in entry.get("came", {}).items()
        if key.endswith(")")
    }


@cache
def called_names() -> frozenset[str]:
    """Return what can no longer be called, below the top-level module: `protobuf.descriptor.Descriptor()`."""
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = table("moved_names")
    return frozenset(key for entry in tables.values() for key in entry.get("gone", {}) if key.endswith("()"))


def moved(distribution: str, where: str, name: str) -> tuple[str, str]:
    """Return the first release without a name of a module (`flask.json`), and the first with it; empty for unknown."""
    entry: Mapping[str, Mapping[str, str]] = table("moved_names").get(distribution, {})
    inside = where.partition(".")[2]
    for key in (f"{inside}.{name}" if inside else name, name):
        gone, came = entry.get("gone", {}).get(key, ""), entry.get("came", {}).get(key, "")
        if gone or came:
            return gone, "" if gone else came
    return "", ""
