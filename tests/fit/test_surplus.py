"""Bloat of a local environment: real wheels are weighed, and what the project needs is no bloat."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, World, project, template
from uv import find_uv_bin

from podfit.fit.scales import Scales
from podfit.fit.session import fit_templates, plans_of
from podfit.fit.surplus import bloat_steps
from podfit.index import Index
from podfit.model import Distribution, InputError, LocalEnvironment, Project, SilentReporter
from podfit.model.steps import finish
from podfit.plan.bloat import Bloat

RELEASES = {
    ("model", "1.0"): ["shared"],
    ("shared", "1.0"): [],
    ("pytest-extra", "2.0"): ["pluggable>=1"],
    ("pluggable", "1.0"): [],
    ("server", "3.0"): ["pluggable", "shared", "templates"],
    ("templates", "1.0"): [],
}


def with_local(found: Project, versions: dict[str, str]) -> Project:
    """Return a project that was tested with these versions, of which only names and versions are known."""
    local = {name: Distribution(name, version, EVIDENCE) for name, version in versions.items()}
    return replace(found, local=LocalEnvironment(local, EVIDENCE, "3.11.9"))


@pytest.fixture
def found(tmp_path: Path) -> Bloat:
    """The bloat of an environment of six distributions and one that no index knows."""
    world = World(tmp_path, RELEASES)
    local = dict(RELEASES.keys()) | {"in-house": "1.0"}
    mine = with_local(project("model"), local)
    results = fit_templates(mine, (), [template("pod", {})], index=world.index, uv=world.uv, options=world.options)
    (plan,) = plans_of(results)
    return finish(bloat_steps(mine, plan, world.index, SilentReporter()))


def test_what_the_project_needs_is_no_bloat_and_everything_else_is(found: Bloat) -> None:
    assert [one.name for one in found.surplus] == ["in-house", "pluggable", "pytest-extra", "server", "templates"]
    assert (found.everything.count, found.needed.count, found.rest.count) == (7, 2, 5)
    assert found.everything.unweighed == ("in-house",)
    assert found.everything.disk == found.needed.disk + found.rest.disk > 0


def test_dropping_a_root_counts_only_what_nothing_else_asks_for(found: Bloat) -> None:
    falls = {one.name: one.falls for one in found.savings}
    assert falls == {
        "in-house": ("in-house",),
        "pytest-extra": ("pytest-extra",),  # the server asks for pluggable, too
        "server": ("server", "templates"),
    }
    (pluggable,) = (one for one in found.surplus if one.name == "pluggable")
    assert (pluggable.roots, pluggable.dragged_by) == (("pytest-extra", "server"), "")


def test_each_has_a_category_with_its_evidence(found: Bloat) -> None:
    placed = {one.name: (one.category.name, str(one.category.evidence)) for one in found.surplus}
    assert placed["pytest-extra"][0] == "development"
    assert placed["templates"] == ("transitive", "metadata: Requires-Dist (required by server)")
    assert placed["in-house"] == ("other", "assumed: no category (its metadata are unknown)")
    assert {name: weight.count for name, _, weight in found.categories} == {
        "development": 1,
        "transitive": 2,
        "other": 2,
    }


def test_without_a_local_environment_there_is_nothing_to_compare(tmp_path: Path) -> None:
    world = World(tmp_path, RELEASES)
    results = fit_templates(
        project("model"), (), [template("pod", {})], index=world.index, uv=world.uv, options=world.options
    )
    with pytest.raises(InputError, match="there is no local environment to compare with"):
        finish(bloat_steps(project("model"), plans_of(results)[0], world.index, SilentReporter()))


@pytest.mark.network
def test_weights_are_what_du_says_of_a_real_installation(tmp_path: Path) -> None:
    """Two wheels with compiled code and one of text alone, installed by uv without byte code."""
    pairs = [("numpy", "2.1.3"), ("pyyaml", "6.0.2"), ("networkx", "3.3")]
    from podfit.model import Interpreter, Platform

    pod = replace(template("pod", {}), interpreter=Interpreter("3.11.9"), platform=Platform(glibc="2.28"))
    weighed = finish(Scales(Index(cache=tmp_path / "cache"), pod.target.tags).weigh(pairs))
    words = [find_uv_bin(), "pip", "install", "-q", "--no-deps", "--python-version", "3.11", "--target", "site"]
    words += ["--python-platform", "x86_64-manylinux_2_28", "--python", sys.executable]
    subprocess.run([*words, *(f"{name}=={version}" for name, version in pairs)], cwd=tmp_path, check=True)
    said = subprocess.run(["du", "-sb", "site"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    weights = [weighed[pair].weight for pair in pairs]
    predicted = sum(weight.disk for weight in weights if weight is not None and weight.disk is not None)
    assert len([weight for weight in weights if weight is not None]) == len(pairs)
    assert abs(predicted / int(said.split()[0]) - 1) < 0.02


def test_the_project_itself_is_nothing_that_could_stay_at_home(tmp_path: Path) -> None:
    world = World(tmp_path, RELEASES)
    mine = with_local(replace(project("model"), name="mine"), {**dict(RELEASES.keys()), "mine": "0.1"})
    results = fit_templates(mine, (), [template("pod", {})], index=world.index, uv=world.uv, options=world.options)
    (plan,) = plans_of(results)
    counted = finish(bloat_steps(mine, plan, world.index, SilentReporter()))
    assert counted.everything.count == len(RELEASES)
    assert "mine" not in {one.name for one in counted.surplus}
