"""A finding: one statement of an audit or a verification."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from podfit.model.evidence import Evidence


class Verdict(str, Enum):
    """What a check says about its subject."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """podfit could not tell; the evidence says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement: what was looked at, the verdict, a sentence, the evidence, and what to do about it."""

    check: str
    subject: str
    verdict: Verdict
    message: str
    evidence: Evidence
    remedy: str = ""
