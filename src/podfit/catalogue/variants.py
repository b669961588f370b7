"""Distributions that are builds of one package, by their names (variants.toml)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from podfit.catalogue.table import table


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """Return the words that tell builds apart."""
    return frozenset(table("variants")["words"])


def variants(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of two and more normalized names that differ in such words alone, each sorted."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        groups[tuple(word for word in name.split("-") if word not in _words())].append(name)
    return tuple(tuple(sorted(group)) for stem, group in sorted(groups.items()) if stem and len(group) > 1)
