"""Only a name that the project declares makes a requirement mean the project itself; its directory's name is chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.catalogue.store import load_manifest
from podfit.model.manifest import template_from_manifest
from podfit.needs import find_needs
from podfit.readers.project import read_project

TEMPLATE = template_from_manifest(load_manifest("runpod-pytorch-2.4"), where="catalogue")


def needs_of(root: Path, files: dict[str, str]) -> set[str]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    reading = read_project(root, local="none")
    report = find_needs(reading.project, TEMPLATE, calls=reading.calls)
    return {need.name for need in report.needs}


@pytest.mark.parametrize("directory", ["timm", "TIMM", "einops"])
def test_a_requirement_called_like_the_directory_is_a_need(tmp_path: Path, directory: str) -> None:
    files = {"requirements.txt": "timm\neinops>=0.7\n", "train.py": "import timm\nimport einops\n"}
    assert needs_of(tmp_path / directory, files) == {"timm", "einops"}


def test_an_import_called_like_the_directory_is_a_need(tmp_path: Path) -> None:
    assert needs_of(tmp_path / "timm", {"train.py": "import timm\n"}) == {"timm"}


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": '[project]\nname = "Timm"\nversion = "1"\n'},
        {"setup.cfg": "[metadata]\nname = timm\n"},
        {"setup.py": "from setuptools import setup\nsetup(name='timm')\n"},
        {"pyproject.toml": '[tool.poetry]\nname = "timm"\n'},
    ],
)
def test_a_requirement_called_like_the_project_is_the_project(tmp_path: Path, files: dict[str, str]) -> None:
    files = {**files, "requirements.txt": "timm\neinops\n"}
    assert needs_of(tmp_path / "elsewhere", files) == {"einops"}


def test_what_people_see_is_the_declared_name_else_the_directory_s(tmp_path: Path) -> None:
    (tmp_path / "some dir").mkdir()
    project = read_project(tmp_path / "some dir", local="none").project
    assert (project.name, project.title) == ("", "some dir")
    (tmp_path / "some dir" / "pyproject.toml").write_text('[project]\nname = "Other.Name"\n')
    project = read_project(tmp_path / "some dir", local="none").project
    assert (project.name, project.title) == ("other-name", "other-name")
