"""What tells a freeze, and which distributions serve one operating system alone: freezes.toml, read when asked for."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from podfit.model import Evidence, EvidenceKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class SystemBound:
    """A distribution that serves one operating system alone. system is its name for people."""

    system: str
    evidence: Evidence


def system_bound(distribution: str) -> SystemBound | None:
    """Return what is known of a normalized name that serves another system than Linux, None for all others."""
    for pattern, entry in _table()["system_bound"].items():
        if fnmatch.fnmatchcase(distribution, pattern):
            source = f"https://pypi.org/project/{distribution}/"
            return SystemBound(entry["system"], Evidence(EvidenceKind.PUBLISHED, source, entry["reason"]))
    return None


@cache
def conda_builds() -> frozenset[str]:
    """Return the normalized names that only conda's environments bring along."""
    return frozenset(_table()["conda_builds"]["names"])


@cache
def mere_dependencies() -> frozenset[str]:
    """Return the normalized names that others require and people hardly ever name."""
    return frozenset(name for names in _table()["dependencies"].values() for name in names)


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = tomllib.loads(files(__package__).joinpath("freezes.toml").read_text("utf-8"))
    return table
