"""What distributions need and do not require: modules that they import, and extras that say it (unstated.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence


@cache
def unstated() -> Mapping[str, Mapping[str, Evidence]]:
    """Return by normalized name what such a distribution asks for, each with why."""
    found: dict[str, dict[str, Evidence]] = {}
    for entry in table("unstated")["unstated"]:
        found.setdefault(entry["name"], {})[entry["asks"]] = stated(entry)
    return found


@cache
def installers_extras() -> Mapping[str, Evidence]:
    """Return the normalized extras that say what a release runs with, whether they are asked for or not, with why."""
    return {entry["name"]: stated(entry) for entry in table("unstated")["extra"]}
