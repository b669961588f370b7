"""Logs as people pasted them into public threads, retyped and shortened, with other paths; each names its thread.

tests/diagnose/logs/pasted.jsonl: id, source, log, category, also_accept, packages, fix. A third, chosen by a hash of
the log, was not looked at while rules were written: pasted_held.jsonl. It is data for benchmarks/diagnose_accuracy.py,
and no test asks for its answers, so that it stays a measurement.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import podfit
from podfit.diagnose.model import OTHER

FOLDER = Path(__file__).parent / "logs"
LOGS = [json.loads(line) for line in (FOLDER / "pasted.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("pasted", LOGS, ids=lambda pasted: pasted["id"])
def test_the_first_cause_is_of_the_right_family(pasted: dict[str, Any]) -> None:
    (first, *_) = podfit.diagnose(pasted["log"]).causes
    assert first.category in {pasted["category"], *pasted["also_accept"]}
    assert first.fix
    if pasted["category"] == OTHER:
        assert first.packages == ()
    elif first.packages and pasted["packages"]:
        assert set(first.packages) & set(pasted["packages"])


def test_each_names_its_thread_and_none_is_there_twice() -> None:
    held = [json.loads(line) for line in (FOLDER / "pasted_held.jsonl").read_text("utf-8").splitlines()]
    every = [*LOGS, *held]
    assert all(each["source"].startswith("https://") for each in every)
    assert len({each["log"] for each in every}) == len(every) == len({each["id"] for each in every})
    assert len(every) >= 120
