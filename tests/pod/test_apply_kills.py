"""Some of the moments of tools/kills.py, the same at every run: killed with SIGKILL, byte for byte as it was."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kill_support import ask, make, restore, steps, strike, window

pytestmark = [pytest.mark.slow]

SEED = 20_261_129


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "overlay"])
def test_killed_in_the_window_in_which_files_move_and_around_it(
    in_place: bool, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    goal = make(tmp_path, in_place=in_place)
    assert ask(goal, "apply")["outcome"] == "applied"
    taken = steps(goal)
    first, last = window(taken, in_place=in_place)
    assert last - first > 10
    restore(goal)
    rng = random.Random(SEED)
    seen = set()
    for at in (first, (first + last) // 2, last, *(rng.randint(first, last) for _ in range(3)), rng.randint(1, first)):
        seen.add(strike(goal, at))
    seen.add(strike(goal, (first + last) // 2, recovery=5))
    seen.add(strike(goal, rng.randint(first, last), "both"))
    seen.add(strike(goal, first + 1, "podfit"))
    assert "back" in seen


def test_the_tool_runs(make_venv: Callable[..., str]) -> None:
    tool = Path(__file__).resolve().parents[2] / "tools" / "kills.py"
    words = [sys.executable, str(tool), "--moments", "4", "--whole", "0", "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "4 kills, every byte as it was or as planned" in done.stdout
