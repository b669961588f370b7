"""The example on the two templates of the hand-written document: target Python and platform are the template's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.version import Version

from podfit.model.serial import plan_from_dict
from podfit.report.ahead import Ahead
from podfit.report.comparison import comparison
from podfit.writers.interface import Screen
from podfit.writers.registry import file_names, write_answer

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("moola")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "moola"
TEMPLATES = ("runpod-pytorch-2.2", "runpod-pytorch-2.4")
DOCUMENT = (
    *("pandas", "scipy", "scikit-learn", "xgboost", "imbalanced-learn", "pytorch-lightning", "mlflow", "loguru"),
    *("click", "typer", "hydra-core", "pydantic", "pyarrow", "pandera", "numpy"),
)
"""The packages that the document compares."""


class Result(NamedTuple):
    """One call over both templates: exit code, the matrix, and the plan of each template."""

    code: int
    matrix: dict[str, Any]
    plans: dict[str, dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("moola")
    words = [sys.executable, "-m", "podfit", "fit", EXAMPLE, "--local", EXAMPLE / "local-environment.txt"]
    words += [word for name in TEMPLATES for word in ("--template", name)]
    done = subprocess.run(
        [*map(str, words), "--out", str(folder / "out"), "--format", "json"],
        env={**os.environ, "PODFIT_CACHE_DIR": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    plans = {name: json.loads((folder / "out" / f"plan-{name}.json").read_text(encoding="utf-8")) for name in TEMPLATES}
    return Result(done.returncode, json.loads(done.stdout), plans, folder / "out")


def decisions(result: Result, template: str) -> dict[str, dict[str, Any]]:
    """Return the decisions of one plan by name."""
    return {decision["name"]: decision for decision in result.plans[template]["decisions"]}


def test_both_templates_fit(result: Result) -> None:
    assert result.code == 0
    assert result.matrix["feasible"] is True
    assert [each["feasible"] for each in result.matrix["templates"]] == [True, True]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_consistency_check_has_no_failed_finding(template: str, result: Result) -> None:
    findings = result.plans[template]["findings"]
    assert [finding for finding in findings if finding["verdict"] == "failed"] == []
    consistency = [finding["verdict"] for finding in findings if finding["check"] == "consistency"]
    assert "ok" in consistency


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_held_stays(template: str, result: Result) -> None:
    there = {each["name"]: each["version"] for each in result.plans[template]["template"]["distributions"]}
    held = [
        name for name in there if name in ("torch", "torchvision", "torchaudio", "triton") or name.startswith("nvidia-")
    ]
    assert len(held) >= 4 + 11
    for name in held:
        decision = decisions(result, template)[name]
        assert (decision["action"], decision["held"]) == ("keep", True), name
        assert decision["template"] == decision["planned"] == there[name]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", DOCUMENT)
def test_each_package_of_the_document_has_a_decision_with_reason_and_evidence(
    name: str, template: str, result: Result
) -> None:
    decision = decisions(result, template)[name]
    assert decision["action"] in ("keep", "install")
    assert decision["direct"] is True
    assert decision["reason"].strip()
    assert decision["evidence"]
    assert all(each["kind"] and each["source"].strip() for each in decision["evidence"])


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_the_project_needs_and_the_template_has_stays_and_the_few_changes_have_their_reason(
    template: str, result: Result
) -> None:
    plan = result.plans[template]
    there = {each["name"] for each in plan["template"]["distributions"]}
    found = decisions(result, template)
    assert found["numpy"]["action"] == "keep"
    assert [name for name in there if found[name]["action"] in ("install", "conflict")] == []
    changed = {name for name in there if found[name]["action"] == "change"}
    assert changed == {change["name"] for change in plan["changes"]}
    assert changed.isdisjoint(DOCUMENT)
    assert len(changed) <= 6
    assert all(change["conflict"] for change in plan["changes"])


@pytest.mark.parametrize("template", TEMPLATES)
def test_for_these_changes_every_need_but_those_of_another_python_is_what_was_tested(
    template: str, result: Result
) -> None:
    installed = [
        each for each in decisions(result, template).values() if each["direct"] and each["action"] == "install"
    ]
    other = {each["name"] for each in installed if each["local"] and each["local"] != each["planned"]}
    assert other <= {"scipy"}
    alternative = result.plans[template]["alternative"]
    assert alternative["changes"] == []
    assert {each["name"] for each in alternative["needs"]} == {"matplotlib", "mlflow", "pydantic"}


def test_scipy_follows_the_templates_python_not_this_one(result: Result) -> None:
    """SciPy 1.16 needs Python 3.11; the laptop's 1.16.1 fits the one template and not the other."""
    old, new = (decisions(result, template)["scipy"] for template in TEMPLATES)
    assert result.plans[TEMPLATES[0]]["template"]["interpreter"]["version"].startswith("3.10.")
    assert Version(old["planned"]).release[:2] == (1, 15)
    assert "Python" in old["drift"]
    assert new["planned"] == "1.16.1"


@pytest.mark.parametrize(("template", "tag"), [(TEMPLATES[0], "cp310"), (TEMPLATES[1], "cp311")])
def test_files_are_for_the_templates_python_and_platform(template: str, tag: str, result: Result) -> None:
    first = {name: files[0]["filename"] for name, files in result.plans[template]["artefacts"].items()}
    assert f"-{tag}-{tag}-manylinux" in first["scipy"]
    for name, file in first.items():
        compiled = file.endswith(".whl") and not file.endswith("-none-any.whl")
        assert not compiled or (("manylinux" in file) and "x86_64" in file), name
        assert not compiled or tag in file or "abi3" in file or "-py3-none-" in file, name
    lock = (result.folder / f"lock-{template}.txt").read_text(encoding="utf-8")
    assert f"scipy=={decisions(result, template)['scipy']['planned']}" in lock
    assert not [line for line in lock.splitlines() if line.startswith(("torch==", "nvidia-", "triton=="))]


def test_the_environment_that_runs_podfit_has_no_say(result: Result) -> None:
    """Asked from anywhere, the answer is about the template: facts name its Python, glibc and CUDA."""
    facts = {fact["label"]: fact["values"] for fact in result.matrix["facts"]}
    assert facts["Python"] == ["3.10.12", "3.11.10"]
    assert facts["CUDA"] == ["12.1", "12.4"]


def test_the_readme_shows_what_is_printed(result: Result) -> None:
    plans = [plan_from_dict(result.plans[name], where=name) for name in TEMPLATES]
    ahead = Ahead("podfit-out", {name: file_names(name) for name in TEMPLATES})
    printed = write_answer("text", comparison(plans, ahead=ahead), Screen(width=100))
    shown = (EXAMPLE.parents[1] / "README.md").read_text(encoding="utf-8").partition("```\nPackage ")[2]
    for part in f"Package {shown}".partition("```")[0].split("\n...\n"):
        assert part.strip("\n") in printed, part
