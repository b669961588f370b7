"""What distributions are for, as far as a training run is concerned: categories.toml, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

import msgspec

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind

TRANSITIVE = "transitive"
"""The category of what is there for others alone."""
OTHER = "other"
"""The category of what nothing places."""


class Category(msgspec.Struct, frozen=True):
    """What a distribution is for: name (`development`), title for people.

    evidence says what puts the distribution there.
    """

    name: str
    title: str
    evidence: Evidence


def titles() -> Mapping[str, str]:
    """Return the titles of all categories by name, in the order in which reports show them."""
    return {name: entry["title"] for name, entry in table("categories")["category"].items()}


def named(name: str, evidence: Evidence) -> Category:
    """Return the category of that name with evidence for its membership. Raises KeyError for a name that is none."""
    return Category(name, titles()[name], evidence)


def by_name(distribution: str) -> Category | None:
    """Return the category of a normalized distribution name: its own line, else the first pattern that it meets."""
    source = _members().get(distribution)
    if source is not None:
        return named(source[0], Evidence(EvidenceKind.PUBLISHED, source[1]))
    for rule in table("categories")["pattern"]:
        if any(fnmatchcase(distribution, pattern) for pattern in rule["names"]):
            return named(rule["category"], Evidence(EvidenceKind.PUBLISHED, rule["source"], rule["says"]))
    return None


def is_library(distribution: str, classifiers: Iterable[str] = ()) -> bool:
    """Tell whether a normalized name is that of a library for libraries, or classifiers are those of what computes.

    The topics and keywords of both name what they are used in, and say nothing of what they are for.
    """
    rules = table("categories")
    if any(fnmatchcase(distribution, pattern) for pattern in rules["library"]["names"]):
        return True
    computing = rules["computing"]["any"]
    return any(each == wanted or each.startswith(f"{wanted} :: ") for each in classifiers for wanted in computing)


def by_classifier(classifiers: Iterable[str], evidence: Evidence) -> Category | None:
    """Return the category of the first rule that one of these Trove classifiers, or one above it, meets."""
    stated = tuple(classifiers)
    for rule in table("categories")["classifier"]:
        for wanted in rule["any"]:
            met = next((each for each in stated if each == wanted or each.startswith(f"{wanted} :: ")), "")
            if met:
                return named(rule["category"], Evidence(EvidenceKind.METADATA, evidence.source, f"classifier {met}"))
    return None


def by_keyword(keywords: Iterable[str], summary: str, evidence: Evidence) -> Category | None:
    """Return the category of the first rule of which a phrase is a keyword or stands in the summary, in whole words.

    Addresses in the summary are no words of it.
    """
    stated = {word.lower() for word in keywords}
    words = re.findall(r"[a-z0-9+#]+", re.sub(r"https?://\S+", " ", summary.lower()))
    text = f" {' '.join(words)} "
    for rule in table("categories")["phrase"]:
        for phrase in rule["any"]:
            if phrase in stated:
                return named(rule["category"], Evidence(EvidenceKind.METADATA, evidence.source, f"keyword {phrase}"))
            if f" {phrase} " in text:
                detail = f"summary: {summary[:80]}"
                return named(rule["category"], Evidence(EvidenceKind.METADATA, evidence.source, detail))
    return None


@cache
def _members() -> Mapping[str, tuple[str, str]]:
    """Return category and source of each distribution that has a line of its own."""
    return {
        distribution: (name, source)
        for name, entry in table("categories")["category"].items()
        for distribution, source in entry.get("members", {}).items()
    }
