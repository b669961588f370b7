"""Each target of tools/fuzz.py for a moment, with the same inputs every time; and that a target can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fuzz_targets
import pytest
from fuzz_targets import TARGETS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_moment_of(name: str) -> None:
    strategy, target = TARGETS[name]
    run = given(strategy)(lambda value: target(value))
    quick = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
    quick(run)()


def test_a_broken_promise_is_seen() -> None:
    with pytest.raises(KeyError), fuzz_targets.promised():
        raise KeyError("x")
    with pytest.raises(AssertionError, match="'\\\\x1b'"):
        fuzz_targets._harmless("a\x1b[2J")


@given(fuzz_targets.changed({"a": [1, {"b": "c"}], "d": "e"}), st.data())
def test_what_is_drawn_is_json(value: object, data: st.DataObject) -> None:
    fuzz_targets.as_json(value)


@pytest.mark.slow
def test_the_tool_runs_and_counts() -> None:
    words = [sys.executable, str(ROOT / "tools" / "fuzz.py"), "--minutes", "0.02", "--only", "frames", "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "inputs in" in done.stdout
