"""`python -m podfit` in a project whose files are called like modules that podfit imports runs none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("json.py", "typing.py", "uv.py", "click.py", "msgspec.py", "packaging/__init__.py", "site.py")


@pytest.mark.parametrize("command", [["-m", "podfit"], ["-mpodfit"], ["-X", "utf8", "-m", "podfit"]])
def test_files_of_the_working_directory_stand_in_for_no_module(tmp_path: Path, command: list[str]) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("def run():\n    raise SystemExit('a file of the project was run')\n\n\nrun()\n")
    asked = [sys.executable, *command, "templates", "--format", "json"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(("{", "["))


def test_another_program_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import podfit, beside\nprint(beside.__name__)\n")
    (tmp_path / "beside.py").write_text("")
    asked = [sys.executable, "-m", "app"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("beside\n", "")
