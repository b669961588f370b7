"""A pin that cannot be had gives way to the release next to it, and pins are told from ranges."""

import pytest
from packaging.specifiers import SpecifierSet
from solve_support import need, only, registry, template

from podfit.solve import Uv, solve_overlay
from podfit.solve.limits import pinned
from podfit.solve.nearest import is_pin


@pytest.fixture
def solve(tmp_path):
    """Return a function that solves needs over an empty template in a world of releases."""

    def run(needs, releases):
        index = only(registry(tmp_path / "wheels", releases))
        return solve_overlay(
            template({}), needs, Uv(tmp_path / "cache"), held=(), preferences={}, index_arguments=index
        )

    return run


@pytest.mark.parametrize(
    ("specifier", "exact", "pin"),
    [("==1.13.1", "1.13.1", True), ("==1.13.*", "", True), ("==1.*", "", False), (">=1,<2", "", False)],
)
def test_what_somebody_had_is_a_pin_and_a_series_is_a_range(specifier, exact, pin):
    assert pinned(specifier) == exact
    assert all(is_pin(clause) for clause in SpecifierSet(specifier)) is pin


def test_a_release_next_to_the_pin_is_taken_and_not_the_newest_of_all(solve):
    releases = {("app", "1.2"): ["gone>=1"], ("app", "1.3"): ["gone>=1"], ("app", "1.4"): [], ("app", "1.9"): [],
                ("app", "2.0"): [], ("gone", "0.1"): []}  # fmt: skip
    overlay = solve([need("app", "==1.2")], releases)
    (refused,) = overlay.refused
    assert overlay.packages["app"].version == "1.4"
    assert (refused.name, refused.near, refused.fitting) == ("app", "1.4", "1.4")
    assert refused.message.startswith("the project needs app==1.2 (pyproject.toml:7): because")


def test_what_the_template_has_in_another_series_gives_way_to_the_release_next_to_the_pin(tmp_path):
    releases = {("app", "1.2"): ["gone>=1"], ("app", "1.4"): [], ("app", "2.0"): [], ("gone", "0.1"): []}
    pod = template({"app": ("2.0", [])})
    index = only(registry(tmp_path / "wheels", releases))
    for held, version in (((), "1.4"), (("app",), "2.0")):
        overlay = solve_overlay(
            pod, [need("app", "==1.2")], Uv(tmp_path / "cache"), held=held, preferences={}, index_arguments=index
        )
        assert overlay.packages["app"].version == version


def test_an_older_one_of_the_series_is_taken_where_no_newer_one_fits(solve):
    releases = {("app", "1.1"): [], ("app", "1.2"): ["gone>=1"], ("app", "2.0"): [], ("gone", "0.1"): []}
    overlay = solve([need("app", "==1.2")], releases)
    assert overlay.packages["app"].version == "1.1"


@pytest.mark.parametrize(
    ("releases", "near"), [(("1.1", "1.2", "1.3"), "1.2"), (("1.1", "1.3"), "1.3"), (("1.1",), "1.1")]
)
def test_of_a_pin_with_a_local_part_the_release_itself_is_next(solve, releases, near):
    overlay = solve([need("app", "==1.2+cu118")], {("app", version): [] for version in releases})
    (refused,) = overlay.refused
    assert (overlay.packages["app"].version, refused.near) == (near, near)


def test_conda_s_pin_gives_way_to_the_release_next_to_it_too(solve):
    overlay = solve([need("app", "==1.2.0.*")], {("app", version): [] for version in ("1.1", "1.3", "1.9", "2.0")})
    assert overlay.packages["app"].version == "1.3"


def test_a_range_beside_the_pin_holds(solve):
    overlay = solve([need("app", "==1.2.0,!=1.3")], {("app", version): [] for version in ("1.1", "1.3", "1.9", "2.0")})
    (refused,) = overlay.refused
    assert (overlay.packages["app"].version, refused.near) == ("1.9", "1.9")


def test_where_the_series_has_none_the_newest_is_told(solve):
    releases = {("app", "1.2"): ["gone>=1"], ("app", "2.0"): [], ("gone", "0.1"): []}
    overlay = solve([need("app", "==1.2")], releases)
    (refused,) = overlay.refused
    assert (refused.near, refused.fitting) == ("", "2.0")


def test_a_constraint_that_what_is_held_excludes_is_a_note_and_blames_nobody(tmp_path):
    pod = template({"torch": ("2.4.0", ["typing-extensions>=4.8"]), "typing-extensions": ("4.9.0", [])})
    index = only(registry(tmp_path / "wheels", {("app", "1.2"): ["torch"]}))
    overlay = solve_overlay(
        pod,
        [need("app"), need("torch")],
        Uv(tmp_path / "cache"),
        held=("torch",),
        preferences={},
        constraints=("typing-extensions==4.6.0",),
        index_arguments=index,
    )
    assert overlay.refused == ()
    (note,) = overlay.notes
    assert "typing-extensions==4.6.0 is not applied: of pod, torch 2.4.0 requires typing-extensions>=4.8" in note


STEPS = {
    ("app", "1.0"): ["tools>=80.9", "low"],
    ("tools", "70.1"): [],
    ("tools", "80.9.0"): ["low"],
    ("tools", "80.9.1"): ["low"],
    ("tools", "80.10"): ["low"],
    ("tools", "84.0"): ["low>=3"],
    ("low", "1.0"): [],
    ("low", "2.0"): [],
}
TOOLS = {"tools": ("70.0", []), "low": ("1.0", [])}


@pytest.fixture
def over(tmp_path):
    """Return a function that solves needs over a template in a world of releases; it returns what changed."""

    def run(pod, needs, releases, **more):
        index = only(registry(tmp_path / "wheels", releases))
        uv = Uv(tmp_path / "cache")
        overlay = solve_overlay(template(pod), needs, uv, held=(), index_arguments=index, **{"preferences": {}, **more})
        return {change.name: change.after for change in overlay.changes}

    return run


def test_what_has_to_move_goes_to_the_nearest_minor_series_with_its_fixes(over):
    assert over(TOOLS, [need("app")], STEPS) == {"tools": "80.9.1"}


def test_an_older_series_is_passed_over_where_only_a_newer_one_can_be_had(over):
    releases = {**STEPS, ("app", "1.0"): ["tools>=80.9", "low>=2"], ("tools", "80.9.0"): ["low<2"],
                ("tools", "80.9.1"): ["low<2"]}  # fmt: skip
    assert over(TOOLS, [need("app")], releases) == {"tools": "80.10", "low": "2.0"}


def test_what_is_asked_for_and_what_was_tested_does_not_stop_at_the_nearest(over):
    releases = {**STEPS, ("tools", "84.0"): []}
    assert over(TOOLS, [need("app"), need("tools", ">=75")], releases) == {"tools": "84.0"}
    assert over(TOOLS, [need("app")], releases, preferences={"tools": "80.10"}) == {"tools": "80.10"}


def test_a_step_down_goes_no_further_than_it_must(over):
    releases = {("app", "1.0"): ["tools<70"], ("tools", "60.0"): [], ("tools", "69.1"): [], ("tools", "80.0"): []}
    assert over({"tools": ("70.0", [])}, [need("app")], releases) == {"tools": "69.1"}
