"""What runs taught decides which release is planned: known before (the catalogue's bounds), or handed in by a proof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fit_support import World, project, template

from podfit.catalogue.measured import MeasuredBound
from podfit.fit.known import applies, known_bounds
from podfit.fit.session import fit_templates
from podfit.model import Action, Bound, Evidence, EvidenceKind, Plan, Template

RUN = Evidence(EvidenceKind.MEASURED, "a run", "it failed")


def planned(world: World, pod: Template, *bounds: Bound, ask: str = "transformers") -> Plan:
    """Return the plan of one need over a template, under bounds."""
    options = replace(world.options, bounds=bounds)
    (result,) = fit_templates(project(ask), (), [pod], index=world.index, uv=world.uv, options=options)
    assert result.plan is not None
    return result.plan


def version(plan: Plan, name: str) -> str:
    """Return the planned version."""
    return next(d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE, Action.KEEP) if d.name == name)


def test_a_release_that_failed_beside_the_held_torch_is_not_planned(tmp_path: Path) -> None:
    world = World(tmp_path, {("transformers", v): [] for v in ("5.12.0", "5.13.1", "5.14.0", "5.14.1", "5.15.0")})
    old = planned(world, template("old", {"torch": ("2.4.1+cu124", [])}))
    assert version(old, "transformers") == "5.13.1"
    assert old.feasible
    (bound,) = old.bounds
    assert (bound.specifier, bound.evidence.kind) == ("<5.14", EvidenceKind.MEASURED)
    assert "transformers 5.14.1 and newer do not run beside torch 2.4.1+cu124: ImportError" in bound.reason
    assert "over a stand-in of RunPod's template with torch 2.4.1" in bound.evidence.source
    none = planned(world, template("old", {"torch": ("2.4.1", []), "transformers": ("4.0", [])}), ask="torch")
    assert not none.bounds  # of what nobody takes nothing is told
    new = planned(world, template("new", {"torch": ("2.8.0", [])}))
    assert version(new, "transformers") == "5.15.0"
    assert version(planned(world, template("none", {})), "transformers") == "5.15.0"


def test_where_the_project_asks_for_it_the_plan_fails_with_the_run(tmp_path: Path) -> None:
    world = World(tmp_path, {("transformers", v): [] for v in ("5.13.1", "5.14.1")})
    plan = planned(world, template("old", {"torch": ("2.4.1", [])}), ask="transformers==5.14.1")
    assert not plan.feasible
    assert any("learned" in problem or "transformers" in problem for problem in plan.problems())
    (told,) = [decision.reason for decision in plan.with_action(Action.CONFLICT)]
    assert "(requirements.txt:1): transformers 5.14.1 and newer do not run beside torch 2.4.1: ImportError" in told


def test_bounds_of_a_proof_are_in_force_from_the_first_solution(tmp_path: Path) -> None:
    world = World(tmp_path, {("tool", v): [] for v in ("1.0", "2.0")} | {("torch", "9.0"): []})
    pod = template("pod", {"torch": ("2.4.1", [])})
    learned = Bound("tool", "it does not run", RUN, "<=1.0")
    plan = planned(world, pod, learned, Bound("torch", "no word of what is held", RUN, ">=9"), ask="tool")
    assert version(plan, "tool") == "1.0"
    assert plan.bounds == (learned,)


def test_what_a_measured_bound_is_about() -> None:
    measured = MeasuredBound(
        "tool", "<2", {"torch": "<2.5", "python": ">=3.11"}, "it failed", ("2.0",), ("1.0",), "a run"
    )
    assert applies(measured, {"torch": "2.4.1+cu124", "python": "3.11.9"})
    assert not applies(measured, {"torch": "2.5.0", "python": "3.11.9"})
    assert not applies(measured, {"torch": "2.4.1", "python": "3.10.12"})
    assert not applies(measured, {"python": "3.11.9"})
    assert not applies(measured, {"torch": "no version", "python": "3.11.9"})


def test_nothing_is_known_of_what_is_held() -> None:
    pod = template("pod", {"torch": ("2.4.1", []), "transformers": ("5.15.0", [])})
    assert "transformers" in {bound.name for bound in known_bounds(pod, frozenset({"torch"}))}
    assert "transformers" not in {bound.name for bound in known_bounds(pod, frozenset({"torch", "transformers"}))}
    free = [bound for bound in known_bounds(pod, frozenset()) if "torch" in bound.reason]
    assert free == []  # a torch that may change is no ground


def test_what_torch_brings_and_a_list_lacks_is_of_that_torch_and_no_need(tmp_path: Path) -> None:
    tritons: dict[tuple[str, str], list[str]] = {("triton", v): [] for v in ("3.0.0", "3.4.0", "3.9.0")}
    world = World(tmp_path, {("kernels", "1.0"): ["triton"], **tritons})
    plan = planned(world, template("old", {"torch": ("2.8.0+cu128", [])}), ask="kernels")
    assert version(plan, "triton") == "3.4.0"
    assert [bound.specifier for bound in plan.bounds] == ["==3.4.0"]
    assert version(planned(world, template("new", {"torch": ("2.99.0", [])}), ask="kernels"), "triton") == "3.9.0"
    whole = template("pod", {"torch": ("2.8.0", []), "triton": ("3.0.0", [])})
    assert version(planned(world, whole, ask="kernels"), "triton") == "3.0.0"
    unknown = replace(whole.distributions["torch"], requires_dist=None)
    part = replace(whole, distributions={"torch": unknown}, incomplete=True)
    assert not planned(world, part, ask="triton").with_action(Action.INSTALL)
    assert not planned(world, part, ask="nvidia-cublas-cu12==12.1.3.1").with_action(Action.INSTALL)
