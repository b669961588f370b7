"""What `podfit audit` answers: the findings alone, and of wheels what their compiled files ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from podfit.model import Finding, Verdict
from podfit.model.check import check_named
from podfit.model.words import shortened
from podfit.report.answer import Answer, Judged
from podfit.report.model import Block, Column, Report, Section, Span, Style, Table, Text, items, section, text

_STYLES = {
    Verdict.OK: Style.OK,
    Verdict.WARNING: Style.WARNING,
    Verdict.FAILED: Style.FAILED,
    Verdict.UNKNOWN: Style.UNKNOWN,
}
_ORDER = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)


class Audited(msgspec.Struct, frozen=True):
    """One thing that was audited: its name, what is known of it in pairs of words, and the findings."""

    name: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def audit_answer(audited: Sequence[Audited]) -> Answer:
    """Return the answer about everything that was audited."""
    return Answer(
        "podfit audit",
        lambda details: _report(audited, details=details),
        lambda: _report(audited, details=True),
        lambda: _data(audited),
        lambda: tuple(Judged(one.name, finding) for one in audited for finding in one.findings),
    )


def _report(audited: Sequence[Audited], *, details: bool) -> Report:
    """Return a section for each thing, and the verdict."""
    sections: list[Section] = []
    for one in audited:
        sections += section(one.name, *_one(one, details=details))
    failed = sum(finding.verdict is Verdict.FAILED for one in audited for finding in one.findings)
    told = f"{failed} finding{'s' if failed != 1 else ''} failed" if failed else "nothing failed"
    return Report((), (*sections, *section("Verdict", *items(text(told)))))


def _one(one: Audited, *, details: bool) -> Iterator[Block]:
    """Yield what is known of a thing and what was found; what is fine is counted without details."""
    if one.facts:
        yield Table((Column(lead=True), Column()), tuple((text(name), text(value)) for name, value in one.facts))
    shown = [f for f in one.findings if details or f.verdict is not Verdict.OK]
    yield from items(*map(_line, sorted(shown, key=lambda finding: _ORDER.index(finding.verdict))))
    fine = len(one.findings) - len(shown)
    if fine:
        names = shortened(dict.fromkeys(f"{f.code} {f.check}" for f in one.findings if f.verdict is Verdict.OK))
        yield from items(text(f"{fine} ok: {names}"))


def _line(finding: Finding) -> Text:
    """Return a finding as a statement."""
    fix = f"; {finding.remedy}" if finding.remedy and finding.verdict is not Verdict.OK else ""
    said = f" {finding.message}{fix} [{finding.evidence.kind.value}]"
    return text(Span(finding.verdict.value, _STYLES[finding.verdict]), f" {finding.code}", said)


def _data(audited: Sequence[Audited]) -> Mapping[str, Any]:
    """Return the JSON object."""
    return {
        "schema": "podfit.audit/1",
        "audited": [
            {
                "name": one.name,
                "facts": dict(one.facts),
                "findings": [
                    {
                        "code": check_named(finding.check).code,
                        "check": finding.check,
                        "subject": finding.subject,
                        "verdict": finding.verdict.value,
                        "message": finding.message,
                        "evidence": msgspec.to_builtins(finding.evidence),
                        "remedy": finding.remedy,
                        "ignored": finding.ignored,
                    }
                    for finding in one.findings
                ],
            }
            for one in audited
        ],
    }
