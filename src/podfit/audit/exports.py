"""What names a module of Python can be asked for: read from its source, nobody runs it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from podfit.audit.at_import import parsed_source

STAR = "*"
"""What the name of a star import begins with in `exports`."""

_LAZY = frozenset({"__getattr__", "exec", "globals", "setattr", "sys.modules"})

_READERS = frozenset({"dict", "dir", "eval", "frozenset", "len", "list", "print", "set", "sorted", "tuple"})
"""Functions that bind nothing in the names that they are given."""

_MAPPED = 10
"""A module that imports what it is asked for, and that names so many things or more in its text, names all of them."""


def exports(source: bytes) -> frozenset[str] | None:
    """Return every name that a module may bind as it is imported, None where that cannot be told.

    Names bound anywhere outside functions count, and so do the strings of its text outside functions and in its
    `__getattr__`: modules that import what they are asked for name it there, if they do not look for it in their own
    folder. A star import is `from MODULE import *`
    among the names, as it is written there (`*.misc` for `from .misc import *`).
    """
    tree = parsed_source(source)
    return None if tree is None else _bound(tree, source)


def _bound(tree: ast.Module, source: bytes) -> frozenset[str] | None:
    """Return the answer of `exports` for a source and its syntax tree."""
    found: set[str] = set()
    texts: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.add(f"{STAR}{'.' * node.level}{node.module or ''}")
            continue
        if isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            if node.name == "__getattr__":
                texts.update(_texts(node))
            continue
        elif isinstance(node, ast.Name):
            found.add(node.id)
        else:
            texts.update(_text_of(node))
        waiting.extend(ast.iter_child_nodes(node))
    if b"globals" in source and _gives_away(tree):
        return None
    if b"sys.modules" in source:
        found.add("sys.modules")
    if is_lazy(found) and (b"__file__" in source or len(texts) < _MAPPED):
        return None
    return frozenset(found | texts)


def _gives_away(tree: ast.Module) -> bool:
    """Tell whether a module hands its names to somebody else's code as it is imported, as what protoc writes does.

    What that binds is written nowhere in the module.
    """
    outside = [node for node in _outside_functions(tree) if isinstance(node, (ast.Assign, ast.Call))]
    bound = {
        target.id
        for node in outside
        if isinstance(node, ast.Assign) and _is_globals(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in outside:
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _READERS):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            if any(_is_globals(each) or (isinstance(each, ast.Name) and each.id in bound) for each in given):
                return True
    return False


def _outside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module that are in no function and no class."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def _is_globals(node: ast.expr) -> bool:
    """Tell whether an expression is `globals()`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"


def _texts(tree: ast.AST) -> set[str]:
    """Return the strings in a piece of syntax that may be names, whichever function they stand in."""
    return {text for node in ast.walk(tree) for text in _text_of(node)}


def _text_of(node: ast.AST) -> tuple[str, ...]:
    """Return the string that a node of syntax is, where it may be a name; else nothing."""
    value = node.value if isinstance(node, ast.Constant) else None
    return (value,) if isinstance(value, str) and value.isidentifier() else ()


def is_lazy(names: Collection[str]) -> bool:
    """Tell whether a module of these names may have others, and names those that it means in its text."""
    return not _LAZY.isdisjoint(names)


def given_by_star(source: bytes) -> frozenset[str] | None:
    """Return the names that a star import of a module brings: a written out `__all__`, else those of `exports`."""
    tree = parsed_source(source)
    if tree is None:
        return None
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            parts = node.value.elts if isinstance(node.value, (ast.List, ast.Tuple)) else ()
            texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if parts and len(texts) == len(parts) and source.count(b"__all__") == 1:
                return frozenset(texts)
    return _bound(tree, source)
