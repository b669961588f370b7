"""Literals of a setup.py, read without running it.

Names bound once at the top of the module and sums of lists are followed; anything else counts as computed.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping

Names = Mapping[str, ast.expr | None]


class ComputedError(Exception):
    """The expression is more than a literal."""


def literal_name(data: bytes) -> str:
    """Return the literal `name` in the call of setup(), empty when there is none. Raises ValueError and SyntaxError."""
    try:
        tree = tree_of(data)
    except SyntaxError as error:
        raise ValueError(str(error)) from None
    call = setup_call(tree)
    found = next((keyword.value for keyword in call.keywords if keyword.arg == "name"), None) if call else None
    return text_of(found, bindings(tree))


def tree_of(data: bytes) -> ast.Module:
    """Return the syntax tree of a program. Raises what `ast.parse` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in somebody's setup.py are not podfit's to report
        return ast.parse(data)


def setup_call(tree: ast.Module) -> ast.Call | None:
    """Return the last call of `setup(...)` or `anything.setup(...)`, None when there is none."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name == "setup":
                found = node
    return found


def bindings(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Return what each name is bound to at the top of the module; None when that happens more than once."""
    names: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                plain = node in tree.body and isinstance(node, (ast.Assign, ast.AnnAssign))
                names[target.id] = node.value if plain and target.id not in names else None  # type: ignore[attr-defined]
    for node in ast.walk(tree):  # a list that is changed after all: requires.append(...)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and node.func.attr in ("append", "extend", "insert", "remove", "update"):
                names[owner.id] = None
    return names


def text_of(node: ast.expr | None, names: Names) -> str:
    """Return the string that node is, empty when it is computed or something else."""
    if node is None:
        return ""
    try:
        items = strings(node, names)
    except ComputedError:
        return ""
    return items[0][0].strip() if len(items) == 1 else ""


def strings(node: ast.expr, names: Names, depth: int = 0) -> list[tuple[str, int]]:
    """Return the strings of a literal list (or one string), each with its line. Raises ComputedError."""
    if depth > 20:
        raise ComputedError
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [(node.value, node.lineno)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [pair for item in node.elts for pair in strings(item, names, depth + 1)]
    if isinstance(node, ast.Starred):
        return strings(node.value, names, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        if isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant):
            raise ComputedError  # a string put together from parts
        return strings(node.left, names, depth + 1) + strings(node.right, names, depth + 1)
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return strings(bound, names, depth + 1)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        for key, value in items_of(node.value, names, depth + 1):
            if key == node.slice.value:
                return strings(value, names, depth + 1)
    raise ComputedError


def items_of(node: ast.expr, names: Names, depth: int = 0) -> list[tuple[str, ast.expr]]:
    """Return the items of a literal dictionary with string keys. Raises ComputedError."""
    if depth > 20:
        raise ComputedError
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return items_of(bound, names, depth + 1)
    if not isinstance(node, ast.Dict):
        raise ComputedError
    found: list[tuple[str, ast.expr]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found += items_of(value, names, depth + 1)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.append((key.value, value))
        else:
            raise ComputedError
    return found
