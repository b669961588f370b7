"""A template with setuptools: its .pth file imports from the environment whenever a Python starts there.

Nothing that podfit starts leaves bytecode of that: byte for byte, the environment stays what it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import OLD, PODFIT, Recipe, changes, chosen, install, template_of, tree, wheelhouse
from pod_support import Sshd

from podfit.model import Verdict
from podfit.pod.apply import ApplyError, Options, apply, recover
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe
from podfit.pod.verify.run import verifier
from podfit.readers.environment.interpreter import probe_interpreter

pytestmark = [pytest.mark.network]


@pytest.fixture(autouse=True)
def _bytecode_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheelhouse(
        tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, "setuptools==75.6.0", "pip==24.0", "click==8.1.7"]
    )


@pytest.fixture
def python(make_venv: Callable[..., str], wheels: Path) -> str:
    found = make_venv(name="template")
    install(found, wheels, [*OLD, "setuptools==75.6.0", "pip==24.0"])
    for folder in Path(found).parent.parent.rglob("__pycache__"):
        shutil.rmtree(folder)
    return found


def test_the_template_leaves_bytecode_where_nobody_keeps_it_from_that(python: str) -> None:
    """Else the tests below could not fail."""
    root = Path(python).parent.parent
    before = tree(root)
    subprocess.run([python, "-c", "pass"], check=True, timeout=60)
    assert any("_distutils_hack/__pycache__" in path for path in changes(before, tree(root)))


def test_looking_leaves_none(python: str) -> None:
    root, machine = Path(python).parent.parent, LocalMachine(python)
    before = tree(root)
    probe(machine)
    probe_interpreter(python)
    recover(machine)
    assert changes(before, tree(root)) == []


@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_an_overlay_leaves_none_in_its_template(python: str, wheels: Path, installer: str, tmp_path: Path) -> None:
    root = Path(python).parent.parent
    plan = Recipe(template_of(python), chosen(wheels, ["click==8.1.7"])).plan()
    before = tree(root)
    options = Options(overlay=str(tmp_path / "mine"), installer=installer)
    done = apply(LocalMachine(python), plan, options, verifier=verifier)
    assert done.outcome == "applied"
    assert not [one for one in done.findings if one.verdict is Verdict.FAILED]
    assert apply(LocalMachine(python), plan, options, verifier=verifier).outcome == "unchanged"
    assert changes(before, tree(root)) == []


@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_in_place_leaves_none_once_put_back(python: str, wheels: Path, installer: str) -> None:
    root = Path(python).parent.parent
    plan = Recipe(template_of(python), chosen(wheels, ["click==8.1.7"])).plan()
    before = tree(root)

    def fails(*given: object) -> object:
        verifier(*given)  # type: ignore[arg-type]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        apply(LocalMachine(python), plan, Options(in_place=True, installer=installer), verifier=fails)  # type: ignore[arg-type]
    assert changes(before, tree(root)) == []


@pytest.mark.slow
def test_nor_does_the_whole_way_over_ssh(python: str, wheels: Path, sshd: Sshd, tmp_path: Path) -> None:
    root = Path(python).parent.parent
    before = tree(root)
    with sshd.machine(python) as machine:
        plan = Recipe(template_of(python), chosen(wheels, ["click==8.1.7"])).plan()
        apply(machine, plan, Options(overlay=str(tmp_path / "mine")), verifier=verifier)
        with pytest.raises(ApplyError):
            apply(machine, plan, Options(overlay=str(root)))
    assert changes(before, tree(root)) == []


def test_nor_does_the_command(python: str, wheels: Path, tmp_path: Path) -> None:
    root = Path(python).parent.parent
    plan = Recipe(template_of(python), chosen(wheels, ["click==8.1.7"])).write(tmp_path / "plan.json")
    before = tree(root)
    words = [*PODFIT, str(plan), "--overlay", str(tmp_path / "mine"), "--python", python]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "podfit", "verify", str(plan), "--python", str(tmp_path / "mine")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert changes(before, tree(root)) == []
