"""Which distributions a report names first, and how it spells them: from held.toml and shown.toml."""

from __future__ import annotations

from functools import cache

from podfit.catalogue.held import held_rules
from podfit.catalogue.table import table

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
    """Return the pattern, such as `jax-cuda*`, of the first rule that holds names like one; empty where none does."""
    patterns = (pattern for rule in held_rules() if rule.matches(name) for pattern in rule.patterns)
    return next((pattern for pattern in patterns if pattern.endswith("*") and _meets(pattern, name)), "")


def _meets(pattern: str, name: str) -> bool:
    """Tell whether a pattern of held.toml stands for a name."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def first_names() -> tuple[str, ...]:
    """Return the normalized names that come right after what is held."""
    return tuple(table("shown")["first"])


def spelled(name: str) -> str:
    """Return a distribution's name as its makers spell it, where shown.toml says so."""
    spelling: str = table("shown")["spelled"].get(name, name)
    return spelling
