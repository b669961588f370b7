"""Which distributions of a template are held: never changed, because its CUDA build depends on them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from podfit.model import Evidence, EvidenceKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class HeldRule:
    """Names that are held by default: patterns (a final `*` stands for the rest), why, and on what evidence.

    excluded are names that a pattern meets and the reason does not.
    """

    patterns: tuple[str, ...]
    reason: str
    evidence: Evidence
    excluded: tuple[str, ...] = ()

    def matches(self, name: str) -> bool:
        """Tell whether a normalized name is one of the rule's."""
        return name not in self.excluded and any(
            name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in self.patterns
        )


@cache
def held_rules() -> tuple[HeldRule, ...]:
    """Return the rules of held.toml."""
    data = tomllib.loads(files("podfit.catalogue").joinpath("held.toml").read_text(encoding="utf-8"))
    rules = []
    for entry in data["held"]:
        source = entry["evidence"]
        evidence = Evidence(EvidenceKind(source["kind"]), source["source"], source.get("detail", ""))
        excluded = tuple(entry.get("excluded", ()))
        rules.append(HeldRule(tuple(entry["patterns"]), entry["reason"], evidence, excluded))
    return tuple(rules)


@cache
def held_rule(name: str) -> HeldRule | None:
    """Return the rule that holds a normalized name, None when it may change."""
    return next((rule for rule in held_rules() if rule.matches(name)), None)


def is_held(name: str) -> bool:
    """Tell whether a normalized name is held by default."""
    return held_rule(name) is not None
