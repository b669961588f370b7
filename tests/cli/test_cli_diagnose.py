"""`podfit diagnose`: files, pipes, commands, formats."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOG = "ModuleNotFoundError: No module named 'sklearn'\n"


def podfit(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "podfit", *words], input=given, capture_output=True, text=True)


def test_a_file_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    done = podfit("diagnose", str(tmp_path / "a.log"), "--format", "json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["dependency"] is True
    (cause,) = answer["causes"]
    assert (cause["category"], cause["packages"]) == ("missing_module_name_mismatch", ["scikit-learn"])
    assert cause["evidence"] == [{"line": 1, "text": LOG.strip()}]
    assert cause["fix"] == ["pip install scikit-learn"]
    assert cause["checked"] == "unchecked"


def test_standard_input_as_text() -> None:
    done = podfit("diagnose", "-", given=LOG)
    assert done.returncode == 0
    assert "scikit-learn" in done.stdout and "line 1" in done.stdout


def test_github() -> None:
    done = podfit("diagnose", "--format", "github", given=LOG)
    assert done.stdout.startswith("::error title=missing_module_name_mismatch::")
    assert done.stdout.count("\n") == 1


def test_nothing_known_is_1() -> None:
    assert podfit("diagnose", given="fine\n").returncode == 1


@pytest.mark.slow
def test_bad_calls(tmp_path: Path) -> None:
    for words in (["diagnose", str(tmp_path / "none.log")], ["diagnose", str(tmp_path)], ["diagnose", "a", "b"],
                  ["diagnose", "--run"], ["diagnose", "--template", "a", "--plan", "b"],
                  ["diagnose", "--run", "--", "no-such-command-here"]):  # fmt: skip
        done = podfit(*words)
        assert done.returncode == 2, words
        assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr


@pytest.mark.slow
def test_run_shows_the_output_and_leaves_the_exit_code() -> None:
    good = podfit("diagnose", "--run", "--", sys.executable, "-c", "print('fine')")
    assert (good.returncode, good.stdout, good.stderr) == (0, "fine\n", "")
    bad = podfit("diagnose", "--run", "--", sys.executable, "-c", "import sys; print('go'); raise MemoryError")
    assert bad.returncode == 1
    assert bad.stdout.startswith("go\n")
    assert "memory is used up" in bad.stderr
    assert podfit("diagnose", "--run", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    killed = podfit("diagnose", "--run", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert killed.returncode == 137
    assert "killed from outside" in killed.stderr


@pytest.mark.parametrize(
    ("status", "words"),
    [(137, b"\nKilled\n"), (139, b"\nSegmentation fault\n"), (130, b""), (0, b""), (1, b""), (255, b"")],
)
def test_a_signal_that_ended_a_command_is_the_last_line_of_its_log(status: int, words: bytes) -> None:
    from podfit.diagnose.run import _ended_by

    assert _ended_by(status) == words


def test_a_terminal_stays_a_terminal(tmp_path: Path) -> None:
    """Through a pty: the command sees terminals, gets what is typed, and its exit code is podfit's."""
    import os
    import pty

    code = "import sys; print(sys.stdin.isatty(), sys.stdout.isatty(), input()); sys.exit(3)"
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        os.execv(
            sys.executable, [sys.executable, "-m", "podfit", "diagnose", "--run", "--", sys.executable, "-c", code]
        )
    os.write(terminal, b"hello\n")
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert b"True True hello" in seen
    assert os.waitstatus_to_exitcode(status) == 3
