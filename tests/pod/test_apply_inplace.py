"""`podfit apply --in-place` on a real environment with NumPy 1.26, beside the naive route on a copy of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import (
    NEW,
    OLD,
    PODFIT,
    Notes,
    Recipe,
    area_of,
    artefact,
    changes,
    chosen,
    finding,
    install,
    make_wheel,
    run,
    template_of,
    tree,
    wheelhouse,
)

from podfit.model import InputError, Plan, Verdict, Where
from podfit.pod.apply import ApplyError, Options, apply, recover
from podfit.pod.apply import run as apply_run
from podfit.pod.machine import LocalMachine

pytestmark = [pytest.mark.network]

IN_PLACE = Options(in_place=True)
NUMPY = "numpy==1.26.4"
PIP = "pip==24.0"
OPENCV = "opencv-python-headless==4.9.0.80"
"""A release that takes NumPy 1; unpinned, pip brings one that asks for NumPy 2."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.version_info[:2] > (3, 12):
        pytest.skip("NumPy 1.26 has no wheels for this Python")
    return wheelhouse(tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, *NEW, NUMPY, OPENCV, PIP])


@pytest.fixture
def python(make_venv: Callable[..., str], wheels: Path) -> str:
    """The interpreter of an environment that plays the template."""
    found = make_venv(name="template")
    install(found, wheels, [*OLD, NUMPY])
    run(found, "import sys; sys.dont_write_bytecode = False; import click, numpy")  # bytecode is part of the template
    return found


@pytest.fixture
def with_pip(python: str, wheels: Path) -> str:
    """Likewise, and it has pip."""
    install(python, wheels, [PIP])
    return python


def root(python: str) -> Path:
    return Path(python).parent.parent


def recipe(python: str, wheels: list[Path]) -> Recipe:
    return Recipe(template_of(python), wheels, held={"numpy"})


def versions(python: str) -> dict[str, str]:
    """Return name to version of what an environment has."""
    return {name: found.version for name, found in template_of(python).distributions.items()}


def test_what_is_replaced_is_told_beforehand_and_an_overlay_replaces_nothing(python: str, wheels: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).plan()
    assert {change.name for change in plan.changes} == {"click", "packaging"}
    for options, told in ((Options(in_place=True, dry_run=True), 1), (Options(dry_run=True), 0)):
        notes = Notes()
        apply(LocalMachine(python), plan, options, reporter=notes)
        said = [text for text in notes.warnings if "replaced" in text]
        assert len(said) == told, notes.warnings
        assert all("click 8.1.3 by" in text and "packaging 23.0 by 24.1" in text for text in said)


def test_it_is_applied_and_a_second_time_there_is_nothing_to_do(python: str, wheels: Path, tmp_path: Path) -> None:
    given = recipe(python, chosen(wheels, NEW))
    plan = given.write(tmp_path / "plan.json")
    words = [*PODFIT, str(plan), "--in-place", "--no-verify", "--python", python]
    first = subprocess.run([*words, "--format", "json"], capture_output=True, text=True, check=False, timeout=120)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["outcome"] == "applied"
    assert sorted(told["replaced"]) == ["click 8.1.3", "packaging 23.0"]
    assert run(
        python, "import rich, loguru, click, packaging, numpy; print(packaging.__version__, numpy.__version__)"
    ) == ("24.1 1.26.4")
    http = subprocess.run([str(Path(python).parent / "http"), "--version"], capture_output=True, text=True, check=False)
    assert "No module named 'requests'" in http.stderr  # the script starts this environment's Python
    assert (root(python) / "share" / "man" / "man1" / "http.1").is_file()
    assert not list(area_of(python).glob("work*"))
    after = tree(root(python))
    started = os.times()
    second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    ended = os.times()
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("nothing to do: ")
    spent = ended.children_user + ended.children_system - started.children_user - started.children_system
    assert spent < 3.0, spent  # processor time, not the clock: two interpreters start, and nothing is installed
    assert changes(after, tree(root(python))) == []


def test_a_changed_environment_is_not_taken_for_settled(python: str, wheels: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).plan()
    machine = LocalMachine(python)
    assert apply(machine, plan, IN_PLACE).outcome == "applied"
    install(python, wheels, ["click==8.1.3"])
    again = apply(machine, plan, IN_PLACE, reporter=Notes())
    assert (again.outcome, again.installed, again.replaced) == ("applied", ("click",), ("click 8.1.3",))
    assert apply(machine, plan, IN_PLACE).outcome == "unchanged"


@pytest.mark.slow
def test_the_naive_route_breaks_what_podfit_keeps(
    with_pip: str, wheels: Path, tmp_path: Path, record_property: Callable[..., None]
) -> None:
    """pip install of an unpinned requirement on a copy of the environment, and podfit with a plan for the same."""
    python, copy = with_pip, tmp_path / "copy"
    shutil.copytree(root(python), copy, symlinks=True)
    before = versions(python)
    naive = [str(copy / "bin" / "python"), "-m", "pip", "install", "-q", "opencv-python-headless"]
    done = subprocess.run(naive, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    done_by_podfit = apply(LocalMachine(python), recipe(python, chosen(wheels, [OPENCV])).plan(), IN_PLACE)
    lines = []
    for route, environment in (("pip install", str(copy / "bin" / "python")), ("podfit", python)):
        now = versions(environment)
        changed = [
            f"{name} {before[name]} -> {now.get(name, 'gone')}" for name in before if now.get(name) != before[name]
        ]
        lines.append(f"{route}: {', '.join(changed) or 'nothing of the template changed'}")
    record_property("report", lines)
    print("\n".join(lines))
    assert lines[0].startswith("pip install: numpy 1.26.4 -> 2.")
    assert lines[1] == "podfit: nothing of the template changed"
    assert done_by_podfit.installed == ("opencv-python-headless",)
    assert run(python, "import cv2, numpy; print(cv2.resize(numpy.ones((2, 2)), (4, 4)).shape)") == "(4, 4)"


def test_a_failed_verification_puts_everything_back(python: str, wheels: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).plan()
    before = tree(root(python))
    seen: list[str] = []

    def verifier(machine: object, where: str, given: Plan, reporter: object) -> list[object]:
        subprocess.run([where, "-c", "import rich.console, click"], check=True)  # leaves bytecode
        seen.append(run(where, "import packaging; print(packaging.__version__)"))
        return [finding(Verdict.OK), finding(Verdict.FAILED, "it segfaults")]

    with pytest.raises(ApplyError, match="it segfaults") as caught:
        apply(LocalMachine(python), plan, IN_PLACE, verifier=verifier)  # type: ignore[arg-type]
    assert seen == ["24.1"]
    assert len(caught.value.findings) == 2
    assert changes(before, tree(root(python))) == []


def test_a_verifier_that_raises_puts_everything_back(python: str, wheels: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).plan()
    before = tree(root(python))

    def verifier(*_: object) -> list[object]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        apply(LocalMachine(python), plan, IN_PLACE, verifier=verifier)  # type: ignore[arg-type]
    assert changes(before, tree(root(python))) == []


@pytest.mark.parametrize(
    ("how", "installer"),
    [
        ("hash", "uv"),
        ("hash", "pip"),
        ("truncated", "uv"),
        ("truncated", "pip"),
        ("other version", "uv"),
        ("in the way", "uv"),
    ],
)
def test_a_bad_wheel_leaves_everything_as_it_was(
    with_pip: str, wheels: Path, tmp_path: Path, how: str, installer: str
) -> None:
    python = with_pip
    good = chosen(wheels, NEW)
    name, expected = "extra", "extra"
    if how == "in the way":
        # A file where the template has a package of another distribution.
        bad = make_wheel(tmp_path / "bad", "extra", "1.0", {"numpy": "not a package"})
        expected = "in the way"
    elif how == "other version":
        made = make_wheel(tmp_path / "bad", "extra", "1.0", {"extra.py": "x = 1\n"})
        bad = made.rename(made.with_name("extra-2.0-py3-none-any.whl"))
    else:
        bad = make_wheel(tmp_path / "bad", "extra", "1.0", {"extra.py": "x = 1\n" * 10_000})
    if how == "truncated":
        bad.write_bytes(bad.read_bytes()[:-200])
    plan = recipe(python, [*good, bad]).plan()
    if how == "hash":
        plan = replace(plan, artefacts={**plan.artefacts, name: (artefact(bad, sha256="0" * 64),)})
    before = tree(root(python))
    with pytest.raises(ApplyError, match=expected) as caught:
        apply(LocalMachine(python), plan, replace(IN_PLACE, installer=installer))
    assert caught.value.exit_code == 1
    assert changes(before, tree(root(python))) == []


def test_pip_installs_where_there_is_no_uv(with_pip: str, wheels: Path) -> None:
    python = with_pip
    plan = recipe(python, chosen(wheels, NEW)).plan()
    machine, options = LocalMachine(python), replace(IN_PLACE, installer="pip")
    before = tree(root(python))
    with pytest.raises(ApplyError):
        apply(machine, plan, options, verifier=lambda *_: [finding(Verdict.FAILED)])  # type: ignore[list-item]
    assert changes(before, tree(root(python))) == []
    done = apply(machine, plan, options)
    assert (done.outcome, sorted(done.replaced)) == ("applied", ["click 8.1.3", "packaging 23.0"])
    assert run(python, "import packaging, rich; print(packaging.__version__)") == "24.1"
    assert apply(machine, plan, IN_PLACE).outcome == "unchanged"


def test_what_pip_thinks_of_it_afterwards(with_pip: str, wheels: Path) -> None:
    """RECORD files are true: pip checks them, and uninstalls everything that came, and nothing else."""
    python = with_pip
    before = set(tree(root(python), skip=["__pycache__"]))
    given = recipe(python, chosen(wheels, NEW))
    assert apply(LocalMachine(python), given.plan(), IN_PLACE).outcome == "applied"
    added = [d.name for d in given.plan().decisions if not d.template]
    words = [python, "-m", "pip", "uninstall", "-q", "-y", *added]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    after = tree(root(python), skip=["__pycache__", ".podfit-apply"])
    left = [path for path in after if path not in before and after[path][0] != "folder"]
    assert [path for path in left if "packaging" not in path and "click" not in path] == []


def test_held_drift_and_another_python_are_refused(python: str, wheels: Path) -> None:
    given = recipe(python, chosen(wheels, NEW))
    template = given.template
    other = replace(template.distributions["numpy"], version="1.25.0")
    given.template = replace(template, distributions={**template.distributions, "numpy": other})
    before = tree(root(python))
    with pytest.raises(ApplyError, match=r"numpy must stay 1\.25\.0, and the environment has 1\.26\.4"):
        apply(LocalMachine(python), given.plan(), IN_PLACE)
    given.template = replace(template, interpreter=replace(template.interpreter, version="3.7.9"))
    with pytest.raises(ApplyError, match=r"the plan is for cpython 3\.7"):
        apply(LocalMachine(python), given.plan(), IN_PLACE)
    assert changes(before, tree(root(python))) == []


def test_drift_of_the_rest_is_told_and_dry_run_changes_nothing(python: str, wheels: Path) -> None:
    given = recipe(python, chosen(wheels, NEW))
    install(python, wheels, ["tqdm==4.66.4"])
    subprocess.run([python, "-c", "0"], check=True)
    shutil.rmtree(next(root(python).glob("lib/*/site-packages/toolz-*.dist-info")))
    before, notes = tree(root(python)), Notes()
    done = apply(LocalMachine(python), given.plan(), replace(IN_PLACE, dry_run=True), reporter=notes)
    assert done.outcome == "dry-run"
    assert len(done.installed) == len(NEW)
    assert any("toolz is missing (planned for 0.12.0)" in text for text in notes.warnings)
    assert changes(before, tree(root(python))) == []


def test_an_infeasible_or_hashless_plan_is_refused(python: str, wheels: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).plan()
    with pytest.raises(ApplyError, match="conflicts or failed checks"):
        apply(LocalMachine(python), replace(plan, findings=(finding(Verdict.FAILED),)), IN_PLACE)  # type: ignore[arg-type]
    bare = replace(plan.artefacts["rich"][0], hashes=("md5:0",))
    with pytest.raises(Exception, match="no sha256 for rich"):
        apply(LocalMachine(python), replace(plan, artefacts={**plan.artefacts, "rich": (bare,)}), IN_PLACE)


def test_recover_of_a_clean_environment(python: str) -> None:
    before = tree(root(python))
    assert recover(LocalMachine(python)).outcome == "clean"
    assert changes(before, tree(root(python))) == []


def test_an_installer_that_fails_before_the_checks_are_through_keeps_its_words(python: str, wheels: Path) -> None:
    """The agent is going, and its directory with it, when podfit wants to tell it to go on: its reason counts."""

    class Vanishing(LocalMachine):
        """A machine whose directory for words is gone in the moment of writing."""

        def put(self, data: bytes, path: str, *, mode: int = 0o644) -> None:
            if data == b"go":
                raise InputError("cannot be written: No such file or directory", where=Where(path))
            super().put(data, path, mode=mode)

    plan = recipe(python, chosen(wheels, NEW)).plan()
    wrong = replace(plan.artefacts["rich"][0], hashes=("sha256:" + "0" * 64,))
    before = tree(root(python))
    with pytest.raises(ApplyError, match=r"(?i)hash"):
        apply(Vanishing(python), replace(plan, artefacts={**plan.artefacts, "rich": (wrong,)}), IN_PLACE)
    assert changes(before, tree(root(python))) == []


def test_an_agent_that_cannot_be_told_to_go_on_puts_everything_back(
    python: str, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives, waits and hears nothing; podfit gives it up after a while, and it puts back what it did."""

    class Mute(LocalMachine):
        """A machine that takes one word less than it is told."""

        def put(self, data: bytes, path: str, *, mode: int = 0o644) -> None:
            if data == b"go":
                raise InputError("cannot be written: No space left on device", where=Where(path))
            super().put(data, path, mode=mode)

    monkeypatch.setattr(apply_run, "_LAST_WORDS_SECONDS", 1.0)
    before = tree(root(python))
    with pytest.raises(ApplyError, match="No space left on device; everything was put back"):
        apply(Mute(python), recipe(python, chosen(wheels, NEW)).plan(), IN_PLACE)
    assert changes(before, tree(root(python))) == []
