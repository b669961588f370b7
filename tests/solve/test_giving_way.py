"""What gives way to a refusal: an extra before a version, and what gave way already before anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solve_support import need, only, registry, template

from podfit.index import Index
from podfit.model import RefusedNeed
from podfit.solve import Earlier, Uv, solve_overlay
from podfit.solve.sources import Sources

POD = template({"torch": ("2.4.0", [])})
RELEASES = {
    ("app", "1.0"): ["core>=1", "heavy>=2; extra == 'gpu'", "light; extra == 'cli'"],
    ("app", "1.1"): ["core>=2", "heavy>=2; extra == 'gpu'", "light; extra == 'cli'"],
    ("heavy", "1.0"): [],
    ("heavy", "2.0"): ["torch==2.6"],
    ("light", "1.0"): [],
    ("core", "1.0"): [],
    ("core", "2.0"): [],
    ("torch", "2.6"): [],
}


@pytest.fixture
def solve(tmp_path):
    """Return a function that solves needs over POD, which holds torch 2.4.0, in a world of releases."""

    def run(needs, releases=RELEASES, **more):
        return solve_overlay(
            POD,
            needs,
            Uv(tmp_path / "cache"),
            held={"torch"},
            preferences={},
            index_arguments=only(registry(tmp_path / "wheels", releases)),
            **more,
        )

    return run


def _versions(overlay):
    return {name: package.version for name, package in overlay.packages.items()}


def test_an_extra_that_cannot_be_had_is_left_out_and_the_version_stays(solve):
    overlay = solve([need("app", "==1.0", extras=("gpu",)), need("core")])
    assert _versions(overlay) == {"app": "1.0", "core": "2.0"}
    (refused,) = overlay.refused
    assert (refused.name, refused.without, refused.near, refused.fitting) == ("app", ("gpu",), "", "1.0")
    assert refused.message.startswith("the project needs app[gpu]==1.0 (pyproject.toml:7)")


def test_of_several_extras_those_that_fit_stay(solve):
    overlay = solve([need("app", "==1.0", extras=("cli", "gpu")), need("core")])
    assert _versions(overlay) == {"app": "1.0", "core": "2.0", "light": "1.0"}
    (refused,) = overlay.refused
    assert (refused.without, refused.fitting) == (("gpu",), "1.0")


def test_an_extra_that_is_not_to_blame_stays(solve):
    releases = {**RELEASES, ("app", "1.0"): ["core>=9", "light; extra == 'cli'"]}
    overlay = solve([need("app", "==1.0", extras=("cli",))], releases)
    (refused,) = overlay.refused
    assert (refused.without, refused.near, refused.fitting) == ((), "1.1", "1.1")
    assert overlay.packages["light"].version == "1.0"


def test_where_it_cannot_be_had_without_its_extra_either_another_version_is_taken_without_it(solve):
    releases = {**RELEASES, ("app", "1.0"): ["core>=9", "heavy>=2; extra == 'gpu'"]}
    overlay = solve([need("app", "==1.0", extras=("gpu",))], releases)
    (refused,) = overlay.refused
    assert (refused.without, refused.fitting) == (("gpu",), "1.1")
    assert _versions(overlay) == {"app": "1.1", "core": "2.0"}


def test_for_another_release_of_what_gave_way_nothing_else_does(solve):
    releases = {
        ("server", "3.0"): ["torch==2.6"],
        ("server", "1.0"): ["models<2"],
        ("models", "1.0"): [],
        ("models", "2.0"): [],
        ("torch", "2.6"): [],
    }
    overlay = solve([need("server", ">=3"), need("models", ">=2")], releases)
    assert [each.name for each in overlay.refused] == ["server"]
    assert overlay.packages["models"].version == "2.0"
    assert "server" not in overlay.packages


def test_what_was_found_is_copied_whole():
    earlier = Earlier(relaxed={"a"}, plain={"b": ("x",)}, floors={"a": "1"}, near={"a": "2"})
    earlier.fixed["a==2",] = ()
    other = earlier.copied()
    assert other == earlier
    other.take({"c"}, {"d"}, [RefusedNeed("c", "told")], ())
    other.near["c"] = other.floors["c"] = "3"
    other.impossible.setdefault(("x",), [])
    other.witnesses["q", ("a==2",)] = frozenset({"z"})
    other.fixed.clear()
    other.plain.clear()
    other.hard.add("fewest")
    assert earlier == Earlier(
        relaxed={"a"}, plain={"b": ("x",)}, floors={"a": "1"}, near={"a": "2"}, fixed={("a==2",): ()}
    )
    other.clear()
    assert (other.cleared, earlier.cleared) == (1, 0)
    assert (other.relaxed, other.plain, other.refused) == (set(), {}, [])


def test_what_was_found_under_nothing_else_stays_when_limits_give_way():
    earlier = Earlier(relaxed={"a"}, near={"a": "2"}, refused=[RefusedNeed("a", "told")], hard={"fewest"})
    earlier.found_under_nothing_else()
    earlier.take({"c"}, {"d"}, [*earlier.refused, RefusedNeed("c", "told")], ())
    earlier.found_under_nothing_else()  # under more than the first: not what stays
    earlier.near["c"] = "3"
    anew = earlier.anew()
    earlier.clear()
    for each in (anew, earlier):
        assert (each.relaxed, each.dropped, each.near) == ({"a"}, set(), {"a": "2"})
        assert [refused.name for refused in each.refused] == ["a"]
    assert (anew.hard, earlier.hard, earlier.cleared) == (set(), {"fewest"}, 1)
    earlier.relaxed.add("e")
    assert anew.relaxed == earlier.anew().relaxed == {"a"}


def test_what_gave_way_before_gives_way_further_whatever_else_cannot_be_had(solve):
    releases = {
        **{("hub", version): [] for version in ("0.20", "0.21", "0.36")},
        ("app", "1.0"): ["hub>=0.21"],
        ("zoo", "4.0"): ["hub>=0.23"],
        ("odd", "1.0"): ["gone>=1"],
        ("gone", "0.1"): [],
    }
    needs = [need("app", "==1.0"), need("hub", "==0.20"), need("odd", "==1.0"), need("zoo", "==4.0")]
    overlay = solve(needs, releases)
    assert {name: package.version for name, package in overlay.packages.items()} == {
        "app": "1.0",
        "hub": "0.36",
        "zoo": "4.0",
    }
    assert {each.name for each in overlay.refused} == {"hub", "odd"}


def test_what_no_manifest_asks_for_gives_way_before_what_one_does(solve):
    releases = {
        **{("sci", version): [] for version in ("1.11", "1.16")},
        ("grad", "0.8"): ["sci>=1.13"],
        ("uni", "2.0"): ["sci<1.12"],
    }
    needs = [need("grad", "==0.8"), need("sci", "==1.16"), replace(need("uni"), beside=True)]
    overlay = solve(needs, releases)
    assert _versions(overlay) == {"grad": "0.8", "sci": "1.16"}
    assert [each.name for each in overlay.refused] == ["uni"]


def test_a_release_from_before_an_extra_is_not_taken_for_one_that_has_it(solve, tmp_path):
    releases = {
        **RELEASES,
        ("app", "0.8"): ["core<2"],
        ("app", "0.9"): ["core<2"],
        ("app", "1.0"): ["heavy>=2; extra == 'gpu'"],
    }
    wheels = registry(tmp_path / "wheels", releases)
    index = Index([], cache=tmp_path / "cache", find_links=[str(wheels)])
    sources = Sources(index, POD, tmp_path / "cache")
    overlay = solve([need("app", extras=("gpu",))], releases, sources=sources)
    (refused,) = overlay.refused
    assert (refused.without, refused.fitting) == (("gpu",), "1.1")
    assert _versions(overlay) == {"app": "1.1", "core": "2.0"}
    overlay = solve([need("app", "<1", extras=("gpu",))], releases, sources=Sources(index, POD, tmp_path / "cache"))
    assert not overlay.refused, "no release in its range has such an extra: a word that says nothing"
    assert _versions(overlay) == {"app": "0.9", "core": "1.0"}
