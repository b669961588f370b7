"""What requires a distribution for another CUDA goes back to the release that did not; what is asked for does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_support import World, planned, project, refill, template

from podfit.fit.session import fit_templates
from podfit.model import EvidenceKind, Plan, Verdict

RELEASES = {
    ("engine", "1.0"): ["engine-cu11==1.0"],
    ("engine", "2.0"): ["engine-cu12==2.0"],
    ("engine", "3.0"): ["engine-cu13==3.0"],
    ("engine", "4.0"): ["engine-cu13==4.0"],
    ("engine-cu11", "1.0"): [],
    ("engine-cu12", "2.0"): [],
    ("engine-cu13", "3.0"): ["engine-cu13-libs==3.0"],
    ("engine-cu13", "4.0"): ["engine-cu13-libs==4.0"],
    ("engine-cu13-libs", "3.0"): [],
    ("engine-cu13-libs", "4.0"): [],
    ("app", "1.0"): ["engine"],
}


def plan_of(folder: Path, *ask: str, torch: str = "2.4.1+cu124") -> Plan:
    """The plan over a template with a torch."""
    made = World(folder, RELEASES)
    pods = [template("pod", {"torch": (torch, ())})]
    (result,) = fit_templates(project(*ask), (), pods, index=made.index, uv=made.uv, options=made.options)
    assert result.plan is not None
    return result.plan


def test_an_older_release_for_the_templates_cuda_is_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app")
    assert plan.feasible
    assert planned(plan) == {"app": "1.0", "engine": "2.0", "engine-cu12": "2.0"}
    (bound,) = plan.bounds
    assert bound.reason == (
        "engine 4.0: engine-cu13 4.0 is for CUDA 13, as its name says; the template is for 12.4; a build for that "
        "would be called engine-cu12; 2.0 is the newest before it that requires nothing for another CUDA"
    )
    assert bound.evidence.kind is EvidenceKind.METADATA


def test_the_newest_is_planned_where_it_is_for_the_templates_cuda(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app", torch="2.9.0+cu130")
    assert planned(plan)["engine"] == "4.0"
    assert not plan.bounds


def test_what_has_no_such_release_fails_as_before(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "engine>=3")
    assert planned(plan)["engine"] == "4.0"
    failed = [each.subject for each in plan.findings if each.verdict is Verdict.FAILED]
    assert failed == ["engine-cu13", "engine-cu13-libs"]


def test_a_build_that_is_asked_for_by_name_is_left_to_who_asks(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app", "engine-cu13")
    assert planned(plan)["engine"] == "4.0"
    assert not plan.feasible


SHARED = {
    ("boost", "1.0"): ["nvidia-nccl-cu12"],
    ("boost", "2.0"): ["nvidia-nccl-cu13"],
    ("boost", "3.0"): ["nvidia-nccl-cu13"],
    ("nvidia-nccl-cu12", "2.20"): [],
    ("nvidia-nccl-cu13", "2.30"): [],
}


@pytest.mark.parametrize(
    ("file", "ask", "version"),
    [
        ("nvidia/nccl/lib/libnccl.so.2", "boost", "1.0"),
        ("nvidia/cu13/lib/libnccl.so.2", "boost", "3.0"),
        ("nvidia/nccl/lib/libnccl.so.2", "boost>=2", "3.0"),
    ],
)
def test_what_brings_files_of_what_is_held_leads_to_a_release_without(
    tmp_path: Path, file: str, ask: str, version: str
) -> None:
    made = World(tmp_path, SHARED)
    refill(tmp_path / "wheels", "nvidia_nccl_cu12-2.20", {"nvidia/nccl/lib/libnccl.so.2": ""})
    refill(tmp_path / "wheels", "nvidia_nccl_cu13-2.30", {file: ""})
    pods = [template("pod", {"torch": ("2.8.0+cu128", ["nvidia-nccl-cu12==2.20"]), "nvidia-nccl-cu12": ("2.20", ())})]
    (result,) = fit_templates(project(ask), (), pods, index=made.index, uv=made.uv, options=made.options)
    assert result.plan is not None
    assert planned(result.plan)["boost"] == version
