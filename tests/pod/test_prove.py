"""Proving on a stand-in: what fails is put down to the distribution that it lies in, and an older one is planned."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import Notes
from click.testing import CliRunner
from prove_support import FAILS, RUNS, Releases, index_of, project, template

from podfit.cli.main import podfit
from podfit.fit.indexes import index_arguments
from podfit.fit.options import Options
from podfit.fit.session import Session
from podfit.model import InputError, Interpreter, Template
from podfit.model.manifest import manifest_from_template
from podfit.pod.prove.replan import of_session
from podfit.pod.prove.run import Proof, prove
from podfit.pod.prove.standin import ROOM, key_of
from podfit.readers.project import read_project

pytestmark = pytest.mark.slow

SMALL: Releases = {
    ("base", "2.0"): ({"base.py": RUNS}, ()),
    ("tool", "1.0"): ({"tool/__init__.py": RUNS}, ("base",)),
    ("tool", "1.1"): ({"tool/__init__.py": RUNS}, ("base",)),
    ("tool", "2.0"): ({"tool/__init__.py": FAILS}, ("base",)),
    ("tool", "2.0.1"): ({"tool/__init__.py": FAILS}, ("base",)),
}
POD = {"base": "2.0+cu9", "vendor": "9.9"}
"""The index has base 2.0 and no vendor."""


def proof(
    folder: Path, releases: Releases, requirements: str, code: str, pod: Template | None = None, timeout: float = 180.0
) -> Proof:
    """Plan a project of one file over the template and prove it; `base` is held."""
    index = index_of(folder / "index", releases) if not (folder / "index").exists() else str(folder / "index")
    reading = read_project(project(folder / "project", requirements, code), local="none")
    pod = pod or template(POD)
    session = Session(Options(index_url=index, hold=("base",)), cache=folder / "cache", reporter=Notes())
    replan, asked, options = of_session(session, reading, pod)
    plan, why = replan(())
    assert plan is not None, why
    words = list(index_arguments(options))
    more = {"index_words": words, "timeout": timeout}
    return prove(plan, reading.project, replan, asked, cache=session.cache, reporter=Notes(), **more)


def test_an_older_release_is_planned_until_it_runs(tmp_path: Path) -> None:
    done = proof(tmp_path, SMALL, "tool\n", "import tool\n")
    first, last = done.ending.rounds
    assert done.ending.runs
    (failure,) = first.tried.failed
    assert failure.owners == ("tool",)
    assert "this release needs another base" in failure.finding.message
    (bound,) = (lesson.bound for lesson in first.lessons)
    assert bound is not None
    assert (bound.name, bound.specifier, bound.evidence.kind.value) == ("tool", "<=1.1", "measured")
    assert bound.evidence.source == "podfit prove on a stand-in of small-pod, round 1"
    assert last.plan.bounds == (bound,)
    assert {d.name: d.planned for d in last.plan.decisions}["tool"] == "1.1"
    assert "2.0 stands in for 2.0+cu9" in done.stand_in.instead["base"]
    assert set(done.stand_in.absent) == {"vendor"}
    again = proof(tmp_path, SMALL, "tool\n", "import tool\n")
    assert (done.stand_in.made, again.stand_in.made) == (True, False)
    assert not list((tmp_path / "cache" / "proofs").iterdir())


def test_two_in_combination(tmp_path: Path) -> None:
    releases: Releases = {
        ("base", "2.0"): ({"base.py": RUNS}, ()),
        ("back", "1.0"): ({"back.py": "old = 1\n"}, ()),
        ("front", "1.0"): ({"front.py": "from back import old\n"}, ("back",)),
        ("front", "2.0"): ({"front.py": "from back import new\n"}, ("back",)),
    }
    done = proof(tmp_path, releases, "front\nback\n", "import back\nimport front\n")
    assert done.ending.runs
    assert [each.plan.bounds and each.plan.bounds[0].name for each in done.ending.rounds] == [(), "front"]
    assert done.ending.rounds[0].tried.failed[0].owners == ("front", "back")


def test_what_is_held_is_not_blamed_on_anybody(tmp_path: Path) -> None:
    releases: Releases = {**SMALL, ("base", "2.0"): ({"base.py": FAILS}, ())}
    done = proof(tmp_path, releases, "base\n", "import base\n")
    assert not done.ending.runs
    assert len(done.ending.rounds) == 1
    assert done.ending.reason == "it is in base, which is held: nothing that is planned is to blame"


def test_what_the_stand_in_lacks_is_not_proved(tmp_path: Path) -> None:
    pod = template({**POD, "vendor": "9.9"})
    done = proof(tmp_path, SMALL, "tool==1.0\nvendor\n", "import tool, vendor\n", pod)
    assert done.ending.runs
    assert done.unproved == ("vendor",)


def test_names_that_are_imported_count(tmp_path: Path) -> None:
    """Those of which the sources tell nothing: what they tell, the plan knows."""
    lazy = "def __getattr__(name):\n    if name != 'name':\n        raise AttributeError(name)\n    return 1\n"
    releases: Releases = {
        ("base", "2.0"): ({"base.py": RUNS}, ()),
        ("tool", "1.0"): ({"tool/__init__.py": lazy}, ()),
        ("tool", "2.0"): ({"tool/__init__.py": "", "tool/part.py": FAILS}, ()),
    }
    done = proof(tmp_path, releases, "tool\n", "from tool import part\n" + "from tool import name\n")
    assert not done.ending.runs  # no release has both
    done = proof(tmp_path, releases, "tool\n", "from tool import name\n")
    assert done.ending.runs
    (failure,) = done.ending.rounds[0].tried.failed
    assert failure.finding.evidence.source == "main.py:1: import tool"
    assert "imports name from tool, which the distribution that is installed does not have" in failure.finding.message


def test_what_does_not_end_in_time_is_nobody_s_fault(tmp_path: Path) -> None:
    releases: Releases = {**SMALL, ("tool", "3.0"): ({"tool/__init__.py": "import time; time.sleep(120)\n"}, ())}
    done = proof(tmp_path, releases, "tool\n", "import tool\n", timeout=8.0)
    assert not done.ending.runs
    assert len(done.ending.rounds) == 1
    assert "no package is blamed; run it by hand to see what it waits for, or allow more" in done.ending.reason


def test_a_python_that_is_not_here(tmp_path: Path) -> None:
    pod = replace(template(POD), interpreter=Interpreter("3.99.1"))
    with pytest.raises(InputError, match=r"there is no Python 3.99 on this machine.*uv python install 3.99"):
        proof(tmp_path, SMALL, "tool==1.0\n", "import tool\n", pod)


def test_a_machine_of_another_kind(tmp_path: Path) -> None:
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    pod = template(POD)
    pod = replace(pod, platform=replace(pod.platform, machine=other))
    with pytest.raises(InputError, match="its wheels do not run here"):
        proof(tmp_path, SMALL, "tool==1.0\n", "import tool\n", pod)


def test_a_stand_in_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "cache" / ROOM / key_of(template(POD))
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").write_text("")
    assert proof(tmp_path, SMALL, "tool==1.0\n", "import tool\n").ending.runs


def test_foreign_code_sees_no_secret_and_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cret")
    monkeypatch.setenv("UV_INDEX_INTERNAL_PASSWORD", "s3cret")
    code = (
        "import os, pathlib, tempfile\n"
        "assert not [name for name, value in os.environ.items() if 's3cret' in value], dict(os.environ)\n"
        f"assert str(pathlib.Path.home()).startswith({str(tmp_path)!r}), pathlib.Path.home()\n"
        f"assert tempfile.gettempdir().startswith({str(tmp_path)!r}), tempfile.gettempdir()\n"
    )
    releases: Releases = {**SMALL, ("tool", "3.0"): ({"tool/__init__.py": code}, ())}
    done = proof(tmp_path, releases, "tool==3.0\n", "import tool\n")
    assert done.ending.runs, done.ending.rounds[0].tried


def test_the_command_tells_its_rounds_and_writes_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    index = index_of(tmp_path / "index", SMALL)
    pod = tmp_path / "pod.json"
    pod.write_text(json.dumps(manifest_from_template(template(POD))))
    where = project(tmp_path / "project", "tool\n", "import tool\n")
    words = ["prove", str(where), "-t", str(pod), "--local", "none", "--index-url", index, "--hold", "base"]
    done = CliRunner().invoke(podfit, [*words, "-o", str(tmp_path / "out")], standalone_mode=False)
    assert done.exception is None, done.exception
    assert done.return_value == 0
    assert "round 1: tool 2.0.1\n" in done.stdout
    assert "learned: tool<=1.1 [measured: podfit prove on a stand-in of small-pod, round 1" in done.stdout
    assert "base: the index's 2.0 stands in for 2.0+cu9" in done.stdout
    assert "not had, no index has a wheel of it for this machine: vendor" in done.stdout
    assert json.loads((tmp_path / "out" / "plan-small-pod.json").read_text())["template"]["name"] == "small-pod"
    data = CliRunner().invoke(podfit, [*words, "--format", "json"], standalone_mode=False)
    found = json.loads(data.stdout)
    assert (found["schema"], found["runs"], len(found["rounds"])) == ("podfit.prove/1", True, 2)
    assert found["rounds"][0]["failed"][0]["owners"] == ["tool"]
