"""Dominators against brute force: what is not reached any more when one distribution is taken out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from share import examples

from podfit.plan.dragged import Dragged, tops

NAMES = [f"d{number}" for number in range(9)]
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.frozensets(st.sampled_from([*NAMES, "absent"]), max_size=4), min_size=1
)


def reached(edges: dict[str, frozenset[str]], entries: set[str], without: str = "") -> set[str]:
    """What is asked for when one distribution is not there."""
    found: set[str] = set()
    waiting = [name for name in entries if name in edges and name != without]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in edges[name] if other in edges and other != without]
    return found


@settings(max_examples=examples(50))
@given(GRAPHS, st.sets(st.sampled_from(NAMES)))
def test_what_falls_is_what_nothing_reaches_any_more(edges: dict[str, frozenset[str]], entries: set[str]) -> None:
    dragged = Dragged(edges, entries)
    everything = reached(edges, entries)
    assert set(dragged.dominator) == everything
    for name in everything:
        assert dragged.falls_with(name) == everything - reached(edges, entries, without=name)
        assert dragged.roots_of(name) == tuple(
            sorted(entry for entry in entries & set(edges) if name in reached(edges, {entry}))
        )


@given(GRAPHS)
def test_tops_reach_everything_and_none_is_superfluous(edges: dict[str, frozenset[str]]) -> None:
    found = tops(edges)
    assert reached(edges, set(found)) == set(edges)
    for one in found:
        assert one not in reached(edges, set(found) - {one})


def test_a_shared_dependency_falls_with_nobody_alone() -> None:
    edges = {"mlflow": ["flask", "click"], "flask": ["jinja2"], "black": ["click"], "jinja2": [], "click": []}
    dragged = Dragged(edges, ("black", "mlflow"))
    assert dragged.falls_with("mlflow") == {"mlflow", "flask", "jinja2"}
    assert dragged.falls_with("black") == {"black"}
    assert dragged.dominator["click"] == ""
    assert dragged.roots_of("click") == ("black", "mlflow")
    assert dragged.below("flask") == ("jinja2",)
