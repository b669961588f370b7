"""One statement of a check, as JSON has it."""

from __future__ import annotations

from collections.abc import Sequence

from ..protocol import Evidence, VerifyFinding
from ..text import shown

OK, WARNING, FAILED, UNKNOWN = "ok", "warning", "failed", "unknown"


def finding(
    check: str,
    subject: str,
    verdict: str,
    message: str,
    source: str,
    *,
    detail: str = "",
    remedy: str = "",
    kind: str = "measured",
    seconds: float = 0.0,
    owners: Sequence[str] = (),
) -> VerifyFinding:
    """Return one finding as JSON has it: podfit.model.Finding's keys, seconds, and owners where there are some."""
    evidence: Evidence = {"kind": kind, "source": shown(source), "detail": shown(detail)}
    found: VerifyFinding = {
        "check": check,
        "subject": shown(subject),
        "verdict": verdict,
        "message": shown(message),
        "evidence": evidence,
        "remedy": shown(remedy),
        "seconds": round(seconds, 3),
    }
    if owners:
        found["owners"] = list(owners)
    return found
