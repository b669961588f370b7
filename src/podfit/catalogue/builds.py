"""What keeps today's tools from building old source distributions (builds.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


@dataclass(frozen=True, slots=True)
class SetupRule:
    """A word in setup.py (sign) that asks for an older setuptools: limit, a PEP 508 line, with reason and evidence."""

    sign: str
    limit: str
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PythonRule:
    """The first setuptools that runs on Python from since (`3.12`) on, with reason and evidence."""

    since: tuple[int, ...]
    setuptools: str
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EmptyRule:
    """A text in setup.py or pyproject.toml of what holds no source: the chance of its build, reason and evidence."""

    text: str
    chance: str
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class InterfaceRule:
    """A distribution (normalized name) that builds must not take an older release of, with reason and evidence."""

    distribution: str
    reason: str
    evidence: Evidence


@cache
def interface_rules() -> tuple[InterfaceRule, ...]:
    """Return the rules about distributions that others are compiled against."""
    return tuple(
        InterfaceRule(each["distribution"], each["reason"], _evidence(each)) for each in table("builds")["interface"]
    )


@cache
def empty_rules() -> tuple[EmptyRule, ...]:
    """Return the rules about source distributions without a source."""
    return tuple(
        EmptyRule(each["text"], each["chance"], each["reason"], _evidence(each)) for each in table("builds")["empty"]
    )


@cache
def setup_rules() -> tuple[SetupRule, ...]:
    """Return the rules about setup.py."""
    return tuple(
        SetupRule(each["sign"], each["limit"], each["reason"], _evidence(each)) for each in table("builds")["setup"]
    )


@cache
def python_rules() -> tuple[PythonRule, ...]:
    """Return the rules about Python."""
    return tuple(
        PythonRule(
            tuple(int(part) for part in each["since"].split(".")),
            each["setuptools"],
            each["reason"],
            _evidence(each),
        )
        for each in table("builds")["python"]
    )


def _evidence(entry: Mapping[str, Any]) -> Evidence:
    source = entry["evidence"]
    return Evidence(EvidenceKind(source["kind"]), source["source"], source.get("detail", ""))
