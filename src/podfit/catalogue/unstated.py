"""What distributions cannot be imported without and do not require (unstated.toml)."""

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
