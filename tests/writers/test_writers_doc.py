"""docs/plan-format.md names every key of all schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from writers_support import matrix_json, moola

from podfit.catalogue.store import Summary
from podfit.far.pack import sources
from podfit.model import (
    Action,
    Artefact,
    Change,
    Decision,
    Evidence,
    EvidenceKind,
    Finding,
    Need,
    OpenQuestion,
    Plan,
    Verdict,
)
from podfit.model.serial import plan_to_dict
from podfit.pod.apply import Applied
from podfit.pod.verify import Report
from podfit.pod.verify.formats import as_dict
from podfit.report.rows import Group

DOC = (Path(__file__).parents[2] / "docs" / "plan-format.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", DOC, re.S | re.M)
    assert found, f"docs/plan-format.md has no section {heading!r}"
    return found[1]


def documented(heading: str) -> set[str]:
    """The keys of the table under a heading."""
    first_cells = re.findall(r"^\| (`[^|]+) \|", section(heading), re.M)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        (Evidence, "Evidence"),
        (Need, "An element of `needs`"),
        (Decision, "An element of `decisions`"),
        (Artefact, "An element of a list in `artefacts`"),
        (Change, "An element of `changes`"),
        (Finding, "An element of `findings`"),
        (OpenQuestion, "An element of `questions`"),
    ],
)
def test_every_field_of_the_model_is_documented(kind: type, heading: str) -> None:
    assert {field.name for field in fields(kind)} == documented(heading)


def test_the_plans_own_keys_are_documented() -> None:
    plain = plan_to_dict(moola())
    assert set(plain) == documented("`podfit.plan/1`")
    assert {field.name for field in fields(Plan)} | {"schema"} == set(plain)


def test_the_matrix_keys_are_documented() -> None:
    plain: Mapping[str, Any] = json.loads(json.dumps(matrix_json([moola("2.2"), moola("2.4")])))
    assert set(plain) == documented("`podfit.matrix/1`")
    assert set(plain["templates"][0]) == documented("An element of `templates`")
    assert set(plain["rows"][0]) == documented("An element of `rows`")
    cell = next(cell for row in plain["rows"] for cell in row["cells"] if cell)
    assert set(cell) == documented("An element of `decisions`") - {"name", "local"}
    matrix = section("`podfit.matrix/1`")
    for key in ("facts", "drift"):
        assert all(f"`{name}`" in matrix for name in plain[key][0])
    assert all(f"`{name}`" in section("An element of `templates`") for name in plain["templates"][0]["checks"][0])


def test_the_keys_of_the_reports_are_documented() -> None:
    assert {field.name for field in fields(Applied)} | {"schema"} == documented("`podfit.apply/1`")
    assert {field.name for field in fields(Summary)} == documented("`podfit.templates/1`")
    report = Report("example", "pod", (), (), 0.0, {"version": "3.11.9", "executable": "", "prefix": ""})
    assert set(as_dict(report)) == documented("`podfit.verify/1`")
    checks = set(re.findall(r'finding\(\s*"(\w+)"', "".join(sources("verify").values())))
    assert len(checks) > 5
    assert all(f"`{check}`" in section("`podfit.verify/1`") for check in checks)


@pytest.mark.parametrize("kind", [Action, EvidenceKind, Verdict, Group])
def test_every_word_of_the_enumerations_is_documented(kind: type[Action]) -> None:
    assert all(f"`{member.value}`" in DOC for member in kind)
