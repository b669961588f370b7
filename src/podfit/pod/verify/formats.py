"""What `podfit verify` answers: a report as verify_env.py prints it, as a document, as data."""

from __future__ import annotations

from typing import Any

import msgspec

from podfit.far.verify.main import SCHEMA
from podfit.far.verify.report import render, summary
from podfit.model import Verdict
from podfit.pod.verify.run import Report
from podfit.report.answer import Answer, Judged
from podfit.report.model import Column, Literal, Paragraph, Span, Style, Table, section, text
from podfit.report.model import Report as Shown
from podfit.report.words import MARK


def as_dict(report: Report) -> dict[str, Any]:
    """Return the JSON object, schema podfit.verify/1: the same keys as `verify_env.py --json` prints."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "template": report.template,
        "python": dict(report.python),
        "passed": report.passed,
        "findings": [
            {
                **{key: value for key, value in msgspec.to_builtins(finding).items() if key != "ignored"},
                "seconds": took,
                **({"owners": list(owners)} if owners else {}),
            }
            for finding, took, owners in zip(
                report.findings, report.took, report.owners or ((),) * len(report.findings), strict=True
            )
        ],
        "seconds": report.seconds,
    }


def answer(report: Report, *, ascii_only: bool = False) -> Answer:
    """Return the answer about a verification; ascii_only: its text has words for the marks, for other terminals."""
    suite = f"{report.project} on {report.template}"
    return Answer(
        "podfit verify",
        lambda details: Shown((), section("", Literal(tuple(_lines(report, ascii_only=ascii_only, details=details))))),
        lambda: _document(report),
        lambda: as_dict(report),
        lambda: tuple(Judged(suite, one, took) for one, took in zip(report.findings, report.took, strict=True)),
        report.seconds,
    )


def _lines(report: Report, *, ascii_only: bool, details: bool) -> list[str]:
    """Return the lines of the text."""
    return render(as_dict(report), plain=ascii_only, details=details).split("\n")


def verdict(report: Report) -> str:
    """Return the last line of the text: how many checks failed, or that all passed."""
    return summary(as_dict(report))


def _document(report: Report) -> Shown:
    """Return the report as a document: the verdict, and a table of all findings."""
    lines = []
    for finding in report.findings:
        style = Style(finding.verdict.value)
        mark = Span(f"{MARK[Verdict(finding.verdict)]} {finding.verdict.value}", style)
        remedy, evidence = finding.remedy or "–", str(finding.evidence)
        words = (finding.check, finding.subject, finding.message, evidence, remedy)
        lines.append((text(mark), *(text(word or "–") for word in words)))
    heads = ("Verdict", "Check", "Subject", "What", "Evidence", "Remedy")
    python = report.python.get("executable") or report.python.get("version", "")
    opening = text(verdict(report), f"; looked at with {python}" if python else "")
    table = Table(tuple(Column(text(head)) for head in heads), tuple(lines))
    return Shown(
        text(f"podfit verify: {report.project} on {report.template}"),
        (*section("", Paragraph(opening)), *section("Checks", *((table,) if lines else ()))),
    )
