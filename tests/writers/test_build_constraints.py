"""`build-constraints-T.txt` is there when, and only when, something of the plan is built from source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from writers_support import PUBLISHED, artefact, moola

from podfit.model import Distribution, Plan, SourceBuild
from podfit.report.building import with_build_constraints
from podfit.report.by_pip import pip_command
from podfit.writers.files import write_files
from podfit.writers.registry import file_names, plan_files

NAME = "build-constraints-runpod-pytorch-2.4.txt"


def _built(pip: str = "") -> Plan:
    """The plan with scipy as a source build, on a template with this pip."""
    plan = moola()
    sdist = artefact("scipy", "1.13.1", kind="sdist")
    build = SourceBuild(
        "scipy", "1.13.1", (), "unknown", "it is old", "", sdist, PUBLISHED, ("torch",), ("setuptools<58",)
    )
    template = plan.template
    if pip:
        known = {**template.distributions, "pip": Distribution("pip", pip, PUBLISHED)}
        template = replace(template, distributions=known)
    return replace(plan, template=template, artefacts={**plan.artefacts, "scipy": (sdist,)}, builds=(build,))


def test_it_is_there_only_where_something_is_built() -> None:
    assert NAME not in plan_files(moola())
    text = plan_files(_built())[NAME]
    assert text.startswith("# podfit: build constraints of ")
    assert "For what is built from source here: scipy." in text
    assert "scipy 1.13.1 imports torch while it is built" in text
    assert "--no-build-isolation" in text


def test_it_limits_what_is_held_and_what_others_compile_against() -> None:
    lines = [line for line in plan_files(_built())[NAME].splitlines() if line and not line.startswith("#")]
    limits = {requirement.name: str(requirement.specifier) for requirement in map(Requirement, lines)}
    assert limits["torch"] == "==2.4.0+cu124"
    assert limits["numpy"] == ">=1.26.3"
    assert limits["setuptools"] == "<58"
    assert "jinja2" not in limits
    assert "[https://numpy.org/" in plan_files(_built())[NAME]


def test_the_use_line_names_it_in_the_way_that_the_templates_pip_knows() -> None:
    install = ("pip", "install", "x")
    assert with_build_constraints(install, moola(), "b.txt") == install
    for pip in ("", "25.3", "26.2", "unreadable"):
        assert with_build_constraints(install, _built(pip), "b.txt") == (*install, "--build-constraint", "b.txt"), pip
    assert with_build_constraints(install, _built("24.2"), "b.txt") == ("env", "PIP_CONSTRAINT=b.txt", *install)
    assert f"--build-constraint {NAME}\n" in plan_files(_built())["requirements-runpod-pytorch-2.4.txt"]
    assert "--build-constraint" not in plan_files(moola())["requirements-runpod-pytorch-2.4.txt"]


def test_one_that_an_earlier_plan_had_goes(tmp_path: Path) -> None:
    write_files(plan_files(_built()), tmp_path)
    assert (tmp_path / NAME).exists()
    write_files(plan_files(moola()), tmp_path, stale=file_names("runpod-pytorch-2.4").values())
    assert not (tmp_path / NAME).exists()
    assert (tmp_path / "lock-runpod-pytorch-2.4.txt").exists()


def _set(plan: Plan, **variables: str) -> Plan:
    """Return a plan over the same template as an image that sets variables."""
    return replace(plan, template=replace(plan.template, environment=variables))


def test_the_command_is_the_way_out_of_the_image_s_own_settings() -> None:
    install = ("pip", "install", "x")
    assert pip_command(install, moola(), "b.txt") == install
    bound = _set(moola(), PIP_CONSTRAINT="/etc/pip/constraint.txt")
    assert pip_command(install, bound, "b.txt") == ("env", "PIP_CONSTRAINT=", *install)
    told = plan_files(bound)
    assert "# Use:  env PIP_CONSTRAINT= pip install -r " in told["requirements-runpod-pytorch-2.4.txt"]
    assert "# Use:  env PIP_CONSTRAINT= pip install --no-deps " in told["lock-runpod-pytorch-2.4.txt"]


def test_what_limits_builds_takes_the_place_of_the_image_s_constraints() -> None:
    """An old pip has one variable for both; either way the image's list binds nothing."""
    install = ("pip", "install", "x")
    old = _set(_built("24.2"), PIP_CONSTRAINT="/etc/pip/constraint.txt")
    assert pip_command(install, old, "b.txt") == ("env", "PIP_CONSTRAINT=b.txt", *install)
    new = _set(_built("26.2"), PIP_CONSTRAINT="/etc/pip/constraint.txt")
    assert pip_command(install, new, "b.txt") == ("env", "PIP_CONSTRAINT=", *install, "--build-constraint", "b.txt")


def test_a_python_that_the_system_manages_is_told_to_be_written_to() -> None:
    template = replace(moola().template, interpreter=replace(moola().template.interpreter, externally_managed=True))
    call = pip_command(("pip", "install", "x"), replace(moola(), template=template), "b.txt")
    assert call == ("env", "PIP_BREAK_SYSTEM_PACKAGES=1", "pip", "install", "x")
    told = _set(replace(moola(), template=template), PIP_BREAK_SYSTEM_PACKAGES="1")
    assert pip_command(("pip", "install", "x"), told, "b.txt") == ("pip", "install", "x")
