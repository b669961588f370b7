"""A finding: one statement of an audit or a verification."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from podfit.model.check import check_named
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
    """One statement: what was looked at, the verdict, a sentence, the evidence, and what to do about it.

    check is the name of a registered check (`podfit.model.check`). ignored is the reason that somebody gave for
    ignoring what failed, empty for everything else; the verdict is then a warning, and the message says so.
    """

    check: str
    subject: str
    verdict: Verdict
    message: str
    evidence: Evidence
    remedy: str = ""
    ignored: str = ""

    def __post_init__(self) -> None:
        """Reject a name that no check has."""
        check_named(self.check)

    @property
    def code(self) -> str:
        """The code of its check, such as `PF101`."""
        return check_named(self.check).code
