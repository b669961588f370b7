"""What is asked for comes first, then the fewest changes: on worlds small enough to read."""

import pytest
from solve_support import need, only, registry, template

from podfit.model import Bound, Evidence, EvidenceKind
from podfit.solve import Uv, solve_overlay


@pytest.fixture
def solve(tmp_path):
    """Return a function that solves needs over a template in a world of releases."""

    def run(pod, needs, releases, *, held=(), preferences=None, **more):
        return solve_overlay(
            pod,
            needs,
            Uv(tmp_path / "cache"),
            held=held,
            preferences=preferences or {},
            index_arguments=only(registry(tmp_path / "wheels", releases)),
            **more,
        )

    return run


def _versions(overlay):
    return {name: package.version for name, package in overlay.packages.items()}


def _changes(overlay):
    return {change.name: change.after for change in overlay.changes}


SERVER = {
    ("server", "0.2"): ["torch>=2.0"],
    ("server", "0.11"): ["torch==2.8.0", "lock>=3.16", "wire>=25"],
    ("server", "0.12"): ["torch==2.9.0", "lock>=3.16"],
    ("lock", "3.16"): [],
    ("lock", "3.20"): [],
    ("wire", "25.0"): [],
}
POD = {"torch": ("2.8.0+cu128", []), "lock": ("3.13", []), "wire": ("24.0", []), "other": ("1.0", ["lock"])}


def test_small_pins_do_not_keep_what_is_asked_for_old(solve):
    overlay = solve(template(POD), [need("server")], SERVER, held=["torch"])
    assert _versions(overlay)["server"] == "0.11"
    assert set(_changes(overlay)) == {"lock", "wire"}
    assert [(other.name, other.version) for other in overlay.alternative.needs] == [("server", "0.2")]
    assert overlay.alternative.changes == ()
    (passed,) = overlay.passed_over
    assert (passed.name, passed.sought) == ("server", "newer than 0.11")
    assert "torch==2.9.0" in passed.explanation


def test_the_template_may_be_preferred(solve):
    overlay = solve(template(POD), [need("server")], SERVER, held=["torch"], prefer="template")
    assert _versions(overlay)["server"] == "0.2"
    assert (_changes(overlay), overlay.alternative) == ({}, None)


def test_where_nothing_has_to_move_there_is_no_alternative(solve):
    overlay = solve(template(POD), [need("server", "<0.11")], SERVER, held=["torch"])
    assert _versions(overlay)["server"] == "0.2"
    assert (_changes(overlay), overlay.alternative) == ({}, None)


def test_a_need_that_the_template_meets_stays(solve):
    overlay = solve(template(POD), [need("server"), need("lock")], SERVER, held=["torch"])
    assert _versions(overlay)["server"] == "0.2"
    assert _changes(overlay) == {}


def test_a_need_that_the_template_meets_moves_where_there_is_no_other_way(solve):
    overlay = solve(template(POD), [need("server", ">=0.11"), need("lock")], SERVER, held=["torch"])
    assert _versions(overlay)["server"] == "0.11"
    assert set(_changes(overlay)) == {"lock", "wire"}


def test_the_tested_version_comes_before_the_newest(solve):
    releases = {("app", v): ["low>=2"] for v in ("1.0", "2.0", "3.0")} | {("app", "0.1"): [], ("low", "2.0"): []}
    overlay = solve(template({"low": ("1.0", [])}), [need("app")], releases, preferences={"app": "2.0"})
    assert _versions(overlay)["app"] == "2.0"
    assert _changes(overlay) == {"low": "2.0"}


def test_where_the_tested_version_cannot_be_had_it_is_the_newest(solve):
    releases = {("app", "1.0"): [], ("app", "2.0"): ["torch<1"], ("app", "3.0"): ["low>=2"], ("low", "2.0"): []}
    pod = template({"low": ("1.0", []), "torch": ("2.0", [])})
    overlay = solve(pod, [need("app")], releases, held=["torch"], preferences={"app": "2.0"})
    assert _versions(overlay)["app"] == "3.0"


NUMBERS = {
    ("app", "1.0"): ["numpy"],
    ("app", "2.0"): ["numpy>=2"],
    ("old", "1.0"): ["numpy>=2"],
    ("numpy", "2.0"): [],
    ("numpy", "3.0"): [],
}


def test_an_anchor_stays_although_a_newer_release_wants_another(solve):
    overlay = solve(template({"numpy": ("1.26", [])}), [need("app")], NUMBERS, anchors=["numpy"])
    assert (_versions(overlay)["app"], _changes(overlay)) == ("1.0", {})


def test_an_anchor_moves_where_a_need_cannot_be_had_otherwise_and_within_its_bounds(solve):
    bound = Bound("numpy", "the held torch's binary", Evidence(EvidenceKind.BINARY, "torch"), "<3")
    overlay = solve(
        template({"numpy": ("1.26", [])}), [need("app"), need("old")], NUMBERS, anchors=["numpy"], bounds=[bound]
    )
    assert _changes(overlay) == {"numpy": "2.0"}
    assert _versions(overlay)["app"] == "2.0"


def test_any_number_of_loose_pins_moves_before_an_anchor(solve):
    """Two distributions can move, or NumPy alone: it is spared."""
    releases = {
        ("app", "1.0"): ["bridge"],
        ("bridge", "1.0"): ["numpy>=2"],
        ("bridge", "2.0"): ["a>=2", "b>=2"],
        ("a", "2.0"): [],
        ("b", "2.0"): [],
        ("numpy", "2.0"): [],
    }
    pod = template({"numpy": ("1.26", []), "a": ("1.0", []), "b": ("1.0", [])})
    overlay = solve(pod, [need("app")], releases, anchors=["numpy"])
    assert _changes(overlay) == {"a": "2.0", "b": "2.0"}


def test_what_a_newer_need_breaks_in_the_template_moves_along_or_keeps_it_older(solve):
    releases = {
        ("app", "1.0"): [],
        ("app", "2.0"): ["proto>=2"],
        ("app", "3.0"): ["proto>=3"],
        ("proto", "2.0"): [],
        ("proto", "3.0"): [],
        ("flow", "2.0"): ["proto<3"],
    }
    pod = template({"proto": ("1.0", []), "flow": ("1.0", ["proto<2"])})
    overlay = solve(pod, [need("app")], releases)
    assert _versions(overlay)["app"] == "2.0"
    assert _changes(overlay) == {"flow": "2.0", "proto": "2.0"}


def test_the_needs_that_come_first_are_served_first(solve):
    releases = {("a", v): [f"common=={v}"] for v in ("1.0", "2.0")} | {("common", v): [] for v in ("1.0", "2.0")}
    releases |= {("b", "1.0"): ["common==2.0"], ("b", "2.0"): ["common==1.0"]}
    for order, versions in ((("a", "b"), ("2.0", "1.0")), (("b", "a"), ("2.0", "1.0"))):
        overlay = solve(template({}), [need(name) for name in order], releases)
        assert tuple(_versions(overlay)[name] for name in order) == versions
