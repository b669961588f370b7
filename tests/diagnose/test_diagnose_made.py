"""Failures that were made in throwaway environments, and such of GPUs and drivers written after what they print.

tests/diagnose/logs/made.jsonl: id (m-: made here, t-: written), log, category, also_accept, packages, fix.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import podfit
from podfit.diagnose.model import OTHER

LOGS = [json.loads(line) for line in (Path(__file__).parent / "logs" / "made.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("made", LOGS, ids=lambda made: made["id"])
def test_the_first_cause_is_of_the_right_family(made: dict[str, Any]) -> None:
    (first, *_) = podfit.diagnose(made["log"]).causes
    assert first.category in {made["category"], *made["also_accept"]}
    assert first.evidence and first.fix
    if made["category"] == OTHER:
        assert first.packages == ()


@pytest.mark.parametrize("made", LOGS[::5], ids=lambda made: made["id"])
def test_half_of_a_log_and_prose_around_it_tell_the_same(made: dict[str, Any]) -> None:
    (whole, *_) = podfit.diagnose(made["log"]).causes
    dressed = (
        "Hola, ¿alguien sabe qué pasa?\n\n"
        + "\n".join(f"> {line}" for line in made["log"].splitlines())
        + "\n\nGracias"
    )
    (first, *_) = podfit.diagnose(dressed).causes
    assert first.category == whole.category


def test_every_category_is_met() -> None:
    assert len({made["category"] for made in LOGS}) == 22
