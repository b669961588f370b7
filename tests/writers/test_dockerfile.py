"""The Dockerfile of a plan: what it names, what it says where something is not known, and that it builds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import make_wheel
from by_pip_support import OLD, small_plan
from image_build import Builder, small_root
from index_support import LocalIndex
from writers_support import DECLARED, PUBLISHED, artefact, moola

from podfit.model import (
    Action,
    Content,
    Decision,
    Distribution,
    Interpreter,
    Origin,
    Plan,
    PlannedMember,
    SourceBuild,
)
from podfit.readers.declared.aside import read_aside
from podfit.writers.registry import plan_files

NAME = "Dockerfile.runpod-pytorch-2.4"


def dockerfile(plan: Plan) -> str:
    """The text of the plan's Dockerfile."""
    return plan_files(plan)[NAME]


def with_image(image: str, origin: Origin = Origin.PUBLISHED) -> Plan:
    """The plan on a template of this image."""
    plan = moola()
    return replace(plan, template=replace(plan.template, image=image, origin=origin))


def with_template(plan: Plan, *added: Distribution, **changed: object) -> Plan:
    """The plan on a changed template."""
    found = {**plan.template.distributions, **{each.name: each for each in added}}
    return replace(plan, template=replace(plan.template, distributions=found, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("image", "line"),
    [
        ("runpod/pytorch:2.4@sha256:" + "a" * 64, "FROM docker.io/runpod/pytorch@sha256:" + "a" * 64),
        ("docker://nvcr.io/nvidia/pytorch:25.01-py3", "FROM nvcr.io/nvidia/pytorch:25.01-py3"),
        ("python:3.11", "FROM docker.io/library/python:3.11"),
    ],
)
def test_the_image_is_named_by_its_digest_where_that_is_known(image: str, line: str) -> None:
    lines = dockerfile(with_image(image)).splitlines()
    assert line in lines
    said = lines[lines.index(line) - 1]
    assert ("digest" in said) and ("may move" in said) == ("@" not in image)


@pytest.mark.parametrize(
    ("image", "origin", "said"),
    [
        ("", Origin.GIVEN, "Which image runpod-pytorch-2.4 is, is not known."),
        ("modal.Image.debian_slim, builder 1", Origin.PUBLISHED, "no name that FROM takes"),
        ("quay.io/some/notebook", Origin.PUBLISHED, "which one has this list is not known"),
        ("saved/image.tar", Origin.IMAGE, "no name that FROM takes"),
    ],
)
def test_no_image_is_invented(image: str, origin: Origin, said: str) -> None:
    text = dockerfile(with_image(image, origin))
    assert said in text
    assert re.findall(r"^FROM .*$", text, re.MULTILINE) == ["FROM ${IMAGE}"]


def test_everything_that_changes_is_in_it_with_its_hashes_and_nothing_held() -> None:
    plan = moola()
    text = dockerfile(plan)
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        for file in plan.artefacts[decision.name]:
            assert re.search(rf"'{decision.name}=={decision.planned} .*--hash={file.hashes[0]}", text), decision.name
    assert "torch==" not in text
    assert "changed: pyyaml 5.3.1 -> 6.0.2: omegaconf needs PyYAML >= 6" in text


def test_what_another_package_manager_put_there_is_shadowed() -> None:
    assert "--ignore-installed" not in dockerfile(moola())
    debian = Distribution("pyyaml", "5.3.1", PUBLISHED, location="system")
    text = dockerfile(with_template(moola(), debian))
    step = next(part for part in text.split("RUN ") if "--ignore-installed" in part)
    assert "pyyaml==6.0.2" in step
    assert "pandas==" not in step


def test_settings_of_the_image_do_not_forbid_it() -> None:
    assert "PIP_" not in dockerfile(moola())
    managed = Interpreter("3.11.10", externally_managed=True)
    plan = with_template(moola(), interpreter=managed, environment={"PIP_CONSTRAINT": "/etc/pip/constraint.txt"})
    assert "env PIP_BREAK_SYSTEM_PACKAGES=1 PIP_CONSTRAINT= python3 -m pip install" in dockerfile(plan)


def test_a_build_that_imports_torch_sees_it_and_its_tools_stay_out_of_the_image() -> None:
    plan = moola()
    sdist = artefact("scipy", "1.16.1", kind="sdist", digest="b")
    build = SourceBuild("scipy", "1.16.1", (), "unknown", "x", "", sdist, PUBLISHED, ("torch",), (), (), ("ninja",))
    plan = replace(plan, artefacts={**plan.artefacts, "scipy": (sdist,)}, builds=(build,))
    step = next(part for part in dockerfile(plan).split("RUN ") if "--no-build-isolation" in part)
    assert "scipy==1.16.1" in step
    assert "--target /tmp/podfit-build ninja" in step
    assert "rm -r /tmp/podfit-build" in step
    assert "torch==2.4.0+cu124" in dockerfile(plan)  # as a limit of what is built


def test_members_come_from_the_context_and_what_lies_outside_is_told() -> None:
    inside = PlannedMember("own-lib", "libs/own lib", Content.PURE, DECLARED)
    outside = PlannedMember("other", "../other", Content.PURE, DECLARED)
    text = dockerfile(replace(moola(), members=(inside, outside)))
    assert 'COPY ["libs/own lib", "/opt/podfit-members/own-lib"]' in text
    assert "other lies outside the project" in text
    assert f"docker build -f {NAME} PROJECT" in text


def test_a_plan_that_does_not_fit_has_none() -> None:
    plan = moola()
    refused = Decision("duckdb", Action.CONFLICT, "cannot be had", (DECLARED,))
    kept = tuple(each for each in plan.decisions if each.name != "duckdb")
    assert NAME not in plan_files(replace(plan, decisions=(*kept, refused)))


# --- a real build -----------------------------------------------------------------------------------------------------


@pytest.mark.machine
@pytest.mark.slow
def test_it_builds_over_a_real_image_and_not_over_another_one(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    index = LocalIndex()
    try:
        plan = small_plan(index)
        base = tmp_path / "context"
        base.mkdir()
        small_root(base / "root", [make_wheel(tmp_path / "old", *each) for each in OLD])
        first = builder.build("localhost/pod:1", "FROM scratch\nCOPY root /\nENV PATH=/usr/bin:/bin\n", base)
        assert first.returncode == 0, first.stderr
        check = "import six, torch, made_here; print(six.now, made_here.seen)"
        text = next(text for name, text in plan_files(plan).items() if name.startswith("Dockerfile."))
        assert "FROM localhost/pod:1\n" in text
        built = builder.build("localhost/fitted:1", f"{text}RUN python3 -c '{check}'\nRUN python3 -m pip list\n")
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
        assert "True built" in built.stdout
        listed = dict(re.findall(r"^(\S+) +(\d\S+)$", built.stdout, re.MULTILINE))
        assert listed["six"] == "1.16.0"
        assert listed["torch"] == "2.4.0+cu999"
        assert listed["made-here"] == "1.0"
        assert "helper" not in listed

        moved = replace(plan.template.distributions["torch"], version="2.5.0")
        other = with_template(plan, moved)
        decisions = tuple(
            replace(d, template="2.5.0", planned="2.5.0") if d.name == "torch" else d for d in plan.decisions
        )
        text = next(t for n, t in plan_files(replace(other, decisions=decisions)).items() if n.startswith("Dockerfile"))
        refused = builder.build("localhost/other:1", text)
        assert refused.returncode != 0
        assert "torch 2.4.0+cu999 and not 2.5.0" in refused.stderr
    finally:
        index.close()


def test_podfit_does_not_read_its_own_as_what_a_project_declares(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(dockerfile(moola()))
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN pip install six\n")
    made, notices = read_aside(tmp_path, (), (NAME, "Dockerfile"), (), alone=True)
    assert [one.requirement for one in made] == ["six"]
    assert not notices
