"""Sizes: what the ways onto a template cost, over real wheels; and how predictions follow what apply measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from fit_support import EVIDENCE, project, template, wheels

from podfit.fit.options import Options
from podfit.fit.pace import measured_pace, note_apply
from podfit.fit.session import Session, plans_of
from podfit.model import Distribution, EvidenceKind, LocalEnvironment, Template
from podfit.model.pace import Pace
from podfit.model.weight import Total
from podfit.plan.sizes import Cost, Sizes, Way
from podfit.readers.project import ProjectReading

RELEASES = {
    ("model", "1.0"): ["torch>=2", "helper"],
    ("model", "2.0"): ["torch>=3", "helper>=2"],
    ("helper", "1.0"): [],
    ("helper", "2.0"): [],
    ("torch", "3.0"): [],
    ("editor", "1.0"): [],
}
POD = {"torch": ("2.4.0+cu124", ()), "helper": ("1.0", ()), "jupyter": ("1.0", ())}


def measured(folder: Path, pod: Template, *requirements: str, local: Mapping[str, str] | None = None) -> Sizes:
    """The sizes of a project over a template, with a session of its own."""
    (folder / "index").mkdir()
    links = wheels(folder / "wheels", RELEASES)
    mine = project(*requirements)
    if local:
        tested = {name: Distribution(name, version, EVIDENCE) for name, version in local.items()}
        mine = replace(mine, local=LocalEnvironment(tested, EVIDENCE))
    session = Session(Options(index_url=str(folder / "index"), find_links=(str(links),)), cache=folder / "cache")
    reading = ProjectReading(mine, ())
    (plan,) = plans_of(session.fit(reading, [pod]))
    return session.sizes(reading, plan)


def by_way(sizes: Sizes) -> dict[Way, Cost]:
    """The costs by their way."""
    return {cost.way: cost for cost in sizes.costs}


def test_what_holds_nothing_replaces_torch_and_the_plan_does_not(tmp_path: Path) -> None:
    costs = by_way(measured(tmp_path, template("pod", POD), "model", local={"model": "1.0", "editor": "1.0"}))
    naive, plan = costs[Way.NAIVE], costs[Way.PLAN]
    assert [(one.name, one.before, one.after, one.held) for one in naive.replaced] == [
        ("helper", "1.0", "2.0", False),
        ("torch", "2.4.0+cu124", "3.0", True),
    ]
    assert (naive.total.count, naive.environment) == (3, 4)
    assert (plan.total.count, plan.environment, plan.replaced) == (1, 4, ())
    fresh, local = costs[Way.FRESH], costs[Way.LOCAL]
    assert (fresh.total.count, fresh.environment, fresh.replaced) == (3, 3, ())
    assert (local.total.count, local.environment) == (2, 2)
    files = [path for path in (tmp_path / "wheels").iterdir() if path.name.split("-")[:2] == ["model", "1.0"]]
    assert plan.total.download == files[0].stat().st_size


def test_what_a_template_meets_is_not_fetched_by_anybody(tmp_path: Path) -> None:
    costs = by_way(measured(tmp_path, template("pod", POD), "helper"))
    assert costs[Way.NAIVE].total.count == costs[Way.PLAN].total.count == 0
    assert costs[Way.FRESH].total.count == 1
    assert Way.LOCAL not in costs


def test_a_way_that_has_no_answer_says_why(tmp_path: Path) -> None:
    costs = by_way(measured(tmp_path, template("pod", POD), "helper", "nowhere-to-be-had"))
    assert "nowhere-to-be-had" in costs[Way.FRESH].refusal
    assert costs[Way.FRESH].total == Total(0, 0, 0, 0)
    assert costs[Way.PLAN].refusal == ""


def test_a_need_brings_what_nothing_else_asks_for(tmp_path: Path) -> None:
    pod = template("pod", {"torch": ("2.4.0", ())})
    brought = {one.name: one.brings for one in measured(tmp_path, pod, "model<2", "editor").brought}
    assert brought == {"model": ("helper", "model"), "editor": ("editor",)}


def test_time_is_bytes_and_files() -> None:
    pace = Pace("uv", 10.0, 0.5, EVIDENCE)
    assert pace.seconds(Total(1, 100, 400, 4)) == pytest.approx(12.0)


def test_the_slowest_apply_counts_and_small_or_broken_ones_do_not(tmp_path: Path) -> None:
    assert measured_pace(tmp_path) is None
    note_apply(tmp_path, 1000, 3.0)  # too small to tell anything
    note_apply(tmp_path, 10_000_000, 0.0)
    assert measured_pace(tmp_path) is None
    then = datetime(2026, 11, 1, tzinfo=timezone.utc)
    for seconds in (1.0, 4.0, 2.0):
        note_apply(tmp_path, 100_000_000, seconds, then)
    pace = measured_pace(tmp_path)
    assert pace is not None
    assert (pace.bytes_per_second, pace.evidence.kind) == (25_000_000.0, EvidenceKind.MEASURED)
    assert "the slowest of the last 3: 100000000 bytes in 4.0 s at 2026-11-01" in pace.evidence.detail
    for _ in range(12):
        note_apply(tmp_path, 100_000_000, 1.0, then)
    later = measured_pace(tmp_path)
    assert later is not None
    assert later.bytes_per_second == 100_000_000.0
    (tmp_path / "pace-1" / "apply" / "seen").write_bytes(b"podfit-cache-1 damaged")
    assert measured_pace(tmp_path) is None
