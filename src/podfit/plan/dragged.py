"""Who drags what in: the dominators of a dependency graph, and what falls with each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_START = ""
"""Stands before everything that is there for its own sake; no distribution has this name."""


def tops(edges: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the names that nothing else requires, sorted; of a circle that nothing outside requires, the first name.

    edges maps every name to the names that it requires; names that are no key are nowhere installed and left out.
    """
    from networkx import condensation

    groups = condensation(_graph(edges))
    members = groups.nodes(data="members")
    return tuple(sorted(min(members[group]) for group, degree in groups.in_degree if degree == 0))


@dataclass(frozen=True)
class Dragged:
    """An environment's distributions and who drags them in.

    edges maps every distribution to what it requires; entries are those that are there for their own sake. A
    distribution is *dominated* by another when every chain of requirements from an entry to it leads through that one:
    without it, nothing would ask for it (Lengauer and Tarjan 1979 for the notion; networkx finds them).
    """

    edges: Mapping[str, Collection[str]]
    entries: Collection[str]
    _kept: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def dominator(self) -> Mapping[str, str]:
        """The nearest dominator of each distribution that an entry reaches; empty for entries and what many bring."""
        from networkx import immediate_dominators

        found = immediate_dominators(self._reachable, _START)
        return {name: found[name] for name in sorted(self._reachable) if name != _START}

    @cached_property
    def _reachable(self) -> Any:
        from networkx import descendants

        graph = _graph(self.edges)
        graph.add_edges_from((_START, name) for name in self.entries if name in self.edges)
        graph.add_node(_START)
        return graph.subgraph({_START, *descendants(graph, _START)}).copy()

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        children: dict[str, list[str]] = {}
        for name, above in self.dominator.items():
            children.setdefault(above, []).append(name)
        return {name: tuple(found) for name, found in children.items()}

    def falls_with(self, name: str) -> frozenset[str]:
        """Return what nothing would ask for without name, name itself among it."""
        if name not in self._kept:
            self._kept[name] = frozenset(self._below(name))
        return self._kept[name]

    def below(self, name: str) -> tuple[str, ...]:
        """Return the distributions whose nearest dominator is name ("": none), sorted."""
        return self._children.get(name, ())

    def roots_of(self, name: str) -> tuple[str, ...]:
        """Return the entries from which chains of requirements lead to name, sorted."""
        from networkx import ancestors

        if name not in self._reachable:
            return ()
        above = {*ancestors(self._reachable, name), name}
        return tuple(sorted(set(self.entries) & above))

    def _below(self, name: str) -> Iterator[str]:
        waiting = [name]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += self.below(one)


def _graph(edges: Mapping[str, Collection[str]]) -> Any:
    """Return edges as a graph, what is no key left out."""
    from networkx import DiGraph

    graph: Any = DiGraph()
    graph.add_nodes_from(sorted(edges))
    graph.add_edges_from((name, other) for name in sorted(edges) for other in sorted(edges[name]) if other in edges)
    return graph
