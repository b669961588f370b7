"""What nothing bounds is of the time of what it works with; requirements, tests and pins come first."""

from __future__ import annotations

import pytest
from fit_support import plan_over, planned, template
from index_support import build_sdist

from podfit.model import EvidenceKind

HUB = ['torch>=2; extra == "torch"', "tokens"]
RELEASES = {
    ("torch", "2.4.0"): ([], "2024-07-24"),
    ("hub", "1.0"): (HUB, "2024-03-01"),
    ("hub", "1.1"): (HUB, "2025-01-10"),
    ("hub", "2.0"): (HUB, "2025-02-20"),
    ("hub", "3.0"): (HUB, "2026-08-01"),
    ("tokens", "1.0"): ([], "2024-12-01"),
    ("tokens", "2.0"): ([], "2026-07-31"),
    ("plain", "1.0"): ([], "2024-01-01"),
    ("plain", "2.0"): (["leaf"], "2026-08-03"),
    ("leaf", "1.0"): ([], "2024-01-01"),
    ("leaf", "2.0"): ([], "2026-08-02"),
    ("needy", "1.0"): (["torch", "tokens>=2"], "2024-09-01"),
    ("young", "1.0"): (["torch"], "2026-03-01"),
    ("torchgraph", "1.0"): ([], "2024-09-01"),
    ("torchgraph", "2.0"): ([], "2026-09-01"),
    ("deep-pytorch", "1.0"): ([], "2024-09-01"),
    ("deep-pytorch", "2.0"): ([], "2026-09-01"),
    ("nottorch", "1.0"): ([], "2024-09-01"),
    ("nottorch", "2.0"): ([], "2026-09-01"),
    ("rest", "1.0"): (["middle"], "2025-01-05"),
    ("rest", "2.0"): (["middle"], "2026-09-01"),
    ("middle", "1.0"): (["torch>=2"], "2024-10-01"),
    ("old", "0.2"): (["torch>=2.1"], "2023-11-01"),
    ("old", "0.3"): (["torch>=2.1.1"], "2023-12-01"),
    ("old", "0.4"): (["torch==2.1.2"], "2024-01-01"),
    ("old", "0.5"): (["torch==2.6.0"], "2025-03-01"),
    ("careful", "1.0"): (["torch>=2.1"], "2023-11-01"),
    ("careful", "1.1"): (["torch>=2.1,<2.3"], "2024-01-01"),
    ("gone", "0.3"): (["torch>=1.9"], "2021-12-01"),
    ("gone", "0.4"): (["torch>=1.9", "absent"], "2022-03-01"),
    ("gone", "0.5"): (["torch>=2.1,<2.3.1"], "2024-06-01"),
    ("above", "1.0"): (["gone"], "2024-06-01"),
    ("quiet", "0.3"): (["torch>=1.9"], "2021-12-01"),
    ("quiet", "0.5"): (["torch>=1.9,<2.1"], "2023-06-01"),
    ("steady", "1.0"): (["torch>=2.1"], "2023-11-01"),
    ("steady", "2.0"): (["torch==2.6.0"], "2025-03-01"),
}
POD = template("pod", {"torch": ("2.4.0+cu124", [])})


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """Return a function that fits requirements onto a template with torch 2.4.0, over an index with dates."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def run(*requirements, tested=None, releases=RELEASES, pod=POD, sources=None):
        return plan_over(tmp_path, releases, pod, *requirements, tested=tested, sources=sources)

    return run


def test_what_is_written_for_torch_and_what_it_asks_for_is_of_torchs_time(fit):
    plan = fit("hub")
    assert planned(plan) == {"hub": "1.1", "tokens": "1.0"}
    assert [(each.name, each.until, each.gave_way) for each in plan.timely] == [
        ("hub", "2025-01-23T12:00:00Z", False),
        ("tokens", "2025-01-23T12:00:00Z", False),
    ]
    decision = next(each for each in plan.decisions if each.name == "hub")
    (said,) = [each for each in decision.evidence if each.kind is EvidenceKind.ASSUMED]
    assert said.source == "of the template's time"
    assert said.detail == "not from 2025-01-23 on, half a year after torch 2.4.0+cu124 of 2024-07-24"
    assert plan.feasible


def test_what_asks_for_something_that_requires_torch_is_of_torchs_time(fit):
    assert planned(fit("rest")) == {"rest": "1.0", "middle": "1.0"}


def test_what_is_called_after_torch_is_of_torchs_time(fit):
    assert planned(fit("torchgraph", "deep-pytorch", "nottorch")) == {
        "torchgraph": "1.0",
        "deep-pytorch": "1.0",
        "nottorch": "2.0",
    }


def test_a_release_whose_successor_is_for_an_older_torch_alone_is_notplanned(fit):
    plan = fit("old")
    assert planned(plan) == {}
    (problem,) = plan.problems()
    assert problem.startswith("old conflicts")
    assert problem.endswith(f" What rules versions out: {plan.bounds[0].reason}.")
    (bound,) = plan.bounds
    assert bound.specifier == ">0.4"
    said = "is older than 0.4, which asks for torch==2.1.2 alone: neither was made for torch 2.4.0+cu124"
    assert bound.reason == f"old 0.3 {said}"
    assert (bound.evidence.kind, bound.evidence.source) == (EvidenceKind.METADATA, "old 0.4 METADATA")


def test_of_pure_python_a_successors_upper_end_is_caution(fit):
    plan = fit("careful")
    assert (planned(plan), plan.feasible) == ({"careful": "1.0"}, True)


def test_what_is_years_older_than_torch_and_left_it_out_since_is_no_answer_for_a_need(fit):
    plan = fit("gone")
    assert planned(plan) == {}
    (bound,) = plan.bounds
    said = "is older than 0.5, which asks for torch<2.3.1,>=2.1 alone: neither was made for torch 2.4.0+cu124"
    assert (bound.specifier, bound.reason) == (">0.5", f"gone 0.3 {said}")
    assert planned(fit("above")) == {"above": "1.0", "gone": "0.3"}
    assert planned(fit("quiet")) == {"quiet": "0.3"}  # nobody was there to say no
    alone = {("torch", "2.4.0"): ([], "2024-07-24"), ("one", "0.1"): (["torch>=1.9"], "2021-12-01")}
    assert planned(fit("one", releases=alone)) == {"one": "0.1"}


def test_an_old_release_whose_only_other_is_for_a_newer_torch_is_planned_and_so_is_one_that_is_pinned(fit):
    assert planned(fit("steady"))["steady"] == "1.0"
    assert planned(fit("old==0.3"))["old"] == "0.3"
    assert planned(fit("old", tested={"old": "0.3"}))["old"] == "0.3"


def test_what_has_no_tie_to_torch_is_the_newest(fit):
    assert planned(fit("plain")) == {"plain": "2.0", "leaf": "2.0"}


def test_without_torch_nothing_is_of_its_time(fit):
    plan = fit("hub", pod=template("bare", {}))
    assert planned(plan) == {"hub": "3.0", "tokens": "2.0"}
    assert plan.timely == ()


def test_the_tested_version_comes_first_and_asks_for_what_is_of_its_own_time(fit):
    assert planned(fit("hub", tested={"hub": "2.0"})) == {"hub": "2.0", "tokens": "1.0"}
    assert planned(fit("hub", tested={"hub": "3.0"})) == {"hub": "3.0", "tokens": "2.0"}


@pytest.mark.slow
def test_a_pin_and_a_range_come_first(fit):
    assert planned(fit("hub==3.0")) == {"hub": "3.0", "tokens": "2.0"}
    plan = fit("hub>=2.5")
    assert planned(plan) == {"hub": "3.0", "tokens": "2.0"}
    assert plan.timely == ()
    assert plan.feasible


def test_a_range_that_leaves_nothing_of_the_time_is_of_the_time_of_the_first_that_it_allows(fit):
    plan = fit("hub>=2")
    assert planned(plan) == {"hub": "2.0", "tokens": "1.0"}
    decision = next(each for each in plan.decisions if each.name == "hub")
    (said,) = [each.detail for each in decision.evidence if each.kind is EvidenceKind.ASSUMED]
    assert said == ("not from 2025-08-22 on, half a year after hub 2.0 of 2025-02-20, the first that is asked for")


def test_what_a_requirement_of_a_package_leaves_out_gives_way(fit):
    plan = fit("needy")
    assert planned(plan) == {"needy": "1.0", "tokens": "2.0"}
    assert [(each.name, each.gave_way) for each in plan.timely] == [("tokens", True)]
    assert plan.feasible


def test_where_there_is_nothing_of_the_time_what_there_is_isplanned(fit):
    plan = fit("young", "hub")
    assert planned(plan) == {"young": "1.0", "hub": "1.1", "tokens": "1.0"}
    assert {each.name: each.gave_way for each in plan.timely} == {"hub": False, "tokens": False, "young": True}


def test_an_index_without_times_limits_nothing(fit):
    undated = {key: (requires, "") for key, (requires, _) in RELEASES.items()}
    plan = fit("hub", releases=undated)
    assert planned(plan) == {"hub": "3.0", "tokens": "2.0"}
    assert plan.timely == ()


def test_a_need_that_cannot_be_had_anyway_costs_no_limit(fit):
    plan = fit("hub", "gone-missing")
    assert planned(plan) == {"hub": "1.1", "tokens": "1.0"}
    assert not plan.feasible


def test_no_limit_leads_from_a_wheel_to_something_older_than_a_source_distribution(fit):
    releases = {
        ("torch", "2.4.0"): ([], "2024-07-24"),
        ("hub", "1.0"): (["torch>=2", "table"], "2024-03-01"),
        ("table", "0.1"): ([], "2019-02-01"),
        ("table", "0.3"): ([], "2025-09-03"),
    }
    assert planned(fit("hub", releases=releases)) == {"hub": "1.0", "table": "0.1"}
    plan = fit("hub", releases=releases, sources={("table", "0.2"): "2021-05-18"})
    assert planned(plan) == {"hub": "1.0", "table": "0.3"}
    assert [(each.name, each.gave_way) for each in plan.timely] == [("table", True)]


def test_what_is_built_with_torch_is_of_torchs_time_although_it_requires_nothing(fit):
    def source(version, files):
        info = f"Metadata-Version: 2.2\nName: kernels\nVersion: {version}\n".encode()
        return build_sdist("kernels", version, {"PKG-INFO": info, "setup.py": b"import setuptools\n", **files})

    asks = {"pyproject.toml": b'[build-system]\nrequires = ["setuptools", "torch"]\n'}
    for files, version in (({"setup.py": b"import torch\n"}, "0.1"), (asks, "0.1"), ({}, "0.2")):
        dates = {"0.1": "2024-09-01", "0.2": "2026-01-01"}
        sources = {("kernels", each): (date, source(each, files)) for each, date in dates.items()}
        plan = fit("kernels", releases={("torch", "2.4.0"): ([], "2024-07-24")}, sources=sources)
        assert planned(plan) == {"kernels": version}


def test_a_wheel_that_is_much_older_than_a_source_that_is_likely_to_build_is_not_planned_in_its_place(fit):
    info = b"Metadata-Version: 2.2\nName: score\nVersion: 0.1.2\nRequires-Dist: leaf\n"
    source = build_sdist("score", "0.1.2", {"PKG-INFO": info, "setup.py": b"import setuptools\nsetuptools.setup()\n"})
    releases = {("score", "0.0.4"): ([], "2019-07-01"), ("leaf", "1.0"): ([], "2020-01-01")}
    plan = fit("score", releases=releases, sources={("score", "0.1.2"): ("2022-07-22", source)})
    assert (planned(plan), plan.feasible) == ({"score": "0.1.2", "leaf": "1.0"}, True)
    assert [(each.name, each.version, each.with_wheel) for each in plan.builds] == [("score", "0.1.2", "0.0.4")]
    for content, date in ((source, "2020-06-01"), (b"", "2022-07-22")):  # not much newer; nobody can read it
        plan = fit("score", releases=releases, sources={("score", "0.1.2"): (date, content)})
        assert planned(plan) == {"score": "0.0.4"}
    compiled = build_sdist("score", "0.1.2", {"PKG-INFO": info, "setup.py": b"import numpy\next_modules = []\n"})
    plan = fit("score", releases=releases, sources={("score", "0.1.2"): ("2022-07-22", compiled)})
    assert planned(plan) == {"score": "0.0.4"}


def test_a_major_version_that_is_asked_for_is_counted_from_the_first_that_is_asked_for(fit):
    releases = {
        ("torch", "2.4.0"): ([], "2024-07-24"),
        ("old", "1.0"): (["data"], "2023-01-01"),
        ("data", "1.0"): ([], "2022-06-01"),
        ("data", "2.0"): ([], "2024-06-01"),
        ("data", "3.0"): ([], "2025-06-01"),
        ("data", "3.1"): ([], "2025-09-01"),
        ("data", "4.0"): ([], "2026-09-01"),
    }
    plan = fit("old", "data>=3", releases=releases)
    assert planned(plan)["data"] == "3.1"
    assert [each.reason for each in plan.timely] == [
        "half a year after data 3.0 of 2025-06-01, the first that is asked for"
    ]
