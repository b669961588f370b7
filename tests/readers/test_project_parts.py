"""Folders of a project that are projects of their own are named, with how to plan one by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.readers.project import read_project

A = {"a/requirements.txt": "click\n", "a/run.py": "import click\n"}
B = {"b/requirements.txt": "rich\n", "b/run.py": "import rich\n"}
ROOT = {"requirements.txt": "rich\n"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({**A, **B}, "a, b are projects of their own; they are planned as one set here", id="no manifest"),
        pytest.param(A, "", id="all that there is"),
        pytest.param(
            {**ROOT, **A},
            "a is a project of its own; of what is declared there, only what the code imports is planned",
            id="beside the root's manifest",
        ),
        pytest.param({**ROOT, "c/pyproject.toml": "[project]\nname = 'c'\n", "c/c.py": ""}, "c is a project", id="pep"),
        pytest.param({**ROOT, "n/requirements.txt": "x\n", "n/n.ipynb": '{"cells": []}'}, "n is a", id="notebooks"),
        pytest.param({**ROOT, "c/requirements.txt": "click\n"}, "", id="no code"),
        pytest.param({**ROOT, **A, "a/__init__.py": ""}, "", id="a package's"),
        pytest.param({"requirements.txt": "-e ./a\n", "a/setup.py": "", "a/a.py": ""}, "", id="a member"),
        pytest.param({**ROOT, **A, "a/b/requirements.txt": "x\n", "a/b/c.py": ""}, "a is a project", id="within"),
        pytest.param({**ROOT, "a/requirements-dev.txt": "x\n", "a/run.py": ""}, "", id="a group's"),
    ],
)
def test_folders_that_are_projects_of_their_own_are_named(tmp_path: Path, files: dict[str, str], told: str) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    notices = [one for one in read_project(tmp_path, local="none").project.notices if "of its own" in one]
    notices += [one for one in read_project(tmp_path, local="none").project.notices if "of their own" in one]
    assert told in notices[0] if told else not notices, notices
    if told:
        assert notices[0].endswith(f"; one by itself: podfit fit {tmp_path / told[0]}")
