"""What needs and pins say about each other, against brute force; and that known cores save resolutions."""

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from solve_support import need, only, registry, template

from podfit.solve import Uv, solve_overlay
from podfit.solve.limits import disjoint, known_cores
from podfit.solve.template_index import offer

VERSIONS = [f"{a}.{b}{c}" for a in range(4) for b in range(4) for c in ("", ".1", ".5", ".post1", "rc1")]
CLAUSES = st.builds(
    "{}{}".format,
    st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~="]),
    st.sampled_from(["1.0", "1.2", "2.1", "2.3"]),
) | st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), st.sampled_from(["1", "2", "1.2", "2.1"]))
SETS = st.lists(CLAUSES, max_size=3).map(",".join).map(SpecifierSet)


@given(SETS, SETS)
def test_disjoint_is_true_where_no_version_is_in_both_and_only_there(one, other):
    shared = any(one.contains(v, prereleases=True) and other.contains(v, prereleases=True) for v in VERSIONS)
    assert not (disjoint(one, other) and shared)
    if not shared and not disjoint(one, other):  # then a version between those listed is in both
        both = SpecifierSet(",".join(filter(None, (str(one), str(other)))))
        assert any(both.contains(f"{v}.0.1", prereleases=True) for v in (*VERSIONS, "0")) or both.contains("0")


def test_the_pin_and_everything_whose_own_limit_excludes_the_need_are_cores_of_their_own():
    pod = template(
        {
            "numpy": ("2.0.2", []),
            "jax": ("0.5", ["numpy>=2"]),
            "scipy": ("1.16", ["numpy>=1.25,<2.6"]),
            "pandas": ("2.2", ["numpy>=1.23"]),
            "torch": ("2.6", ["numpy>=2"]),
        }
    )
    asked = dict.fromkeys(["numpy<1.24", "pandas>=2"], "the project needs")
    found = dict(known_cores(asked, offer(pod, ["torch"]), frozenset({"torch"})))
    assert set(found) == {frozenset({"numpy"}), frozenset({"jax"}), frozenset({"scipy"})}
    assert found[frozenset({"jax"})] == "the project needs numpy<1.24, and jax 0.5 requires numpy>=2"


def _many(count):
    pod = {"numpy": ("2.0", [])}
    releases = {("numpy", "1.26"): []}
    for number in range(count):
        pod[f"user{number}"] = ("2.0", ["numpy>=2"])
        releases[f"user{number}", "1.0"] = ["numpy<2"]
    return template(pod), releases


def test_a_change_of_what_a_hundred_rely_on_takes_a_few_resolutions(tmp_path):
    pod, releases = _many(100)
    overlay = solve_overlay(
        pod,
        [need("numpy", "<2")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(registry(tmp_path / "wheels", releases)),
    )
    assert len(overlay.changes) == 101
    assert not overlay.refused
    assert overlay.runs <= 6  # three of them ask whether the need can be had in a better version
    assert not [note for note in overlay.notes if "not proven" in note]


def test_who_stands_against_a_need_is_named_when_no_release_helps(tmp_path):
    pod = template({"google-colab": ("1.0.0", ["pandas==2.2.2"]), "pandas": ("2.2.2", [])})
    overlay = solve_overlay(
        pod,
        [need("pandas", ">=2.3"), need("six")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(registry(tmp_path / "wheels", {("pandas", "2.3.1"): [], ("six", "1.0"): []})),
    )
    (refused,) = overlay.refused
    assert (refused.name, refused.fitting) == ("pandas", "2.2.2")
    assert (
        "the project needs pandas>=2.3 (pyproject.toml:7); of the template, google-colab 1.0.0 requires pandas==2.2.2"
        in (refused.message)
    )
    assert overlay.packages["six"].version == "1.0"
    assert overlay.runs <= 6


def test_what_the_index_cannot_give_is_refused_without_a_search_over_the_template(tmp_path):
    pod, _ = _many(60)
    overlay = solve_overlay(
        pod,
        [need("numpy", "<1.24")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(registry(tmp_path / "wheels", {("numpy", "1.26"): []})),
    )
    assert [(r.name, r.fitting) for r in overlay.refused] == [("numpy", "2.0")]
    assert "user0 2.0 requires numpy>=2" in overlay.refused[0].message
    assert overlay.runs <= 4


def test_extras_that_the_template_asks_of_a_released_distribution_survive(tmp_path):
    pod = template({"torchtune": ("0.6", ["hub[transfer]"]), "hub": ("1.0", [])})
    releases = {("hub", "0.36"): ["hf-transfer>=0.1; extra == 'transfer'"], ("hf-transfer", "0.1.9"): []}
    overlay = solve_overlay(
        pod,
        [need("hub", "<1")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(registry(tmp_path / "wheels", releases)),
    )
    assert {n: p.version for n, p in overlay.packages.items()} == {"hub": "0.36", "hf-transfer": "0.1.9"}


def test_reaching_the_limit_gives_a_solution_that_says_it_is_not_proven(tmp_path, monkeypatch):
    for limit in ("search.MOST_RUNS", "overlay.MOST_RUNS", "overlay.QUICK_RUNS"):
        monkeypatch.setattr(f"podfit.solve.{limit}", 0)
    pod = template({"a": ("1.0", []), "b": ("1.0", ["a<2"])})
    overlay = solve_overlay(
        pod,
        [need("app")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(
            registry(tmp_path / "wheels", {("app", "1.0"): ["a>=2"], ("a", "2.0"): [], ("b", "2.0"): ["a>=2"]})
        ),
    )
    assert {change.name: change.after for change in overlay.changes} == {"a": "2.0", "b": "2.0"}
    assert any("not proven" in note for note in overlay.notes)


def test_a_package_that_is_not_there_is_refused_alone_and_so_is_what_leads_to_one(tmp_path):
    overlay = solve_overlay(
        template({}),
        [need("ghost"), need("app"), need("six")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(
            registry(tmp_path / "wheels", {("app", "1.0"): ["no-such-dependency"], ("six", "1.0"): []})
        ),
    )
    assert {r.name for r in overlay.refused} == {"ghost", "app"}
    assert {n: p.version for n, p in overlay.packages.items()} == {"six": "1.0"}
    messages = {r.name: r.message for r in overlay.refused}
    assert "the package ghost does not exist on" in messages["ghost"]
    assert "no-such-dependency" in messages["app"]
