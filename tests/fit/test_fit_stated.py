"""Hashes that a project states of a release are those of a file that is planned, or the plan does not fit."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import World, planned, project, template

from podfit.fit.session import fit_templates
from podfit.model import Plan, Verdict

OTHER = f"sha256:{'0' * 64}"


def plan_of(folder: Path, requirement: str, *stated: str) -> Plan:
    """Return the plan of a project that states hashes with a requirement; `OWN` is that of app 1.0's wheel."""
    made = World(folder, {("app", "1.0"): [], ("app", "2.0"): []})
    (wheel,) = (folder / "wheels").glob("app-1.0-*.whl")
    own = f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    asked = project(requirement)
    (declaration,) = asked.declarations
    declaration = replace(declaration, hashes=tuple(own if each == "OWN" else each for each in stated))
    given = replace(asked, declarations=(declaration,))
    (result,) = fit_templates(given, (), [template("pod", {})], index=made.index, uv=made.uv, options=made.options)
    assert result.plan is not None
    return result.plan


@pytest.mark.parametrize("stated", [(), ("OWN",), (OTHER, "OWN"), ("sha512:" + "0" * 128,)])
def test_a_file_that_has_a_stated_hash_or_of_which_none_is_stated_is_planned(
    tmp_path: Path, stated: tuple[str, ...]
) -> None:
    plan = plan_of(tmp_path, "app==1.0", *stated)
    assert (planned(plan), plan.feasible) == ({"app": "1.0"}, True)
    assert not [each for each in plan.findings if each.check == "hashes"]


def test_a_file_that_has_none_of_the_stated_hashes_is_a_failure(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "app==1.0", OTHER)
    assert not plan.feasible
    (finding,) = [each for each in plan.findings if each.check == "hashes"]
    assert (finding.subject, finding.verdict) == ("app", Verdict.FAILED)
    assert "states 1 hash of app, and no file of app 1.0 that fits this template has one of them" in finding.message
    assert "app-1.0-py3-none-any.whl" in finding.message
