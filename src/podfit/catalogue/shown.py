"""Which distributions a report names first, and how it spells them: from held.toml and shown.toml."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files

from podfit.catalogue.held import held_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LAST = (1 << 30, 0)
"""The rank of what no rule names."""


@cache
def held_rank(name: str) -> tuple[int, int]:
    """Return where a normalized name stands among what is held by default: its rule, and its pattern in the rule."""
    for number, rule in enumerate(held_rules()):
        if rule.matches(name):
            place = next(place for place, pattern in enumerate(rule.patterns) if _meets(pattern, name))
            return number, place
    return LAST


@cache
def held_family(name: str) -> str:
    """Return the pattern, such as `jax-cuda*`, by which a normalized name is held; empty where its own name stands."""
    rule, place = held_rank(name)
    if (rule, place) == LAST:
        return ""
    pattern = held_rules()[rule].patterns[place]
    return pattern if pattern.endswith("*") else ""


def _meets(pattern: str, name: str) -> bool:
    """Tell whether a pattern of held.toml stands for a name."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@cache
def _table() -> tuple[tuple[str, ...], dict[str, str]]:
    """Return shown.toml's names that come first, and spellings."""
    data = tomllib.loads(files("podfit.catalogue").joinpath("shown.toml").read_text(encoding="utf-8"))
    return tuple(data["first"]), dict(data["spelled"])


def first_names() -> tuple[str, ...]:
    """Return the normalized names that come right after what is held."""
    return _table()[0]


def spelled(name: str) -> str:
    """Return a distribution's name as its makers spell it, where shown.toml says so."""
    return _table()[1].get(name, name)
