"""What is asked for comes first, then the fewest changes: on worlds small enough to read."""

import pytest
from solve_support import need, only, registry, template

from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.steps import finish
from podfit.solve import Earlier, Uv, overlay_steps, solve_overlay
from podfit.solve.conflicts import Core
from podfit.solve.search import Search
from podfit.solve.template_index import offer


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


def test_under_more_bounds_the_needs_keep_the_versions_that_they_came_to_where_these_can_be_had(tmp_path):
    releases = {("a", v): [f"common=={v}"] for v in ("1.0", "2.0")} | {("common", v): [] for v in ("1.0", "2.0")}
    releases |= {("b", "1.0"): ["common==2.0"], ("b", "2.0"): ["common==1.0"], ("c", "1.0"): [], ("c", "2.0"): []}
    needs, arguments = [need("a"), need("b"), need("c")], only(registry(tmp_path / "wheels", releases))

    def solved(cache, bounded, earlier):
        evidence = Evidence(EvidenceKind.MEASURED, "a test")
        bounds = [Bound(name, "a test", evidence, limit) for name, limit in bounded.items()]
        more = {"held": (), "preferences": {}, "index_arguments": arguments, "bounds": bounds, "earlier": earlier}
        overlay = finish(overlay_steps(template({}), needs, Uv(tmp_path / cache), **more))
        return overlay, tuple(_versions(overlay)[each.name] for each in needs)

    earlier = Earlier()
    assert solved("first", {}, earlier)[1] == ("2.0", "1.0", "2.0")
    for name, limit, versions in (("common", ">=2", ("2.0", "1.0", "2.0")), ("a", "<2", ("1.0", "2.0", "2.0"))):
        again, found = solved(f"again {name}", {name: limit}, earlier.copied())
        alone, expected = solved(f"alone {name}", {name: limit}, Earlier())
        assert found == expected == versions
        assert [each.name for each in again.passed_over] == [each.name for each in alone.passed_over]
        assert (again.runs < alone.runs) is (name == "common")


CHAIN = {
    **{("server", version): ["wire==25.0", "lock>=3.16"] for version in ("1.0", "1.1")},
    ("wire", "25.0"): ["thread==2.0"],
    ("thread", "2.0"): [],
    ("lock", "3.16"): [],
    ("rope", "2.0"): ["thread<3"],
}
LINKED = {
    "wire": ("24.0", ["thread<2"]),
    "thread": ("1.0", []),
    "lock": ("3.13", []),
    "rope": ("1.0", ["thread<2"]),
    "other": ("1.0", ["lock"]),
}


def _steps(tmp_path, monkeypatch, needs, *, quick=0, most=40, **more):
    """Solve over LINKED where the search for the fewest changes of all has so many resolutions."""
    monkeypatch.setattr("podfit.solve.overlay.QUICK_RUNS", quick)
    for place in ("overlay", "search"):
        monkeypatch.setattr(f"podfit.solve.{place}.MOST_RUNS", most)
    return finish(
        overlay_steps(
            template(LINKED),
            needs,
            Uv(tmp_path / "cache"),
            held=(),
            preferences={},
            index_arguments=only(registry(tmp_path / "wheels", CHAIN)),
            **more,
        )
    )


def test_where_the_fewest_changes_of_all_are_far_to_seek_the_needs_versions_are_found_without_them(
    tmp_path, monkeypatch
):
    overlay = _steps(tmp_path, monkeypatch, [need("server")])
    assert _versions(overlay)["server"] == "1.1"
    assert set(_changes(overlay)) == {"wire", "thread", "lock", "rope"}
    assert (overlay.rough, overlay.alternative) == (False, None)
    assert "--prefer template plans it" in overlay.notes[0]
    assert not any("not proven" in note for note in overlay.notes)


def test_a_round_that_settles_nothing_says_that_the_fewest_changes_were_not_sought(tmp_path, monkeypatch):
    earlier = Earlier()
    rough = _steps(tmp_path, monkeypatch, [need("server")], earlier=earlier, settle=False)
    assert rough.rough
    assert _versions(rough)["server"] == "1.1"
    assert earlier.hard == {"fewest", "fixed"}
    settled = _steps(tmp_path, monkeypatch, [need("server")], earlier=earlier)
    assert not settled.rough
    assert _changes(settled) == _changes(rough)


def test_at_the_limit_every_change_that_can_be_spared_by_itself_is_spared(tmp_path, monkeypatch):
    overlay = _steps(tmp_path, monkeypatch, [need("server")], most=0)
    assert set(_changes(overlay)) == {"wire", "thread", "lock", "rope"}
    assert any("not proven" in note for note in overlay.notes)


def test_one_need_is_dropped_where_without_it_all_others_can_be_had(solve):
    pod = {"numba": ("0.61", []), "frames": ("26.2", ["numba<0.62"]), "torch": ("2.8", [])}
    releases = {
        ("server", "0.24"): ["numba==0.65", "trainer"],
        ("numba", "0.65"): [],
        ("trainer", "1.0"): ["torch"],
        ("frames", "26.4"): ["numba<0.65"],
    }
    overlay = solve(template(pod), [need("trainer"), need("server"), need("torch")], releases, held=["torch"])
    (refused,) = overlay.refused
    assert refused.name == "server"
    assert "frames" in refused.message
    assert _versions(overlay)["trainer"] == "1.0"
    assert _changes(overlay) == {}


def test_needs_that_can_all_have_what_was_tested_get_it_without_a_look_at_other_releases(solve):
    releases = {("app", f"{v}.0"): ["low>=2"] for v in range(1, 9)} | {("tool", f"{v}.0"): [] for v in range(1, 9)}
    releases |= {("app", "0.1"): [], ("low", "2.0"): []}
    overlay = solve(
        template({"low": ("1.0", [])}), [need("app"), need("tool")], releases, preferences={"app": "3.0", "tool": "5.0"}
    )
    assert (_versions(overlay)["app"], _versions(overlay)["tool"]) == ("3.0", "5.0")
    assert overlay.passed_over == ()
    assert [(other.name, other.version) for other in overlay.alternative.needs] == [("app", "0.1")]


def test_an_anchor_stays_although_what_was_tested_wants_another(solve):
    overlay = solve(
        template({"numpy": ("1.26", [])}), [need("app")], NUMBERS, anchors=["numpy"], preferences={"app": "2.0"}
    )
    assert (_versions(overlay)["app"], _changes(overlay)) == ("1.0", {})


def test_what_was_learned_of_pins_holds_for_other_versions_that_have_nothing_to_do_with_it():
    pod = template({"lock": ("1.0", []), "wire": ("1.0", [])})
    search = Search(*(pod, offer(pod, frozenset()), frozenset(), None, None, None, {}))
    core = Core(frozenset({"lock"}), "app 1.0 requires lock>=2", frozenset({"app", "lock"}))
    search.take([core], apart_from={"app"})
    assert search.learned == ()
    search.take([core], apart_from={"other"})
    assert search.learned == (core,)
