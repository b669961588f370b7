"""What tells a freeze, and which distributions serve one system or one host alone: freezes.toml."""

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


class HostBound(msgspec.Struct, frozen=True):
    """A distribution that serves one host alone. reason ends a sentence about it."""

    reason: str
    evidence: Evidence


def host_bound(distribution: str) -> HostBound | None:
    """Return what is known of a normalized name that serves one host's own environment alone, None for all others."""
    entry = table("freezes")["host_bound"].get(distribution)
    if entry is None:
        return None
    return HostBound(entry["reason"], Evidence(EvidenceKind.PUBLISHED, entry["url"], entry["fact"]))


@cache
def conda_builds() -> frozenset[str]:
    """Return the normalized names that only conda's environments bring along."""
    return frozenset(table("freezes")["conda_builds"]["names"])


@cache
def mere_dependencies() -> frozenset[str]:
    """Return the normalized names that others require and people hardly ever name."""
    return frozenset(name for names in table("freezes")["dependencies"].values() for name in names)


@cache
def conda_libraries() -> frozenset[str]:
    """Return the normalized names of conda packages that conda's own Python and widely used packages require."""
    return frozenset(name for names in table("freezes")["conda_libraries"].values() for name in names)
