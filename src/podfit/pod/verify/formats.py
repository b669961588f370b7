"""A report as text, as JSON and as JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import msgspec

from podfit.far.verify.main import SCHEMA
from podfit.far.verify.report import render
from podfit.model import Finding, Verdict
from podfit.pod.verify.run import Report


def as_dict(report: Report) -> dict[str, Any]:
    """Return the JSON object, schema podfit.verify/1: the same keys as `verify_env.py --json` prints."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "template": report.template,
        "python": dict(report.python),
        "passed": report.passed,
        "findings": [
            {**msgspec.to_builtins(finding), "seconds": report.took[index]}
            for index, finding in enumerate(report.findings)
        ],
        "seconds": report.seconds,
    }


def as_json(report: Report) -> str:
    """Return the report as JSON with a line break at its end; in ASCII, so that any terminal and file takes it."""
    return json.dumps(as_dict(report), indent=1) + "\n"


def as_text(report: Report, *, plain: bool = False) -> str:
    """Return the report as verify_env.py prints it; plain: in ASCII."""
    return render(as_dict(report), plain=plain) + "\n"


def as_junit(report: Report) -> str:
    """Return the report as JUnit XML, the dialect that CI systems read: one testcase per finding.

    A failed check is a `failure`, one that could not be decided is `skipped`; a warning passes, its text is in
    system-out. In ASCII, other characters as references. Keys: https://github.com/testmoapp/junitxml
    """
    counts: Mapping[str, str] = {
        "tests": str(len(report.findings)),
        "failures": str(sum(f.verdict is Verdict.FAILED for f in report.findings)),
        "errors": "0",
        "skipped": str(sum(f.verdict is Verdict.UNKNOWN for f in report.findings)),
        "time": f"{report.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "podfit verify", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"{report.project} on {report.template}", **counts})
    for index, finding in enumerate(report.findings):
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": f"podfit.verify.{finding.check}",
                "name": _clean(finding.subject),
                "time": f"{report.took[index]:.3f}",
            },
        )
        _outcome(case, finding)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return text.decode("ascii") + "\n"


def _outcome(case: ElementTree.Element, finding: Finding) -> None:
    """Add what a finding says to its testcase."""
    lines = [finding.message, f"evidence: {finding.evidence}"]
    lines += [f"fix: {finding.remedy}"] if finding.remedy else []
    text = _clean("\n".join(lines))
    if finding.verdict is Verdict.FAILED:
        kind = {"message": _clean(finding.message), "type": finding.check}
        ElementTree.SubElement(case, "failure", kind).text = text
    elif finding.verdict is Verdict.UNKNOWN:
        ElementTree.SubElement(case, "skipped", {"message": _clean(finding.message)})
    else:
        ElementTree.SubElement(case, "system-out").text = text


def _clean(text: str) -> str:
    """Return text without the control characters that XML 1.0 cannot carry."""
    return "".join(c for c in text if c in "\t\n" or (c.isprintable() or c == " "))


FORMATS: Mapping[str, Callable[[Report], str]] = {"text": as_text, "json": as_json, "junit": as_junit}
"""The formats of `podfit verify --format`."""
