"""`[tool.podfit]`: in a project that says where it goes, `podfit fit` needs no other word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import podfit, write

PROJECT = {
    "main.py": "import alpha\n",
    "extra.py": "import gamma\n",
    "requirements.txt": "alpha>=1\n",
    "pods/pod.txt": "# python: 3.11.9\ntorch==2.4.0\nbeta==1.0\n",
    "tested.txt": "# python: 3.12.2\nalpha==1.0\n",
}
SETTINGS = """
[tool.podfit]
templates = ["pods/pod.txt"]
local = "tested.txt"
hold = ["beta"]
exclude = ["extra.py"]
"""


@pytest.mark.slow
def test_fit_alone_is_enough(tmp_path: Path, index: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS})
    done = podfit("matrix", "--format", "json", cwd=tmp_path, PODFIT_INDEX_URL=str(index))
    assert done.code == 0, done.err
    (pod,) = json.loads(done.out)["templates"]
    assert (pod["name"], pod["held_versions"]) == ("pod", {"beta": "1.0", "torch": "2.4.0"})
    assert pod["questions"] == []  # extra.py, whose import nobody knows, is not read
    (alpha,) = (row for row in json.loads(done.out)["rows"] if row["name"] == "alpha")
    assert alpha["local"] == "1.0"


@pytest.mark.slow
def test_a_call_comes_before_the_settings(tmp_path: Path, index: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS, "other.txt": "# python: 3.11.9\ntorch==2.5.0\n"})
    words = ("matrix", tmp_path, "-t", tmp_path / "other.txt", "--local", "none", "--format", "json")
    done = podfit(*words, PODFIT_INDEX_URL=str(index))
    assert [each["name"] for each in json.loads(done.out)["templates"]] == ["other"]


@pytest.mark.slow
def test_an_unknown_key_is_named_and_passed_over(tmp_path: Path, index: Path) -> None:
    settings = SETTINGS.replace("exclude =", "exclud =")
    write(tmp_path, {**PROJECT, "pyproject.toml": settings})
    done = podfit("matrix", cwd=tmp_path, PODFIT_INDEX_URL=str(index))
    assert "pyproject.toml:6: podfit has no setting 'exclud', it is passed over; did you mean exclude?" in done.err


def test_a_value_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS.replace('"tested.txt"', "3")})
    done = podfit("fit", tmp_path, "-t", tmp_path / "pods/pod.txt")
    assert "tool.podfit.local is not a string" in done.sentence
    assert "pyproject.toml:4" in done.sentence


def test_without_settings_a_bare_call_helps(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    done = podfit("fit", cwd=tmp_path)
    assert done.code == 2
    assert "Usage: podfit fit" in done.out + done.err
