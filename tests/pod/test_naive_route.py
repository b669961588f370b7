"""One project on one template, twice: as podfit does it, and as a person does it without podfit.

The template has torch 2.2.2, built with NumPy 1's headers, and NumPy 1.26.4. The project asks for pandas,
scikit-learn, NumPy and torch in no version, as projects do.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apply_support import changes
from verify_support import PODFIT, X86_64, make_torch_environment, put, writing

pytestmark = [pytest.mark.network, pytest.mark.slow, X86_64, pytest.mark.xdist_group("torch")]

PINS = {"torch": "2.2.2", "numpy": "1.26.4", "typing-extensions": "4.9.0", "packaging": "23.2"}
UNTIL = "2025-10-01"
"""Neither route sees later releases, so that the test means the same in a year."""
TRAIN = """\
import numpy
import pandas
import torch
from sklearn.linear_model import LogisticRegression

frame = pandas.DataFrame({"x": numpy.linspace(-1, 1, 50)})
labels = (frame.x > 0).astype(int)
model = LogisticRegression().fit(frame, labels)
print(int(torch.from_numpy(model.predict(frame)).sum()))
"""


def podfit(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run podfit in folder."""
    return subprocess.run(
        [*PODFIT, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )


def run_project(python: str | Path, project: Path) -> subprocess.CompletedProcess[str]:
    """Run the project as a person does."""
    words = [str(python), str(project / "train.py")]
    return subprocess.run(words, env=writing(), capture_output=True, text=True, check=False, timeout=120)


def stamps(root: Path) -> dict[str, tuple[int, int, int, int]]:
    """Return path to inode, mode, size and time of change of every file and link: 5 GB are not read again.

    Without bytecode, which every run of the project may add to.
    """
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name != "__pycache__"]
        for name in files:
            status = Path(folder, name).lstat()
            key = str(Path(folder, name).relative_to(root))
            found[key] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def report(done: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return verdict and message by check and subject."""
    data: dict[str, Any] = json.loads(done.stdout)
    return {(one["check"], one["subject"]): (one["verdict"], one["message"]) for one in data["findings"]}


def test_podfit_keeps_what_the_naive_route_breaks(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    template, overlay = tmp_path / "template", tmp_path / "overlay"
    pins = [f"{name}=={version}" for name, version in PINS.items() if name not in ("torch", "numpy")]
    python = make_torch_environment(template, interpreter("3.11"), *pins)
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(TRAIN)
    (project / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\nversion = "1.0"\ndependencies = ["numpy", "pandas", "scikit-learn", "torch"]\n'
    )

    # podfit: probe, fit, apply, verify.
    done = podfit(tmp_path, "probe", "--python", python, "-o", "pod.json")
    assert done.returncode == 0, done.stderr
    done = podfit(
        tmp_path, "fit", project, "-t", "pod.json", "--local", "none", "-o", "out", "--exclude-newer", UNTIL, "-q"
    )
    assert done.returncode == 0, done.stderr
    plan = next((tmp_path / "out").glob("plan-*.json"))
    decisions = {one["name"]: one for one in json.loads(plan.read_text())["decisions"]}
    assert {name: decisions[name]["action"] for name in PINS} == dict.fromkeys(PINS, "keep")
    assert {decisions[name]["action"] for name in ("pandas", "scikit-learn", "scipy")} == {"install"}
    before = stamps(template)
    done = podfit(tmp_path, "apply", plan, "--python", python, "--overlay", overlay)
    assert done.returncode == 0, done.stderr
    assert changes(before, stamps(template)) == []
    trained = run_project(overlay / "bin" / "python", project)
    assert trained.stdout == "25\n", trained.stderr
    done = podfit(tmp_path, "verify", plan, "--python", overlay, "--format", "json")
    assert done.returncode == 0, done.stdout
    seen = report(done)
    assert seen["function", "torch <-> NumPy"][0] == seen["function", "scikit-learn fit"][0] == "ok"
    assert seen["import", "numpy"] == ("ok", "1.26.4")
    assert seen["template", "template"][0] == "ok"
    assert changes(before, stamps(template)) == []

    # What a person writes instead.
    put(python, ["pandas", "scikit-learn", "numpy"], "-U", "--exclude-newer", UNTIL)
    trained = run_project(python, project)
    assert trained.returncode != 0
    assert "RuntimeError: Numpy is not available" in trained.stderr
    done = podfit(tmp_path, "verify", plan, "--python", python, "--format", "json")
    assert done.returncode == 1
    seen = report(done)
    naive = seen["version", "numpy"][1].split()[0]
    assert naive.startswith("2.")
    sentence = f"torch 2.2.2 was built against NumPy 1's C-ABI; NumPy {naive} is installed"
    assert seen["version", "numpy"] == ("failed", f"{naive} is installed, the plan has 1.26.4")
    assert seen["function", "torch <-> NumPy"] == ("failed", sentence)
    assert seen["import", "torch"] == ("warning", f"2.2.2: imports with a warning: {sentence}")
    # Neither importing nor the requirements would have shown it: torch 2.2.2 names no bound for NumPy.
    assert {seen["import", name][0] for name in ("numpy", "pandas", "scikit-learn")} == {"ok"}
    assert seen["metadata", "metadata"][0] == "ok"
    assert seen["function", "scikit-learn fit"][0] == "ok"
