"""`podfit apply --repair`: every round is an apply; what does not run is put back, and an older release is planned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import Notes, changes, run, tree
from prove_support import FAILS, RUNS, Releases, index_of, project
from verify_support import make_environment

from podfit.cli.main import run as podfit
from podfit.fit.library import fit
from podfit.fit.options import Options
from podfit.model import Plan, Template
from podfit.model.manifest import template_from_manifest
from podfit.model.serial import plan_to_dict
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe

pytestmark = pytest.mark.slow

RELEASES: Releases = {
    ("tool", "1.0"): ({"tool/__init__.py": RUNS}, ("back",)),
    ("tool", "2.0"): ({"tool/__init__.py": FAILS}, ("back",)),
    ("back", "1.0"): ({"back.py": RUNS}, ()),
    ("back", "2.0"): ({"back.py": RUNS}, ()),
}
BACKEND = """
import zipfile
def build_wheel(folder, settings=None, metadata=None):
    name = "mine-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("mine.py")
        wheel.writestr("mine-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
        wheel.writestr("mine-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("mine-1.0.dist-info/RECORD", "mine.py,,\\nmine-1.0.dist-info/RECORD,,\\n")
    return name
"""
MEMBER = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "mine"
version = "1.0"
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give podfit a cache of its own."""
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))


def planned(folder: Path, releases: Releases, requirements: str, code: str) -> tuple[str, Template, Plan]:
    """Return an environment that plays the template, what it is, and the plan of a project of one file over it."""
    python = make_environment(folder / "template")
    pod = template_from_manifest(probe(LocalMachine(python), quick=True, reporter=Notes()), where=python)
    pod = replace(pod, name="small-pod")
    index = index_of(folder / "index", releases)
    (fitted,) = fit(
        project(folder / "project", requirements, code), pod, local="none", options=Options(index_url=index)
    )
    assert fitted.plan is not None
    assert fitted.plan.feasible, fitted.plan.problems()
    return python, pod, fitted.plan


def applied(folder: Path, python: str, plan: Plan, *words: str) -> int:
    """Run `podfit apply` on a plan; return its exit code."""
    path = folder / "plan-small-pod.json"
    path.write_text(json.dumps(plan_to_dict(plan)))
    return podfit(["apply", str(path), "--python", python, "--overlay", str(folder / "overlay"), *words])


def test_an_older_release_takes_the_place_of_one_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python, _, plan = planned(tmp_path, RELEASES, "tool\n", "import tool\n")
    before = tree(tmp_path / "template")
    assert applied(tmp_path, python, plan) == 1  # without --repair
    assert not (tmp_path / "overlay").exists()
    assert applied(tmp_path, python, plan, "--repair") == 0
    out = capsys.readouterr().out
    assert (
        "round 1: tool 2.0\n  fails: tool 2.0: import tool fails: RuntimeError: this release needs another base" in out
    )
    assert "learned: tool<=1.0 [measured: podfit apply --repair on " in out
    assert "round 2: tool 1.0\n  runs\n" in out
    inside = str(tmp_path / "overlay" / "bin" / "python")
    code = "import importlib.metadata as m; print(m.version('tool'), m.version('back'))"
    assert run(inside, code) == "1.0 2.0"  # what is not to blame stays as it was planned
    assert not changes(before, tree(tmp_path / "template"))
    written = tmp_path / "plan-small-pod.repaired.json"
    assert f"the plan that runs is {written}" in out
    assert podfit(["apply", str(written), "--python", python, "--overlay", str(tmp_path / "overlay")]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_failed_end_leaves_the_state_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases: Releases = {**RELEASES, ("tool", "1.0"): ({"tool/__init__.py": FAILS}, ("back",))}
    python, pod, plan = planned(tmp_path, releases, "tool\n", "import tool\n")
    (good,) = fit(
        project(tmp_path / "other", "back==1.0\n", "import back\n"),
        pod,
        local="none",
        options=Options(index_url=str(tmp_path / "index")),
    )
    assert good.plan is not None
    assert applied(tmp_path, python, good.plan) == 0
    before = tree(tmp_path / "overlay")
    assert applied(tmp_path, python, plan, "--repair") == 1
    err = capsys.readouterr().err
    assert "no plan runs, so everything was put back: tool 1.0: import tool fails" in err
    assert "no older release of tool is left to try" in err
    assert not changes(before, tree(tmp_path / "overlay"))
    assert not (tmp_path / "plan-small-pod.repaired.json").exists()


def test_a_failure_of_the_project_s_own_code_blames_no_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "project" / "mine"
    own.mkdir(parents=True)
    (own / "pyproject.toml").write_text(MEMBER)
    (own / "backend.py").write_text(BACKEND)
    (own / "mine.py").write_text("import back\nback.nothing_of_the_kind\n")
    python, _, plan = planned(tmp_path, RELEASES, "back\n-e ./mine\n", "import back, mine\n")
    assert [member.name for member in plan.members] == ["mine"]
    assert applied(tmp_path, python, plan, "--repair") == 1
    err = capsys.readouterr().err
    assert "it is in mine, which is the project's own: no package is blamed" in err
    assert not (tmp_path / "overlay").exists()


def test_what_repair_does_not_go_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("--in-place", "--no-verify", "--dry-run"):
        assert podfit(["apply", str(tmp_path / "plan.json"), "--repair", word]) == 2
        assert "--repair applies into the overlay and verifies" in capsys.readouterr().err
