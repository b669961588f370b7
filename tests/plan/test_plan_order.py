"""Layers of a graph: what is required stands below."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.plan.order import layers

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


@pytest.mark.slow
def test_a_long_chain_does_not_exhaust_the_stack():
    edges = {str(number): [str(number + 1)] for number in range(5000)}
    assert len(layers([str(number) for number in range(5001)], edges)) == 5001
