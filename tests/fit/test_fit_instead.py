"""A release from long before what is asked for takes nobody's place: what cannot be had is left out, the rest stays."""

from __future__ import annotations

import pytest
from fit_support import plan_over, planned, template

from podfit.model import Action

POD = template("pod", {"torch": ("2.4.0", [])})
RELEASES = {
    ("torch", "2.4.0"): ([], "2024-07-24"),
    ("torch", "2.6.0"): ([], "2025-01-29"),
    ("server", "0.1"): (["models<2"], "2023-06-01"),
    ("server", "0.7"): (["torch==2.6.0", "models>=2"], "2025-01-10"),
    ("server", "0.8"): (["torch==2.6.0", "models>=2"], "2025-03-01"),
    ("models", "1.0"): ([], "2023-01-01"),
    ("models", "2.0"): ([], "2024-06-01"),
}


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """Return a function that fits requirements onto POD, over an index with dates."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return lambda *lines, releases=RELEASES: plan_over(tmp_path, releases, POD, *lines)


def conflict(plan, name):
    """Return why a need cannot be had."""
    (decision,) = (each for each in plan.with_action(Action.CONFLICT) if each.name == name)
    return decision.reason


@pytest.mark.parametrize("limit", ["==0.8", ">=0.8"])
def test_a_release_from_long_before_is_no_substitute(fit, limit):
    plan = fit(f"server{limit}", "models")
    assert planned(plan) == {"models": "2.0"}
    assert "Nothing of it from 0.7 on fits pod: take another template" in conflict(plan, "server")


@pytest.mark.parametrize(("date", "taken"), [("2024-06-01", "0.1"), ("2023-06-01", "")])
def test_one_from_the_same_year_is(fit, date, taken):
    plan = fit("server==0.8", "models", releases={**RELEASES, ("server", "0.1"): (["models<2"], date)})
    assert planned(plan).get("models") == ("1.0" if taken else "2.0")
    assert ("server 0.1 is the nearest release that fits" in conflict(plan, "server")) is bool(taken)


def test_where_nobody_knows_the_dates_any_release_may_take_its_place(fit):
    releases = {key: (requires, "") for key, (requires, _) in RELEASES.items()}
    plan = fit("server==0.8", "models", releases=releases)
    assert planned(plan)["models"] == "1.0"


@pytest.mark.parametrize(("tested", "expected"), [({"lib": "1.0"}, "1.0"), ({}, "2.0")])
def test_what_was_tested_is_taken_where_no_release_has_a_wheel(tmp_path, monkeypatch, tested, expected):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    sources = {("lib", "1.0"): "2024-03-01", ("lib", "2.0"): "2024-09-01"}
    plan = plan_over(tmp_path, RELEASES, POD, "lib", "models", tested=tested, sources=sources)
    assert planned(plan) == {"lib": expected, "models": "2.0"}
    assert [build.version for build in plan.builds] == [expected]


def test_of_what_cannot_be_had_as_it_is_asked_for_the_nearest_counts_and_not_the_time(fit):
    releases = {
        **RELEASES,
        ("net", "2.0"): (["torch>=2.0"], "2024-09-01"),
        ("net", "2.9"): (["torch>=2.0"], "2025-05-01"),
        ("net", "3.0"): (["torch>=2.6"], "2025-06-01"),
    }
    plan = fit("net>=3", releases=releases)
    assert "Without its own limit only the older net 2.9 would fit" in conflict(plan, "net")
    assert planned(fit("net", releases=releases)) == {"net": "2.0"}  # of torch's time


def test_that_there_is_no_wheel_is_not_said_where_it_is_the_time(fit):
    releases = {
        **RELEASES,
        ("net", "2.0"): (["torch>=2.0"], "2024-09-01"),
        ("net", "2.9"): (["torch>=2.0", "gone"], "2025-05-01"),
        ("gone", "1.0"): (["torch==2.6.0"], "2025-05-01"),
    }
    plan = fit("net>=2.9", releases=releases)
    assert "has no wheel" not in conflict(plan, "net")
