"""Streams that are closed or full, a directory that is gone, screens of any width: one sentence, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from podfit.cli.answers import this_screen
from podfit.solve.variables import resolver_environment

ROOT = Path(__file__).resolve().parents[2]
CALL = [sys.executable, "-m", "podfit"]


def shell(line: str, *words: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", line, "sh", *CALL, *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, **more}, timeout=60
    )


@pytest.mark.parametrize("words", [("templates",), ("schema", "matrix"), ("--help",)])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_changes_nothing(closed: str, words: tuple[str, ...]) -> None:
    done = shell(f'exec "$@" {closed}', *words)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_what_takes_no_output_is_named() -> None:
    done = shell('exec "$@" >/dev/full', "schema", "matrix")
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written to (No space left on device); send it elsewhere\n"


@pytest.mark.parametrize("words", [("fit", ".", "-t", "colab", "--local", "none"), ("recommend", ".")])
def test_a_directory_that_is_gone_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell('rmdir "$PWD" && exec "$@"', *words, cwd=gone, PYTHONPATH=str(ROOT / "src"))
    assert done.returncode == 2
    assert "is not there any more" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("columns", ["0", "-5", "x", "99999999999999999999"])
def test_a_screen_is_no_wider_than_anybody_reads(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert 0 < this_screen().width <= 1000


def test_an_empty_variable_of_uvs_is_not_handed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", "")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "20")
    kept = resolver_environment()
    assert "UV_CACHE_DIR" not in kept
    assert kept["UV_HTTP_TIMEOUT"] == "20"
