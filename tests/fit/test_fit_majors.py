"""Nothing is planned of a major version that came after who asks for it, while something else is left."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from fit_support import plan_over, planned, template

from podfit.fit.majors import majors

RELEASES = {
    ("torch", "2.4.0"): ([], "2024-07-24"),
    ("server", "0.11"): (["models>=4.5", "frames"], "2025-10-02"),
    ("models", "4.0"): ([], "2019-09-20"),
    ("models", "4.9"): ([], "2025-09-20"),
    ("models", "4.9.1"): ([], "2026-01-10"),
    ("models", "5.0"): (["late"], "2026-01-26"),
    ("models", "5.1"): (["late"], "2026-03-01"),
    ("late", "1.0"): ([], "2026-01-20"),
    ("frames", "2.1"): ([], "2024-02-01"),
    ("frames", "2.2"): ([], "2026-02-01"),
    ("ranged", "1.0"): (["models>=4,<6"], "2025-10-02"),
    ("forward", "1.0"): (["models>=5"], "2025-10-02"),
    ("old", "1.0"): (["models"], "2020-01-01"),
    ("dates", "1.0"): (["calendar"], "2024-05-01"),
    ("calendar", "2024.1"): ([], "2024-01-01"),
    ("calendar", "2026.1"): ([], "2026-01-01"),
}


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """Return a function that fits requirements onto a template, over an index with dates."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def run(*requirements, tested=None, releases=RELEASES, pod=("torch", "2.4.0")):
        return plan_over(tmp_path, releases, template("pod", {pod[0]: (pod[1], [])}), *requirements, tested=tested)

    return run


def test_a_major_version_that_who_asks_cannot_know_is_left_out_and_its_fixes_are_not(fit):
    plan = fit("server")
    assert planned(plan) == {"server": "0.11", "models": "4.9.1", "frames": "2.2"}
    (limit,) = plan.timely
    assert (limit.name, limit.until) == ("models", "2026-01-26T12:00:00Z")
    assert limit.reason == "the day of models 5.0, which server 0.11 of 2025-10-02 cannot know"
    assert plan.feasible


def test_who_asks_for_a_range_with_an_end_or_for_the_new_one_gets_it(fit):
    assert planned(fit("ranged"))["models"] == "5.1"
    plan = fit("forward")
    assert planned(plan)["models"] == "5.1"
    assert [(each.name, each.gave_way) for each in plan.timely] == [("models", True)]
    assert plan.feasible


def test_what_the_project_asks_for_itself_is_the_newest_where_nothing_else_asks(fit):
    assert planned(fit("models"))["models"] == "5.1"
    assert planned(fit("models", "server"))["models"] == "4.9.1"
    assert planned(fit("server", "models>=5"))["models"] == "5.1"
    assert planned(fit("server", tested={"models": "5.0"}))["models"] == "5.0"


def test_what_the_held_framework_knows_is_not_too_new(fit):
    assert planned(fit("old"))["models"] == "4.9.1"
    releases = {**RELEASES, ("torch", "2.9.0"): ([], "2026-02-10")}
    assert planned(fit("old", releases=releases, pod=("torch", "2.9.0")))["models"] == "5.1"


def test_numbers_that_are_years_say_nothing(fit):
    assert planned(fit("dates"))["calendar"] == "2026.1"


def _files(*dates, yanked=False):
    return tuple(SimpleNamespace(upload_time=f"{date}T00:00:00Z", yanked=yanked) for date in dates)


def test_majors_are_the_first_final_releases_and_none_where_numbers_only_count():
    day = datetime(2024, 3, 1, tzinfo=timezone.utc)
    found = majors(
        {
            "1.0": _files("2020-01-01"),
            "2.0rc1": _files("2024-01-01"),
            "2.0": _files("2024-02-01", yanked=True),
            "2.0.1": _files("2024-03-02", "2024-03-01"),
            "2.1": _files("2024-04-01"),
            "odd": _files("2024-04-01"),
        }
    )
    assert found[2] == (day, "2.0.1")
    assert sorted(found) == [1, 2]
    assert majors({f"{n}.0": _files(f"2024-{n:02}-01") for n in range(1, 6)}) == {}
    assert majors({"24.1": _files("2024-02-01"), "25.0": _files("2025-02-01")}) == {}
    assert majors({}) == {}
