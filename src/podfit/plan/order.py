"""In which layers distributions build on each other, which go round in circles, and which chain is the longest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from networkx import DiGraph


def layers(names: Collection[str], edges: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return names in layers: what stands in a layer requires, among names, only what stands in earlier ones.

    edges maps a name to the names that it requires; names that require each other in a circle share a layer.
    """
    from networkx import topological_generations

    groups = _groups(names, edges)
    members = groups.nodes(data="members")
    return tuple(
        tuple(sorted(name for group in generation for name in members[group]))
        for generation in topological_generations(groups)
    )


def circles(names: Collection[str], edges: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the names that require each other in a circle, group by group, each sorted."""
    members = _groups(names, edges).nodes(data="members")
    return tuple(sorted(tuple(sorted(group)) for _, group in members if len(group) > 1))


def critical_chain(
    names: Collection[str], edges: Mapping[str, Collection[str]], weights: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """Return the chain of names of which each requires the one before it and whose weights sum up to the most.

    Without weights the longest chain; a circle counts once, and its first name stands for it.
    """
    from networkx import dag_longest_path

    groups = _groups(names, edges)
    weighed: Any = type(groups)()
    cost = {
        group: sum((weights or {}).get(name, 0.0) if weights is not None else 1.0 for name in members)
        for group, members in groups.nodes(data="members")
    }
    for group in groups:  # a node's cost lies on the edge that leads to it, from a start that all share
        weighed.add_edge(-1, group, weight=cost[group])
    weighed.add_weighted_edges_from((before, after, cost[after]) for before, after in groups.edges)
    members = groups.nodes(data="members")
    return tuple(min(members[group]) for group in dag_longest_path(weighed) if group != -1) if cost else ()


def _groups(names: Collection[str], edges: Mapping[str, Collection[str]]) -> DiGraph[Any]:
    """Return the graph from what is required to what requires it, each circle made one node with its `members`."""
    from networkx import DiGraph, condensation

    graph: Any = DiGraph()
    graph.add_nodes_from(sorted(set(names)))
    graph.add_edges_from(
        (other, name)
        for name in sorted(graph)
        for other in sorted(edges.get(name, ()))
        if other in graph and other != name
    )
    return condensation(graph)
