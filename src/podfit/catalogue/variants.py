"""Distributions that are builds of one package, by their names (variants.toml)."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """Return the words that tell builds apart."""
    text = resources.files("podfit.catalogue").joinpath("variants.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["words"])


def variants(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of two and more normalized names that differ in such words alone, each sorted."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        groups[tuple(word for word in name.split("-") if word not in _words())].append(name)
    return tuple(tuple(sorted(group)) for stem, group in sorted(groups.items()) if stem and len(group) > 1)
