"""What tells a freeze, and which distributions serve one operating system alone: freezes.toml, read when asked for."""

from __future__ import annotations

import fnmatch
from functools import cache

import msgspec

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


class SystemBound(msgspec.Struct, frozen=True):
    """A distribution that serves one operating system alone. system is its name for people."""

    system: str
    evidence: Evidence


def system_bound(distribution: str) -> SystemBound | None:
    """Return what is known of a normalized name that serves another system than Linux, None for all others."""
    for pattern, entry in table("freezes")["system_bound"].items():
        if fnmatch.fnmatchcase(distribution, pattern):
            source = f"https://pypi.org/project/{distribution}/"
            return SystemBound(entry["system"], Evidence(EvidenceKind.PUBLISHED, source, entry["reason"]))
    return None


@cache
def conda_builds() -> frozenset[str]:
    """Return the normalized names that only conda's environments bring along."""
    return frozenset(table("freezes")["conda_builds"]["names"])


@cache
def mere_dependencies() -> frozenset[str]:
    """Return the normalized names that others require and people hardly ever name."""
    return frozenset(name for names in table("freezes")["dependencies"].values() for name in names)
