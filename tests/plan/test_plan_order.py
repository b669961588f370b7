"""Layers of a graph: what is required stands below."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.plan.order import circles, critical_chain, layers

NAMES = st.sampled_from("abcdefgh")
GRAPHS = st.dictionaries(NAMES, st.frozensets(NAMES, max_size=4))


def _reaches(edges, start, goal):
    seen, queue = set(), [start]
    while queue:
        for other in edges.get(queue.pop(), ()):
            if other == goal:
                return True
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return False


@given(GRAPHS)
def test_every_requirement_stands_below_unless_it_is_a_circle(edges):
    names = set(edges) | {other for others in edges.values() for other in others}
    level = {name: number for number, layer in enumerate(layers(names, edges)) for name in layer}
    assert level.keys() == names
    for name, others in edges.items():
        for other in others - {name}:
            circle = _reaches(edges, other, name)
            assert level[other] == level[name] if circle else level[other] < level[name]


def test_names_outside_the_plan_do_not_count():
    assert layers(["pandas", "numpy"], {"pandas": ["numpy", "six"], "six": ["pandas"]}) == (("numpy",), ("pandas",))


def test_nothing_has_no_layer():
    assert layers([], {}) == circles([], {}) == critical_chain([], {}) == ()


@given(GRAPHS)
def test_circles_are_what_requires_itself_through_others(edges):
    names = set(edges) | {other for others in edges.values() for other in others}
    found = {name for group in circles(names, edges) for name in group}
    assert found == {a for a in names for b in names if a != b and _reaches(edges, a, b) and _reaches(edges, b, a)}


@given(GRAPHS)
def test_the_longest_chain_has_a_name_from_each_layer(edges):
    names = set(edges) | {other for others in edges.values() for other in others}
    found, levels = critical_chain(names, edges), layers(names, edges)
    assert len(found) == len(levels)
    for before, after in pairwise(found):
        assert _reaches(edges, after, before)


def test_the_heaviest_chain_is_not_the_longest():
    edges = {"xgboost": ["nccl"], "c": ["b"], "b": ["a"]}
    weights = {"nccl": 200.0, "xgboost": 100.0, "a": 1.0, "b": 1.0, "c": 1.0}
    names = [*weights]
    assert critical_chain(names, edges) == ("a", "b", "c")
    assert critical_chain(names, edges, weights) == ("nccl", "xgboost")


@pytest.mark.slow
def test_a_long_chain_does_not_exhaust_the_stack():
    edges = {str(number): [str(number + 1)] for number in range(5000)}
    assert len(layers([str(number) for number in range(5001)], edges)) == 5001
