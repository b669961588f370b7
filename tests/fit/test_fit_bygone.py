"""A release from before the template's Python is no choice where who asks for it allows a later one that can be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_support import plan_over, planned, template

from podfit.catalogue.pythons import pythons
from podfit.model import EvidenceKind, Plan

RELEASES = {
    ("app", "1.0"): (["lib"], "2024-02-01"),
    ("lib", "1.0"): ([], "2018-08-23"),
    ("lib", "2.0"): (["wire!=1.0"], "2023-06-01"),
    ("lib", "3.0"): (["wire!=1.0"], "2024-01-01"),
    ("careful", "1.0"): (["lib<2"], "2024-02-01"),
    ("stuck", "1.0"): (["bolt"], "2024-02-01"),
    ("bolt", "1.0"): ([], "2019-01-01"),
    ("bolt", "2.0"): (["torch>=9"], "2024-01-01"),
    ("wire", "1.1"): ([], "2024-01-01"),
    ("table", "1.0"): (["frame", "wire!=1.0"], "2024-02-01"),
    ("frame", "1.0"): (["wire!=1.0"], "2018-08-23"),
    ("frame", "2.0"): (["numpy>=2"], "2024-01-01"),
    ("grid", "1.0"): (["numpy"], "2018-08-23"),
    ("grid", "2.0"): (["numpy<2"], "2024-01-01"),
    ("numpy", "1.26.4"): ([], "2024-02-05"),
    ("numpy", "2.0.0"): ([], "2024-06-16"),
    ("kit", "0.1"): (["screw"], "2019-05-01"),
    ("kit", "2.0"): (["screw", "nut==1.0"], "2024-02-01"),
    ("nut", "1.0"): ([], "2024-01-01"),
    ("nut", "2.0"): ([], "2024-01-01"),
    ("screw", "1.0"): ([], "2018-08-23"),
    ("screw", "2.0"): (["nut>=2", "wire!=1.0"], "2024-01-01"),
}
POD = template("pod", {"wire": ("1.0", []), "torch": ("2.4.0", []), "numpy": ("1.26.4", [])}, python="3.11.9")


@pytest.fixture
def fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Return a function that fits requirements onto a template with Python 3.11, of 2022-10-24."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def run(*requirements: str, **more: object) -> Plan:
        plan = plan_over(tmp_path, RELEASES, POD, *requirements, **more)  # type: ignore[arg-type]
        assert plan is not None
        return plan

    return run


def test_a_later_release_is_taken_although_a_pin_has_to_move_for_it(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("app")
    assert planned(plan) == {"app": "1.0", "lib": "3.0", "wire": "1.1"}
    (bound,) = [bound for bound in plan.bounds if bound.name == "lib"]
    assert bound.reason == (
        "lib 1.0 of 2018-08-23 is older than Python 3.11 of 2022-10-24; 2.0 is the first release after that"
    )
    assert bound.evidence.kind is EvidenceKind.ASSUMED


def test_who_asks_for_an_old_one_gets_it(fit) -> None:  # type: ignore[no-untyped-def]
    assert planned(fit("careful")) == {"careful": "1.0", "lib": "1.0"}
    assert planned(fit("app", "lib==1.0")) == {"app": "1.0", "lib": "1.0"}
    assert planned(fit("app", tested={"lib": "1.0", "app": "1.0"})) == {"app": "1.0", "lib": "1.0"}


def test_where_no_later_one_can_be_had_the_old_one_is_planned(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("stuck")
    assert planned(plan) == {"stuck": "1.0", "bolt": "1.0"}
    assert plan.feasible


def test_for_a_need_numpy_moves_to_an_older_major_version(tmp_path: Path) -> None:
    """And not for what the need asks for in turn, nor to a newer one, which what is compiled for the other lacks."""
    pod = template("pod", {"torch": ("2.4.0", []), "numpy": ("2.0.0", [])}, python="3.11.9")
    plan = plan_over(tmp_path, RELEASES, pod, "grid")
    assert plan is not None
    assert planned(plan) == {"grid": "2.0", "numpy": "1.26.4"}
    older = plan_over(tmp_path, RELEASES, POD, "frame")
    assert older is not None
    assert planned(older)["frame"] == "1.0"


def test_where_the_later_one_would_move_numpy_the_old_one_is_planned(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("table")
    assert planned(plan) == {"table": "1.0", "frame": "1.0", "wire": "1.1"}


def test_where_the_later_one_costs_a_need_years_the_old_one_is_planned(fit) -> None:  # type: ignore[no-untyped-def]
    assert planned(fit("kit")) == {"kit": "2.0", "nut": "1.0", "screw": "1.0"}


def test_what_is_in_the_way_of_one_is_not_of_another(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("table", "app")
    assert planned(plan) == {"table": "1.0", "frame": "1.0", "wire": "1.1", "app": "1.0", "lib": "3.0"}


def test_every_python_that_is_known_has_its_day_and_its_source() -> None:
    known = pythons()
    assert {"3.8", "3.14"} <= set(known)
    assert all(each.source.startswith("PEP ") and len(each.released) == 10 for each in known.values())
    days = [known[f"3.{minor}"].released for minor in range(8, 15)]
    assert days == sorted(days)
