"""What differs between two templates."""

from __future__ import annotations

from dataclasses import replace

from podfit.model import Evidence, EvidenceKind, Interpreter, Origin, Platform, Template
from podfit.model.distribution import Distribution
from podfit.report.templates_diff import Difference, difference_answer, differences
from podfit.writers.registry import write_answer

EVIDENCE = Evidence(EvidenceKind.PUBLISHED, "test")


def template(name: str, python: str = "3.11.9", **versions: str) -> Template:
    distributions = {each.replace("_", "-"): version for each, version in versions.items()}
    return Template(
        name=name,
        interpreter=Interpreter(python),
        platform=Platform(),
        distributions={each: Distribution(each, version, EVIDENCE) for each, version in distributions.items()},
        origin=Origin.PUBLISHED,
        evidence=EVIDENCE,
    )


ONE = template("one", alpha="1.0", beta="1", gone="2", torch="2.4.0+cu124", checkout="")
OTHER = template("other", "3.12.3", alpha="1.0.0", beta="2", new="3", torch="2.4.1+cu124", checkout="")


def test_what_is_held_comes_first_and_equal_versions_are_one() -> None:
    assert differences(ONE, OTHER) == (
        Difference("torch", "2.4.0+cu124", "2.4.1+cu124", True),
        Difference("beta", "1", "2", False),
        Difference("gone", "2", "", False),
        Difference("new", "", "3", False),
    )
    assert [each.kind for each in differences(ONE, OTHER)] == ["changed", "changed", "removed", "added"]


def test_the_text_and_the_data_say_the_same() -> None:
    answer = difference_answer(ONE, OTHER)
    shown = write_answer("text", answer, None)
    assert "From one to other: 1 added, 1 removed, 2 changed; 1 held one among them." in shown
    assert "3.11.9" in shown
    lines = [line.split() for line in shown.splitlines() if line.strip()]
    assert ["torch", "2.4.0+cu124", "2.4.1+cu124", "held"] in lines
    assert ["gone", "2", "-"] in lines
    data = answer.data()
    assert data["schema"] == "podfit.difference/1"
    assert {"name": "Python", "before": "3.11.9", "after": "3.12.3"} in data["facts"]
    assert {"name": "new", "kind": "added", "before": "", "after": "3", "held": False} in data["differences"]


def test_two_that_are_alike() -> None:
    shown = write_answer("text", difference_answer(ONE, replace(ONE, name="two")), None)
    assert shown.strip() == "one and two have the same distributions."
