"""What the project's code uses and newer releases lack leads to older ones, or is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, World, planned, project, template

from podfit.fit.session import fit_templates
from podfit.model import Distribution, LocalEnvironment, NameUse, Plan, Verdict

RELEASES: dict[tuple[str, str], list[str]] = {
    ("gradio", "3.50.2"): [],
    ("gradio", "4.0.0"): [],
    ("gradio", "5.0.0"): [],
    ("numpy", "1.23.5"): [],
    ("numpy", "1.26.4"): [],
    ("needy", "1.0"): ["numpy>=1.24"],
}
INPUTS = NameUse("gradio.inputs", "main.py", 7)
FLOAT = NameUse("numpy.float", "main.py", 3)


def plan_of(
    folder: Path, *uses: NameUse, asked: tuple[str, ...] = ("gradio", "numpy"), tested: str = "", held: bool = False
) -> Plan:
    """Return the plan of a project that uses names; tested is gradio's local version; held, NumPy never changes."""
    made = World(folder, RELEASES)
    local = LocalEnvironment({"gradio": Distribution("gradio", tested, EVIDENCE)}, EVIDENCE) if tested else None
    given = replace(project(*asked), uses=uses, local=local)
    options = replace(made.options, hold=("numpy",)) if held else made.options
    pod = template("pod", {"numpy": ("1.26.4", [])})
    (result,) = fit_templates(given, (), [pod], index=made.index, uv=made.uv, options=options)
    assert result.plan is not None
    return result.plan


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ((), {"gradio": "5.0.0"}),
        ((INPUTS,), {"gradio": "3.50.2"}),
        ((replace(INPUTS, name="gradio.nothing"),), {"gradio": "5.0.0"}),
        ((replace(FLOAT, certain=True),), {"gradio": "5.0.0", "numpy": "1.23.5"}),
        ((FLOAT,), {"gradio": "5.0.0"}),
    ],
)
def test_what_is_installed_goes_back_and_what_the_template_has_where_nothing_runs_without(
    tmp_path: Path, uses: tuple[NameUse, ...], expected: dict[str, str]
) -> None:
    plan = plan_of(tmp_path, *uses)
    assert (planned(plan), plan.feasible) == (expected, True)


@pytest.mark.parametrize(
    ("use", "asked", "held", "remedy"),
    [
        (FLOAT, ("numpy",), False, "write it anew, or declare numpy<1.24.0"),
        (replace(FLOAT, certain=True), ("numpy",), True, "write it anew, or take a template whose numpy is older"),
    ],
)
def test_what_stays_is_told(tmp_path: Path, use: NameUse, asked: tuple[str, ...], held: bool, remedy: str) -> None:
    plan = plan_of(tmp_path, use, asked=asked, held=held)
    assert (planned(plan), plan.feasible) == ({}, True)
    (finding,) = [each for each in plan.findings if each.check == "names"]
    assert (finding.subject, finding.verdict, finding.remedy) == ("numpy", Verdict.WARNING, remedy)
    assert finding.message.startswith(
        "the project uses numpy.float (main.py:3), which numpy 1.24.0 and newer no longer"
    )


def test_where_another_need_stands_against_it_that_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, replace(FLOAT, certain=True), asked=("numpy", "needy"))
    assert planned(plan) == {"needy": "1.0"}
    (finding,) = [each for each in plan.findings if "numpy.float" in each.message]
    assert (finding.check, finding.verdict) == ("bounds", Verdict.WARNING)


def test_what_was_tested_with_that_release_is_left_alone(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, INPUTS, tested="5.0.0")
    assert planned(plan) == {"gradio": "5.0.0"}
    assert not [each for each in plan.findings if each.check == "names"]
