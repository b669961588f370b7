"""The requirement files that a setup.py takes its requirements from, told without running it.

What an argument of `setup()` is made of is followed through names and functions of the module (`REQUIRED =
load('base.txt')`); every literal on the way that is the name of a requirement file is one that it reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from podfit.model.syntax import syntax_tree
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.plain_file import is_file

MOST_FOLLOWED = 50
"""Extras of one setup.py whose files are looked for: a limit that podfit sets, assumed."""
_FILE = re.compile(r"require[\w./-]*\.(?:txt|in)$")
_CHANGES = frozenset({"append", "extend", "insert", "update", "add"})
_FOLDER = re.compile(r"(?!\.\.)[\w.-]+/?$")
_LONGEST, _MOST_TEXTS, _MOST_NODES = 200, 100, 10_000
"""Characters of a path, literals that may name the folder of one, and nodes that an argument is made of: assumed."""


def read_files(source: Source, reading: Reading, node: ast.expr, group: str) -> list[str]:
    """Read the requirement files that an argument of setup() is made of, and return them as they are shown.

    Where what is always needed leads to none, the files that setup.py names anywhere are meant.
    """
    from podfit.readers.declared import requirements_txt
    from podfit.readers.declared.alternatives import is_base
    from podfit.readers.declared.discover import group_of
    from podfit.readers.declared.freeze import freeze_reason

    tree, bound = _module(source.data)
    found = {one.shown: one for one in _named(source, islice(_made_of(node, bound), _MOST_NODES))}
    if not found and not group:
        found = {one.shown: one for one in _named(source, ast.walk(tree)) if not group_of(one.path)}
    plain = [named for named in found.values() if is_base(named.path)]
    read = []
    for named in (plain if not group else ()) or found.values():  # requirements-extras.txt is for an extra
        if reason := freeze_reason(named.text, named.path, named.data):
            reading.freeze(named, reason)
        else:
            requirements_txt.read(replace(named, group=group), reading)
        read.append(named.shown)
    return read


def _named(source: Source, nodes: Iterator[ast.AST]) -> Iterator[Source]:
    """Yield the requirement files that literals among nodes name: beside setup.py, else in a folder that one names."""
    texts = list(dict.fromkeys(_texts(nodes)))
    folders = ["", *(text for text in texts[:_MOST_TEXTS] if _FOLDER.match(text))]
    for text in texts:
        for folder in folders if _FILE.search(text) else ():
            named = Source(source.root, source.path.parent / folder / text)
            if is_file(named.path):
                yield named
                break


def _texts(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the literals among nodes that are short enough for a path."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST:
            yield node.value


_Bound = Mapping[tuple[str, str], Sequence[ast.AST]]
"""What a name is bound to, changed by or defined as; beside a key, what a dictionary of that name has under it."""


@lru_cache(maxsize=1)
def _module(data: bytes) -> tuple[ast.Module, _Bound]:
    """Return a setup.py as a tree, and what its names stand for."""
    tree = syntax_tree(data)
    bound: dict[tuple[str, str], list[ast.AST]] = {}
    for statement in ast.walk(tree):
        for name, value in _bindings(statement):
            bound.setdefault((name, ""), []).append(value)
        for name, key, value in _items(statement):
            bound.setdefault((name, key), []).append(value)
    return tree, bound


def _made_of(node: ast.AST, bound: _Bound) -> Iterator[ast.AST]:
    """Yield the nodes of an expression, and of all that its names stand for; of `extras["dev"]` that item alone."""
    waiting: list[ast.AST] = [node]
    seen: set[tuple[str, str]] = set()
    while waiting:
        part = waiting.pop()
        yield part
        asked = _item(part) or ((part.id, "") if isinstance(part, ast.Name) else None)
        if asked is None or asked not in bound:
            waiting += ast.iter_child_nodes(part)
        elif asked not in seen:
            seen.add(asked)
            waiting += bound[asked]


def _item(node: ast.AST) -> tuple[str, str] | None:
    """Return name and key of `name["key"]`, None for everything else."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
        key = node.slice.value
        return (node.value.id, key) if isinstance(key, str) and key else None
    return None


def _items(node: ast.AST) -> Iterator[tuple[str, str, ast.AST]]:
    """Yield name, key and value of each item that a statement puts into a dictionary."""
    for target in node.targets if isinstance(node, ast.Assign) else ():
        if item := _item(target):
            yield *item, node.value  # type: ignore[attr-defined]
        elif isinstance(target, ast.Name) and isinstance(node.value, ast.Dict):  # type: ignore[attr-defined]
            for key, value in zip(node.value.keys, node.value.values, strict=True):  # type: ignore[attr-defined]
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value:
                    yield target.id, key.value, value


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield each name that a node binds or changes in place, with what it is made of."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name, node
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from ((part.id, node.value) for part in ast.walk(target) if isinstance(part, ast.Name))
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from ((part.id, node.iter) for part in ast.walk(node.target) if isinstance(part, ast.Name))
    elif isinstance(node, (ast.With, ast.AsyncWith)):  # `f` is another file in the next one: its block tells which
        for inner in ast.walk(ast.Module(node.body, [])):
            if not isinstance(inner, (ast.With, ast.AsyncWith)):
                yield from ((name, item.context_expr) for name, _ in _bindings(inner) for item in node.items)
    elif isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in _CHANGES and isinstance(called.value, ast.Name):
            yield from ((called.value.id, argument) for argument in node.args)
