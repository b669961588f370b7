"""uv's limits: memory, time, and a doubt that ends a wait for nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from podfit.model import InputError, PodfitError
from podfit.solve import watched
from podfit.solve.watched import resident, run_watched

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_what_it_says_and_its_status_come_back(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); sys.stderr.write('no'); sys.exit(3)"
    done = run_watched([sys.executable, "-c", code], folder=tmp_path, environment=dict(os.environ))
    assert (done.stdout.strip(), done.stderr, done.returncode) == (str(tmp_path), "no", 3)


def test_it_ends_when_it_holds_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST_MEMORY", 1 << 20)
    assert resident(os.getpid()) > 1 << 20
    with pytest.raises(InputError, match="uv was stopped when it held 1 MiB; check --index-url"):
        run_watched(SLEEP, folder=tmp_path, environment=dict(os.environ))


def test_it_ends_when_its_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST_SECONDS", 0.0)
    with pytest.raises(PodfitError, match="uv found no answer within 0 s"):
        run_watched(SLEEP, folder=tmp_path, environment=dict(os.environ))


def test_a_doubt_that_is_true_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "DOUBT_SECONDS", 0.0)
    with pytest.raises(InputError, match="the index is slow; check the network"):
        run_watched(SLEEP, folder=tmp_path, environment=dict(os.environ), doubt=lambda: "the index is slow")


def test_a_doubt_that_is_not_true_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "DOUBT_SECONDS", 0.0)
    asked: list[bool] = []

    def doubt() -> str:
        asked.append(True)
        return ""

    code = "import time; time.sleep(1); input()"
    done = run_watched([sys.executable, "-c", code], folder=tmp_path, environment=dict(os.environ), doubt=doubt)
    assert done.returncode == 1, "its standard input is empty"
    assert asked == [True]


def test_a_word_without_end_is_cut(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('alpha==' + '1' * 100_000 + ' was not found in the package registry')"
    done = run_watched([sys.executable, "-c", code], folder=tmp_path, environment=dict(os.environ))
    assert len(done.stderr) < 1100
    assert done.stderr.endswith("... was not found in the package registry")
