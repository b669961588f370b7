"""What a release says in an extra for its own installer bounds what is planned beside it."""

from __future__ import annotations

from pathlib import Path

from fit_support import World, planned, project, template

from podfit.catalogue.unstated import installers_extras
from podfit.fit.session import fit_templates
from podfit.model import Plan, Verdict

RELEASES = {
    ("app", "1.0"): ['kernels<2.0,>=1.0; extra == "mim"', 'other<2.0; extra == "all"'],
    ("kernels", "1.5"): [],
    ("kernels", "2.0"): [],
    ("other", "3.0"): [],
    ("new", "1.0"): ["kernels>=2"],
}


def plan_of(folder: Path, *ask: str) -> Plan:
    """The plan over a template without anything."""
    made = World(folder, RELEASES)
    pods = [template("pod", {})]
    (result,) = fit_templates(project(*ask), (), pods, index=made.index, uv=made.uv, options=made.options)
    assert result.plan is not None
    return result.plan


def test_what_the_installer_would_take_is_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app", "kernels", "other")
    assert planned(plan) == {"app": "1.0", "kernels": "1.5", "other": "3.0"}
    (bound,) = plan.bounds
    assert bound.reason == "app 1.0 runs with kernels<2.0,>=1.0 (its extra mim), not 2.0"
    assert planned(plan_of(tmp_path / "alone", "app", "other")) == {"app": "1.0", "other": "3.0"}


def test_where_that_cannot_be_had_it_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app", "new")
    assert planned(plan) == {"app": "1.0", "new": "1.0", "kernels": "2.0"}
    (finding,) = [each for each in plan.findings if each.check == "bounds"]
    assert (finding.subject, finding.verdict) == ("kernels", Verdict.WARNING)


def test_each_such_extra_has_its_source() -> None:
    assert all(evidence.source and evidence.detail for evidence in installers_extras().values())
