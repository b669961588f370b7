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
    folder. One that gives what `__all__` has alone has no other names. A star import is `from MODULE import *`
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
            lazy = node.name == "__getattr__"
            if not (lazy and _gives_all_alone(node) and _written_all(tree)):
                found.add(node.name)
                texts.update(_texts(node) if lazy else ())
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


def _gives_all_alone(function: ast.AST) -> bool:
    """Tell whether a `__getattr__` gives what `__all__` has and nothing else.

    It hands that list on in the one call that it is (scipy.optimize.linesearch), or raises first for what is not in it.
    """
    body = [node for node in getattr(function, "body", ()) if not _is_text(node)]
    first = body[0] if body else None
    if isinstance(first, ast.Return) and isinstance(first.value, ast.Call):
        given = (*first.value.args, *(keyword.value for keyword in first.value.keywords))
        return any(map(_is_all, given))
    if not isinstance(first, ast.If) or not isinstance(first.body[-1], ast.Raise) or first.orelse:
        return False
    test = first.test
    among = test.comparators[0] if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn) else None
    return among is not None and _is_all(among)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


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
    written = _written_all(tree)
    return written if written and source.count(b"__all__") == 1 else _bound(tree, source)


def _written_all(tree: ast.Module) -> frozenset[str]:
    """Return the names of an `__all__` that is written out in one statement, none where it may be another."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_all(node.value):
            return frozenset()
        if isinstance(node, ast.AugAssign) and _is_all(node.target):
            return frozenset()
        if isinstance(node, ast.Assign) and any(map(_is_all, node.targets)):
            found.append(node.value)
    parts = found[0].elts if len(found) == 1 and isinstance(found[0], (ast.List, ast.Tuple)) else ()
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return frozenset(texts if len(texts) == len(parts) else ())


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"
