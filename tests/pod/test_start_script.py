"""The start script: after a restart that lost the home directory, shells and Jupyter find the overlay again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from apply_support import Recipe, make_wheel, template_of, tree
from image_build import debian_program
from writers_support import moola

from podfit.pod.apply import Options, apply
from podfit.pod.machine import LocalMachine
from podfit.writers.plain import name_of_overlay
from podfit.writers.registry import plan_files
from podfit.writers.start import write_start


@pytest.mark.slow
def test_shellcheck_and_dash_have_nothing_to_say(tmp_path: Path) -> None:
    program = debian_program("shellcheck", "shellcheck")
    path = tmp_path / "start.sh"
    path.write_text(plan_files(moola())["start-runpod-pytorch-2.4.sh"])
    done = subprocess.run([program, "--shell", "sh", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    subprocess.run(["/bin/sh", "-n", str(path)], check=True)


@dataclass
class Pod:
    """A volume with an overlay and the script on it, and a home directory that a restart loses."""

    folder: Path
    overlay: Path
    script: Path

    def boot(self, *words: str, shell: str = "sh", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script as a container's start does."""
        command = [shell, str(self.script), *words]
        return subprocess.run(command, env=self.variables(**variables), capture_output=True, text=True, timeout=120)

    def variables(self, **more: str) -> dict[str, str]:
        """What a fresh container has."""
        (self.folder / "home").mkdir(exist_ok=True)
        return {"HOME": str(self.folder / "home"), "PATH": os.environ["PATH"], **more}

    def shell(self, *words: str) -> str:
        """What a new shell of the user prints."""
        command = [*words, "-c", "python -c 'import other; print(other.where)'; echo $PATH"]
        done = subprocess.run(command, env=self.variables(), capture_output=True, text=True, timeout=120)
        return done.stdout

    def restart(self) -> None:
        """Lose what a restart loses."""
        shutil.rmtree(self.folder / "home")


@pytest.fixture
def pod(make_venv: Callable[..., str], tmp_path: Path) -> Pod:
    python = make_venv()
    volume = tmp_path / "a volume" / "podfit"
    wheels = [make_wheel(tmp_path / "new", "other", "1.0", {"other.py": "where = 'in the overlay'\n"})]
    wheels.append(make_wheel(tmp_path / "new", "ipykernel", "26.6", {"ipykernel/__init__.py": ""}))
    plan = Recipe(template_of(python), wheels).plan()
    overlay = volume / "overlays" / name_of_overlay(plan)
    apply(LocalMachine(python), plan, Options(overlay=str(overlay)))
    script = volume / "start.sh"
    script.write_text(write_start(plan))
    return Pod(tmp_path, overlay, script)


def test_after_a_restart_shells_and_jupyter_find_the_overlay_again(pod: Pod) -> None:
    home = pod.folder / "home"
    before = tree(pod.overlay, skip=("__pycache__",))
    for _ in range(2):
        done = pod.boot()
        assert (done.returncode, done.stderr) == (0, f"podfit: attached: {pod.overlay}\n")
        assert "in the overlay" in pod.shell("bash", "-l")
        assert "in the overlay" in pod.shell("bash", "-i")
        (spec,) = (home / ".local/share/jupyter/kernels").glob("*/kernel.json")
        data = json.loads(spec.read_text())
        assert data["argv"][0] == f"{pod.overlay}/bin/python"
        assert data["display_name"] == f"podfit: {pod.overlay.name}"
        pod.restart()
    assert tree(pod.overlay, skip=("__pycache__",)) == before


def test_twice_is_once_and_what_the_user_wrote_stays(pod: Pod) -> None:
    home = pod.folder / "home"
    home.mkdir()
    (home / ".bashrc").write_text("alias l=ls\nexport MINE=1\n")
    (home / ".bashrc").chmod(0o600)
    (home / ".zshrc").write_text("# zsh\n")
    assert pod.boot().returncode == 0
    once = tree(home)
    assert pod.boot(shell="bash").returncode == 0
    assert tree(home) == once
    assert (home / ".bashrc").read_text().startswith("alias l=ls\nexport MINE=1\n")
    assert pod.shell("bash", "-l").count(f"{pod.overlay}/bin") == 1
    assert "podfit" in (home / ".zshrc").read_text()
    assert pod.boot("--detach").returncode == 0
    assert (home / ".bashrc").read_text() == "alias l=ls\nexport MINE=1\n"
    assert (home / ".bashrc").stat().st_mode & 0o777 == 0o600
    assert not list((home / ".local/share/jupyter/kernels").iterdir())
    assert (pod.overlay / "bin/python").exists()


def test_the_container_s_own_start_comes_after_it_and_comes_in_any_case(pod: Pod) -> None:
    words = ("sh", "-c", "command -v python; exit 7")
    done = pod.boot(*words)
    assert done.returncode == 7
    assert done.stdout == f"{pod.overlay}/bin/python\n"
    shutil.rmtree(pod.overlay)
    done = pod.boot(*words)
    assert done.returncode == 7
    assert "there is no overlay" in done.stderr
    assert pod.boot().returncode == 1


def test_an_overlay_that_is_not_as_planned_is_not_attached(pod: Pod) -> None:
    (site,) = pod.overlay.glob("lib/python*/site-packages")
    shutil.rmtree(site / "other-1.0.dist-info")
    done = pod.boot()
    assert done.returncode == 1
    assert "the overlay is not what the plan was made for: other missing and not 1.0; podfit apply" in done.stderr
    assert not (pod.folder / "home" / ".bashrc").exists()


def test_a_python_that_the_image_no_longer_has_is_told(pod: Pod) -> None:
    python = pod.overlay / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.0")
    done = pod.boot()
    assert done.returncode == 1
    assert "does not run: the image has another Python now" in done.stderr


def test_a_place_of_its_own_is_named_by_a_variable(pod: Pod) -> None:
    elsewhere = pod.folder / "else $where"
    pod.overlay.rename(elsewhere)
    assert pod.boot().returncode == 1
    assert pod.boot(PODFIT_OVERLAY=str(elsewhere)).returncode == 0
    assert f"{elsewhere}/bin" in pod.shell("bash", "-l")
