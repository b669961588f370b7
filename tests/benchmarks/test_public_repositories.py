"""What the benchmark over repositories makes of one call's exit code and output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import repositories


def matrix(**column: Any) -> str:
    """The part of `podfit.matrix/1` that is read, for one template."""
    column = {"feasible": True, "findings": [], "counts": {}, "questions": []} | column
    rows = [
        {"name": "numpy", "cells": [{"action": "keep", "reason": "there"}]},
        {"name": "tqdm", "cells": [None]},
        {"name": "cudf", "cells": [{"action": "conflict", "reason": "no wheel for Python 3.11"}]},
    ]
    return json.dumps({"refused": [], "templates": [column], "rows": rows if not column["feasible"] else rows[:2]})


def test_a_plan_with_an_open_question() -> None:
    record = repositories.outcome(0, matrix(questions=[{"subject": "ceph"}]), "")
    assert (record["kind"], record["against"], record["questions"]) == ("plan", {}, ["ceph"])
    assert repositories.answered(record)


def test_a_conflict_names_the_package_and_the_failed_finding() -> None:
    finding = {"verdict": "failed", "subject": "vllm", "message": "needs torch 2.6"}
    record = repositories.outcome(1, matrix(feasible=False, findings=[finding]), "")
    assert record["kind"] == "conflict"
    assert record["against"] == {"cudf": "no wheel for Python 3.11", "vllm": "needs torch 2.6"}
    assert repositories.answered(record)


def test_a_refusal_has_one_reason() -> None:
    given = json.dumps({"refused": [{"template": "t", "reason": "pandas is pinned"}], "templates": [], "rows": []})
    record = repositories.outcome(1, given, "")
    assert (record["kind"], record["against"]) == ("refused", {"*": "pandas is pinned"})
    assert repositories.answered(record)


def test_what_is_no_answer() -> None:
    error = repositories.outcome(2, "", "podfit: requirements.txt:3 cannot be read\n")
    trace = repositories.outcome(1, "", "Traceback (most recent call last):\n  File ...\nKeyError: 'x'\n")
    late = repositories.outcome(None, "", "")
    quoted = repositories.outcome(2, "", "error: cannot build x: Traceback (most recent call last): File ...\n")
    kinds = [each["kind"] for each in (error, trace, late, quoted)]
    assert kinds == ["error", "traceback", "timeout", "error"]
    assert "requirements.txt:3" in error["against"]["*"]
    assert trace["against"]["*"] == "KeyError: 'x'"
    assert not any(repositories.answered(each) for each in (error, trace, late))


def test_the_summary_counts_answers_and_seconds() -> None:
    plan = repositories.outcome(0, matrix(), "") | {"cold": 4.0, "warm": 1.0}
    late = repositories.outcome(None, "", "") | {"cold": 300.0, "warm": None}
    text = repositories.summary({"a+b": {"t": plan}, "c+d": {"t": late}}, ["t"])
    assert text.splitlines()[-1] == "| t | 1 of 2 | 1 | 0 | 0 | 1 | 0 | 152.0 (max 300.0) | 1.0 (max 1.0) |  |"
