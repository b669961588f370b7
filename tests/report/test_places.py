"""Annotations stand at the file and the line that ask for what they speak of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from writers_support import moola

from podfit.model import Evidence, EvidenceKind, Finding, OpenQuestion, Verdict, Where
from podfit.report.ahead import Ahead
from podfit.report.comparison import comparison
from podfit.report.places import place_of
from podfit.writers.registry import write_answer


def evidence(source: str) -> Evidence:
    """Evidence of this source."""
    return Evidence(EvidenceKind.METADATA, source)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("src/train.py:3", Where("app/src/train.py", 3)),
        ("a b/x, y.py:12", Where("app/a b/x, y.py", 12)),
        ("../shared/requirements.txt:1", Where("shared/requirements.txt", 1)),
        ("notebooks/explore.ipynb[2]:7", Where("app/notebooks/explore.ipynb")),
        ("https://files.example.org/x.tar.gz:8", None),
        ("/etc/pip.conf:3", None),
        ("podfit probe of python3", None),
        ("torch 2.4.1, RECORD", None),
        ("x.py:٣", None),
    ],
)
def test_a_place_is_a_file_of_the_project_and_its_line(source: str, place: Where | None) -> None:
    assert place_of((evidence("nowhere"), evidence(source)), "app") == place


def test_a_finding_stands_at_its_evidence_else_at_the_need_that_leads_there() -> None:
    plan = moola()
    findings = (
        Finding("consistency", "tzdata", Verdict.FAILED, "dragged in by pandas", evidence("the index")),
        Finding("imports", "pandas", Verdict.WARNING, "seen", evidence("src/moola/late.py:9")),
        Finding("consistency", "nothing", Verdict.WARNING, "of nobody", evidence("the index")),
    )
    asked = OpenQuestion("mystery", "nobody knows", (evidence("src/moola/train.py:7"),))
    answer = comparison([replace(plan, findings=findings, questions=(asked,))], ahead=Ahead(project="my,app"))
    lines = write_answer("github", answer).splitlines()
    assert lines[0].startswith("::error file=my%2Capp/src/moola/train.py,line=3,title=")
    assert "PF101 consistency tzdata::dragged in by pandas" in lines[0]
    assert lines[1].startswith("::warning file=my%2Capp/src/moola/late.py,line=9,title=")
    assert lines[2].startswith("::warning title=")
    assert lines[3].startswith("::notice file=my%2Capp/src/moola/train.py,line=7,title=")
    assert lines[-1] == "podfit fit: 1 of 4 findings failed"
