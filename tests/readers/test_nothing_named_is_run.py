"""What the files of a project name, or look like, is read and never started: a call alone names what runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.project import read_project
from podfit.readers.settings import read_settings


def project(tmp_path: Path, *programs: str, **texts: str) -> Path:
    """Return a project's directory with programs that leave a mark, and further files."""
    root = tmp_path / "project"
    root.mkdir()
    for name, text in texts.items():
        (root / name.replace("_", ".")).write_text(text)
    for name in programs:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"#!/bin/sh\n: > {tmp_path / 'RAN'}; exit\n")
        (root / name).chmod(0o755)
    return root


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("local", '"tool.sh"'),
        ("local", '".venv"'),
        ("local", '"."'),
        ("local", '"../project/tool.sh"'),
        ("templates", '["a.txt", "tool.sh"]'),
        ("templates", '["./.venv/bin/python"]'),
        ("templates", '["/proc/self/cwd/tool.sh"]'),
    ],
)
def test_no_setting_names_a_program(key: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"[tool.podfit]\n{key} = {value}\n"
    root = project(tmp_path, "tool.sh", ".venv/bin/python", pyproject_toml=text, a_txt="alpha==1\n")
    monkeypatch.chdir(root)
    with pytest.raises(InputError, match=f"tool.podfit.{key} names a program, .* is not run") as caught:
        read_settings(Path())
    option = "--template" if key == "templates" else "--local"
    assert f"name it with {option}, or a list made of it" in str(caught.value)
    assert str(caught.value).startswith("pyproject.toml:2: ")


@pytest.mark.parametrize("name", ["poetry.lock", "uv.lock", "Pipfile.lock"])
def test_no_list_of_a_project_is_run_though_it_looks_like_a_script(name: str, tmp_path: Path) -> None:
    root = project(tmp_path, name)
    read = read_project(root).project
    assert not (tmp_path / "RAN").exists()
    assert f"{root / name}:1: " in " ".join(read.notices)


def test_a_lock_file_with_a_stray_mode_is_read_as_ever(tmp_path: Path) -> None:
    package = '[[package]]\nname = "alpha"\nversion = "1.5"\n'
    root = project(tmp_path, poetry_lock=f'#!/bin/sh\n{package}\n[metadata]\ncontent-hash = "0"\n')
    (root / "poetry.lock").chmod(0o755)
    local = read_project(root).project.local
    assert local is not None
    assert local.distributions["alpha"].version == "1.5"
