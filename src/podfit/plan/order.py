"""In which layers a plan's distributions build on each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def layers(names: Collection[str], edges: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return names in layers: what stands in a layer requires, among names, only what stands in earlier ones.

    edges maps a name to the names that it requires; names that require each other in a circle share a layer.
    """
    wanted = set(names)
    graph = {name: {other for other in edges.get(name, ()) if other in wanted and other != name} for name in wanted}
    groups = _components(graph)
    member = {name: index for index, group in enumerate(groups) for name in group}
    depth: dict[int, int] = {}
    for index, group in enumerate(groups):  # Tarjan yields what is required before what requires it
        below = {member[other] for name in group for other in graph[name]} - {index}
        depth[index] = 1 + max((depth[other] for other in below), default=-1)
    count = 1 + max(depth.values(), default=-1)
    return tuple(tuple(sorted(name for name in wanted if depth[member[name]] == level)) for level in range(count))


def _components(graph: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components, required ones first (Tarjan 1972, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in sorted(graph):
        if root in number:
            continue
        work = [(root, iter(sorted(graph[root])))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, others = work[-1]
            advanced = False
            for other in others:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(graph[other]))))
                    advanced = True
                    break
                if other in on_stack:
                    low[name] = min(low[name], number[other])
            if advanced:
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[name])
            if low[name] == number[name]:
                group = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    group.append(member)
                    if member == name:
                        break
                found.append(tuple(sorted(group)))
    return found
