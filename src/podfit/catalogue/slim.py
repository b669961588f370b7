"""Slimmer builds of distributions, with what each of them loses (slim.toml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


@dataclass(frozen=True, slots=True)
class Slim:
    """One line: slim has the modules of full, or most of them, and loses what the sentence says.

    spoiled_by are dotted calls that need what is lost, unless a literal argument begins as one of but_for does.
    without_cuda: what is lost is the GPU.
    """

    full: str
    slim: str
    loses: str
    evidence: Evidence
    spoiled_by: frozenset[str] = frozenset()
    but_for: tuple[str, ...] = ()
    without_cuda: bool = False


@cache
def slims() -> tuple[Slim, ...]:
    """Return the lines of slim.toml, in order."""
    return tuple(
        Slim(
            entry["full"],
            entry["slim"],
            entry["loses"],
            Evidence(EvidenceKind.PUBLISHED, entry["url"], entry["fact"]),
            frozenset(entry.get("spoiled_by", ())),
            tuple(entry.get("but_for", ())),
            entry.get("without_cuda", False),
        )
        for entry in table("slim")["slim"]
    )


@cache
def spoiling_calls() -> frozenset[str]:
    """Return all calls that keep some line from being offered: a scan has to look for them."""
    return frozenset(call for line in slims() for call in line.spoiled_by)
