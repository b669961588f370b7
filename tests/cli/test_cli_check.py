"""`podfit check`: the answer in every format, the exit code, and what it takes for the template as it is now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_support import podfit

from podfit.catalogue.store import template_names
from podfit.model import Action, Decision, Evidence, EvidenceKind, Plan
from podfit.model.serial import plan_to_dict
from podfit.readers.template import read_template

LISTED = "numpy==1.26.4\ntorch==2.4.0+cu124\n"


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """A plan that keeps torch, on a template that is given as a freeze."""
    (tmp_path / "then.txt").write_text(LISTED)
    template = read_template(str(tmp_path / "then.txt"), python="3.11.9", name="pod")
    seen = (Evidence(EvidenceKind.METADATA, "then.txt:2"),)
    keep = Decision("torch", Action.KEEP, "held", seen, "", "2.4.0+cu124", "2.4.0+cu124", held=True)
    (tmp_path / "plan.json").write_text(json.dumps(plan_to_dict(Plan("moola", template, (), (keep,)))))
    return tmp_path


def check(folder: Path, text: str, *words: str) -> Any:
    (folder / "now.txt").write_text(text)
    return podfit("check", "plan.json", "-t", "now.txt", "--python", "3.11.9", *words, cwd=folder)


def test_a_plan_that_holds(planned: Path) -> None:
    ran = check(planned, LISTED)
    assert (ran.code, ran.err) == (0, "")
    assert "moola on now: the plan holds." in ran.out


@pytest.mark.slow
def test_a_plan_that_does_not_hold_in_every_format(planned: Path) -> None:
    changed = LISTED.replace("2.4.0+cu124", "2.4.1+cu124")
    said = "torch, which is held, was 2.4.0+cu124 and is 2.4.1+cu124 now"
    text = check(planned, changed, "--details")
    assert text.code == 1
    assert "does not hold any more: 1 thing it leans on changed" in text.out
    assert said in " ".join(text.out.split())
    data = json.loads(check(planned, changed, "--format", "json").out)
    assert (data["schema"], data["holds"], data["template"]) == ("podfit.check/1", False, "now")
    assert [each["message"] for each in data["findings"] if each["verdict"] == "failed"] == [said]
    github = check(planned, changed, "--format", "github")
    assert github.code == 1
    first, last = github.out.splitlines()[0], github.out.splitlines()[-1]
    assert first.startswith(f"::error title=moola on now%3A PF303 drift torch::{said}%0Aevidence: ")
    assert last == "podfit check: 1 of 1 findings failed"


def test_without_a_template_the_catalogue_must_know_it(planned: Path) -> None:
    assert podfit("check", "plan.json", cwd=planned).sentence == (
        "the catalogue has no template pod; name it as it is now with --template, "
        "such as a manifest that podfit probe writes there"
    )


def test_the_catalogue_s_own_list_is_the_default(planned: Path) -> None:
    template = read_template(template_names()[0])
    (planned / "plan.json").write_text(json.dumps(plan_to_dict(Plan("moola", template, (), ()))))
    ran = podfit("check", "plan.json", cwd=planned)
    assert ran.code == 0
    assert "holds" in ran.out
