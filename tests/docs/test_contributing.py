"""CONTRIBUTING.md's recipes work: each is carried out, word by word, on a copy of the source."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^## (A .+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
STEP = re.compile(r"^New file `(?P<new>[^`]+)`:\n\n```python\n(?P<text>.*?)^```|^In `(?P<old>[^`]+)`|"
                  r"^```diff\n(?P<diff>.*?)^```|^```sh\n(?P<shell>.*?)^```", re.MULTILINE | re.DOTALL)  # fmt: skip


pytestmark = pytest.mark.slow


class Copy:
    """A copy of the source, to which recipes are applied."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src", root / "src", ignore=ignored)
        (root / "project").mkdir()
        (root / "project" / "requirements.txt").write_text("numpy\n")

    def podfit(self, *words: str) -> str:
        """Run the copy's podfit; return what it prints."""
        variables = {**os.environ, "PYTHONPATH": str(self.root / "src"), "PODFIT_CACHE_DIR": str(self.root / "cache")}
        done = subprocess.run(
            [sys.executable, "-m", "podfit", *words], cwd=self.root, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def follow(self, recipe: str) -> int:
        """Carry out every step of a recipe; return how many there were."""
        steps, file = 0, Path()
        for step in STEP.finditer(RECIPES[recipe]):
            steps += 1
            if step["new"]:
                assert not (self.root / step["new"]).exists()
                (self.root / step["new"]).write_text(step["text"], encoding="utf-8")
            elif step["old"]:
                file = self.root / step["old"]
            elif step["diff"]:
                self._patch(file, step["diff"])
            else:
                for line in step["shell"].splitlines():
                    command, *words = shlex.split(line.replace("PATH-OF-ITS-PYTHON", sys.executable))
                    assert command == "podfit"
                    self.podfit(*words)
        return steps

    @staticmethod
    def _patch(file: Path, diff: str) -> None:
        lines = diff.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{file.name} has not these lines once:\n{before}"
        file.write_text(text.replace(before, after), encoding="utf-8")

    def fit(self, template: str, *words: str) -> str:
        """Fit the project, which needs what the template has, so that nothing has to be asked of an index."""
        return self.podfit(
            "fit", "project", "--template", template, "--python", "3.11", "--local", "none", "--offline", *words
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    made = Copy(tmp_path)
    (tmp_path / "pod.txt").write_text("numpy==1.26.4\n")
    return made


def test_the_page_has_the_five_recipes() -> None:
    assert list(RECIPES) == ["A template", "A reader", "A writer", "A check", "A symptom"]


def test_a_template(copy: Copy) -> None:
    assert copy.follow("A template") == 1
    assert "my-pod" in copy.podfit("templates")
    shown = json.loads(copy.podfit("templates", "my-pod", "--format", "json"))
    assert "packaging" in json.dumps(shown)


def test_a_reader(copy: Copy) -> None:
    assert copy.follow("A reader") >= 4
    (copy.root / "pod.csv").write_text("name,version\nnumpy,1.26.4\n")
    assert "numpy" in copy.fit("pod.csv", "--out", "out")
    assert "1.26.4" in next((copy.root / "out").glob("constraints-*.txt")).read_text()


def test_a_writer(copy: Copy) -> None:
    assert copy.follow("A writer") >= 3
    copy.fit("pod.txt", "--out", "out")
    assert (copy.root / "out" / "names-pod.txt").read_text() == "# nothing\n"


def test_a_check(copy: Copy) -> None:
    assert copy.follow("A check") >= 6
    copy.fit("pod.txt", "--out", "out")
    plan = json.loads((copy.root / "out" / "plan-pod.json").read_text())
    assert [finding["message"] for finding in plan["findings"] if finding["check"] == "many"] == ["0 are added"]


def test_a_symptom(copy: Copy) -> None:
    assert copy.follow("A symptom") >= 2
    (copy.root / "a.log").write_text("step 1\nDisk has no inodes left on /data\n")
    (cause, *_) = json.loads(copy.podfit("diagnose", "a.log", "--format", "json"))["causes"]
    assert (cause["symptom"], cause["category"]) == ("too-many-files", "disk_full")
    assert cause["cause"] == "/data holds as many files as it can"
