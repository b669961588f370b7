"""Failures that somebody ignores, with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from podfit.model import Finding, Verdict


def with_ignored(findings: Iterable[Finding], reasons: Mapping[str, str]) -> Iterator[Finding]:
    """Yield findings; what failed in a check whose code has a reason becomes a warning that says so."""
    for finding in findings:
        reason = reasons.get(finding.code, "")
        if reason and finding.verdict is Verdict.FAILED:
            message = f"failed, and ignored ({reason}): {finding.message}"
            yield replace(finding, verdict=Verdict.WARNING, message=message, ignored=reason)
        else:
            yield finding
