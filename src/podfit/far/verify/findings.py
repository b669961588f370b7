"""One statement of a check, as JSON has it."""

from __future__ import annotations

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
) -> VerifyFinding:
    """Return one finding as JSON has it: podfit.model.Finding's keys, and seconds."""
    evidence: Evidence = {"kind": kind, "source": shown(source), "detail": shown(detail)}
    return {
        "check": check,
        "subject": shown(subject),
        "verdict": verdict,
        "message": shown(message),
        "evidence": evidence,
        "remedy": shown(remedy),
        "seconds": round(seconds, 3),
    }
