"""What an answer judged, as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from podfit.model import Finding, Verdict
from podfit.report.answer import Answer, Judged
from podfit.writers.interface import Screen
from podfit.writers.plain import kept_spaces


def write(answer: Answer, _screen: Screen) -> str:
    """Return the findings of answer in the dialect that CI systems read: a testsuite per project and template.

    A failed check is a `failure`, one that could not be decided is `skipped`; a warning passes, its text is in
    system-out. In ASCII, other characters as references. Keys: https://github.com/testmoapp/junitxml
    """
    judged = answer.judged() if answer.judged else ()
    root = ElementTree.Element("testsuites", {"name": answer.command, **_counts(judged, answer.seconds)})
    suites: dict[str, list[Judged]] = {}
    for one in judged:
        suites.setdefault(one.suite, []).append(one)
    for name, members in suites.items():
        seconds = answer.seconds if len(suites) == 1 else sum(one.seconds for one in members)
        suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(name), **_counts(members, seconds)})
        for one in members:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                {
                    "classname": f"{answer.command.replace(' ', '.')}.{_clean(one.finding.check)}",
                    "name": _clean(one.finding.subject),
                    "time": f"{one.seconds:.3f}",
                },
            )
            _outcome(case, one.finding)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return text.decode("ascii") + "\n"


def _counts(judged: Sequence[Judged], seconds: float) -> dict[str, str]:
    """Return the attributes that count the members of a suite."""
    return {
        "tests": str(len(judged)),
        "failures": str(sum(one.finding.verdict is Verdict.FAILED for one in judged)),
        "errors": "0",
        "skipped": str(sum(one.finding.verdict is Verdict.UNKNOWN for one in judged)),
        "time": f"{seconds:.3f}",
    }


def _outcome(case: ElementTree.Element, finding: Finding) -> None:
    """Add what a finding says to its testcase."""
    lines = [finding.message, f"evidence: {finding.evidence}"]
    lines += [f"fix: {finding.remedy}"] if finding.remedy else []
    text = _clean("\n".join(lines))
    if finding.verdict is Verdict.FAILED:
        kind = {"message": _clean(finding.message), "type": finding.check}
        ElementTree.SubElement(case, "failure", kind).text = text
    elif finding.verdict is Verdict.UNKNOWN:
        ElementTree.SubElement(case, "skipped", {"message": _clean(finding.message)}).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text


def _clean(text: str) -> str:
    """Return text without control characters but line breaks: XML 1.0 cannot carry most, and a terminal obeys some."""
    return "\n".join(kept_spaces(line.replace("\t", " ")) for line in text.split("\n"))
