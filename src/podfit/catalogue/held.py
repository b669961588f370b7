"""Which distributions of a template are held: never changed, because its CUDA build depends on them."""

from __future__ import annotations

from functools import cache

import msgspec
from packaging.version import InvalidVersion, Version

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


class HeldRule(msgspec.Struct, frozen=True):
    """Names that are held by default: patterns (a final `*` stands for the rest), why, and on what evidence.

    excluded are names that a pattern meets and the reason does not. since is the first version that the reason is
    true of, until the first that it is no longer true of, empty where there is no such bound. Pre-releases come before
    their release, so those of the release in until are still held. framework is the one of the names that others are
    written for, empty where there is none. brought is the framework that requires one version of these, and brings it;
    perhaps is that which brings some of them.
    """

    patterns: tuple[str, ...]
    reason: str
    evidence: Evidence
    excluded: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    framework: str = ""
    brought: str = ""
    perhaps: str = ""

    def matches(self, name: str, version: str = "") -> bool:
        """Tell whether a normalized name is one of the rule's, in this version; an unknown version may be any."""
        if name in self.excluded or not any(
            name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in self.patterns
        ):
            return False
        if not version or not (self.since or self.until):
            return True
        try:
            found = Version(version)
        except InvalidVersion:
            return True
        return not (self.since and found < Version(self.since)) and not (self.until and found >= Version(self.until))


@cache
def held_rules() -> tuple[HeldRule, ...]:
    """Return the rules of held.toml."""
    rules = []
    for entry in table("held")["held"]:
        source = entry["evidence"]
        evidence = Evidence(EvidenceKind(source["kind"]), source["source"], source.get("detail", ""))
        excluded = tuple(entry.get("excluded", ()))
        bounds = entry.get("since", ""), entry.get("until", "")
        told = entry.get("framework", ""), entry.get("brought", ""), entry.get("perhaps", "")
        rules.append(HeldRule(tuple(entry["patterns"]), entry["reason"], evidence, excluded, *bounds, *told))
    return tuple(rules)


@cache
def frameworks() -> tuple[str, ...]:
    """Return the distributions that others are written for and that are held where a template has them."""
    return tuple(rule.framework for rule in held_rules() if rule.framework)


@cache
def held_rule(name: str, version: str = "") -> HeldRule | None:
    """Return the rule that holds a normalized name in this version (any when empty), None when it may change."""
    return next((rule for rule in held_rules() if rule.matches(name, version)), None)


def is_held(name: str, version: str = "") -> bool:
    """Tell whether a normalized name is held by default in this version (in any when empty)."""
    return held_rule(name, version) is not None
