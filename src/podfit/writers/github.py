"""What an answer judged, as the lines that GitHub Actions turns into annotations."""

from __future__ import annotations

from podfit.model import Finding, Verdict
from podfit.report.answer import Answer
from podfit.writers.interface import Screen
from podfit.writers.plain import plain

_COMMAND = {Verdict.FAILED: "error", Verdict.WARNING: "warning", Verdict.UNKNOWN: "notice"}
"""The workflow command of a verdict; what is good makes no annotation."""


def write(answer: Answer, _screen: Screen) -> str:
    """Return one workflow command per finding that is not good, the failures first, and a last line that counts.

    Where a finding has a place, the command names file and line: it then stands beside that line in a pull request.

    Syntax and escapes: docs.github.com, "Workflow commands for GitHub Actions".
    """
    judged = answer.judged() if answer.judged else ()
    lines = []
    for verdict in _COMMAND:
        for one in judged:
            if one.finding.verdict is verdict:
                title = f"{one.suite}: {one.finding.code} {one.finding.check} {one.finding.subject}"
                place = f"file={_property(one.place.path)}," if one.place else ""
                place += f"line={one.place.line}," if one.place and one.place.line else ""
                lines.append(f"::{_COMMAND[verdict]} {place}title={_property(title)}::{_message(one.finding)}")
    failed = sum(one.finding.verdict is Verdict.FAILED for one in judged)
    lines.append(f"{answer.command}: {failed} of {len(judged)} findings failed")
    return "\n".join(lines) + "\n"


def _message(finding: Finding) -> str:
    """Return what a finding says, as the data of a workflow command."""
    parts = [finding.message, f"evidence: {finding.evidence}", *([f"fix: {finding.remedy}"] if finding.remedy else [])]
    return "%0A".join(_data(plain(part)) for part in parts)


def _data(text: str) -> str:
    """Return text as the data of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return text as a property of a workflow command."""
    return _data(plain(text)).replace(":", "%3A").replace(",", "%2C")
