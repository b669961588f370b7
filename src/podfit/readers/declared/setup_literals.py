"""Literals of a setup.py, read without running it.

Names bound once at the top of the module, keys added to a dictionary there and sums of lists are followed, and so is
the table that Hugging Face's projects look requirements up in (`deps["tqdm"]`, `deps_list("tqdm", "torch")`). Anything
else counts as computed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from podfit.model.syntax import syntax_tree

_NAME = re.compile(r"[^\s!=<>~;@\[\]()]+")

_COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted"})
"""Functions that change nothing about what a list holds."""

Names = Mapping[str, ast.expr | None]


class ComputedError(Exception):
    """The expression is more than a literal."""


def literal_name(data: bytes) -> str:
    """Return the literal `name` in the call of setup(), empty when there is none. Raises ValueError and SyntaxError."""
    try:
        tree = syntax_tree(data)
    except SyntaxError as error:
        raise ValueError(str(error)) from None
    call = setup_call(tree)
    found = next((keyword.value for keyword in call.keywords if keyword.arg == "name"), None) if call else None
    return text_of(found, bindings(tree))


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


def bindings(tree: ast.Module, *, whole: bool = True) -> dict[str, ast.expr | None]:
    """Return what each name is bound to at the top of the module; None when that happens more than once.

    What the top of the module adds to a list or a dictionary is part of it. A name that is changed elsewhere (in an
    `if`, in a function) is None, too; where not whole, it is what the top of the module made of it, without what a
    function makes of that (`needs = pinned(needs)`).
    """
    names: dict[str, ast.expr | None] = {}
    top = {id(statement) for statement in tree.body}
    calls = {id(statement.value) for statement in tree.body if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        plain = id(node) in top and isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in () if plain and _grown(node) is not None else targets:
            if isinstance(target, ast.Name) and target.id not in names:
                names[target.id] = node.value if plain else None  # type: ignore[attr-defined]
            elif isinstance(target, ast.Name) and (whole or not _of_itself(node, target.id)):
                names[target.id] = None
    for node in ast.walk(tree) if whole else ():
        if id(node) not in top and id(node) not in calls and (name := _changed(node)):
            names[name] = None
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and (listed := _only_returned(statement)):
            names.setdefault(statement.name, listed)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
            _add_item(names, statement.targets[0], statement.value)
        elif (name := _changed(statement)) and (there := names.get(name)) is not None:
            more = _added(statement)
            names[name] = ast.BinOp(there, ast.Add(), more) if more is not None else there if not whole else None
    return names


def _of_itself(node: ast.AST, name: str) -> bool:
    """Return whether a statement makes what a name is bound to of that itself."""
    value = getattr(node, "value", None)
    return value is not None and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(value))


def _changed(node: ast.AST) -> str:
    """Return the name of the list that a statement or a call changes in place, empty when it changes none."""
    if isinstance(node, ast.AugAssign):
        return node.target.id if isinstance(node.target, ast.Name) else ""
    if isinstance(node, ast.Assign) and _grown(node) is not None:
        return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
    call = node.value if isinstance(node, ast.Expr) else node
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id if call.func.attr in ("append", "extend", "insert", "remove", "update") else ""
    return ""


def _grown(node: ast.AST) -> ast.expr | None:
    """Return the list that `x = x + [...]` adds; None for every other statement."""
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
        return None
    made = node.value
    if not (isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add) and isinstance(made.left, ast.Name)):
        return None
    return made.right if made.left.id == node.targets[0].id else None


def _added(statement: ast.stmt) -> ast.expr | None:
    """Return the list that `x += [...]`, `x.extend([...])` or `x.append(...)` adds; None for another change."""
    if (more := _grown(statement)) is not None:
        return more
    if isinstance(statement, ast.AugAssign):
        return statement.value if isinstance(statement.op, ast.Add) else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) == 1:
        if call.func.attr == "append":
            return ast.List([call.args[0]], ast.Load())
        return call.args[0] if call.func.attr == "extend" else None
    return None


def _only_returned(function: ast.FunctionDef) -> ast.ListComp | None:
    """Return the list that a function makes of its arguments, where that is all that it does."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if len(body) == 1 and isinstance(body[0], ast.Return) and isinstance(body[0].value, ast.ListComp):
        source = body[0].value.generators[0].iter
        taken = function.args.vararg
        return body[0].value if taken and isinstance(source, ast.Name) and source.id == taken.arg else None
    return None


def _add_item(names: dict[str, ast.expr | None], target: ast.Subscript, value: ast.expr) -> None:
    """Note `extras["dev"] = [...]` in the dictionary that it is an item of."""
    if isinstance(target.value, ast.Name) and isinstance(there := names.get(target.value.id), ast.Dict):
        key = target.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            kept = [
                (one, held)
                for one, held in zip(there.keys, there.values, strict=True)
                if not (isinstance(one, ast.Constant) and one.value == key.value)
            ]
            pairs: list[tuple[ast.expr | None, ast.expr]] = [*kept, (key, value)]
            names[target.value.id] = ast.Dict([one for one, _ in pairs], [held for _, held in pairs])


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
        parts = _summands(node)
        if any(isinstance(part, ast.Constant) for part in parts):
            raise ComputedError  # a string put together from parts
        return [pair for part in parts for pair in strings(part, names, depth + 1)]
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return strings(bound, names, depth + 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id in _COPIES and len(node.args) == 1 and not isinstance(node.args[0], ast.Constant):
            return strings(node.args[0], names, depth + 1)
        made = names.get(node.func.id)
        if isinstance(made, ast.ListComp) and isinstance(made.elt, ast.Subscript):
            return [
                _looked_up(made.elt.value, text, names, depth)
                for each in node.args
                for text, _ in strings(each, names, depth + 1)
            ]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        if isinstance(node.value, ast.Name) and isinstance(names.get(node.value.id), ast.DictComp):
            return [_looked_up(node.value, node.slice.value, names, depth)]
        for key, value in items_of(node.value, names, depth + 1):
            if key == node.slice.value:
                return strings(value, names, depth + 1)
    raise ComputedError


def known_strings(node: ast.expr, names: Names, depth: int = 0) -> list[tuple[str, int]]:
    """Return those strings of a list that are literals, each with its line; what is computed is left out.

    Of what a function makes of a list, the list is returned.
    """
    try:
        return strings(node, names, depth)
    except ComputedError:
        pass
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [pair for item in node.elts for pair in known_strings(item, names, depth + 1)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = _summands(node)
        if depth > 20 or any(isinstance(part, (ast.Constant, ast.JoinedStr)) for part in parts):
            return []  # a string put together from parts
        return [pair for part in parts for pair in known_strings(part, names, depth + 1)]
    if isinstance(node, ast.Name) and depth <= 20 and (bound := names.get(node.id)) is not None:
        return known_strings(bound, names, depth + 1)
    if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(given := node.args[0], (ast.Name, ast.Call)):
        one = isinstance(given, ast.Name) and isinstance(names.get(given.id), ast.Constant)  # a file's name, for one
        return known_strings(given, names, depth + 1) if depth <= 20 and not one else []
    return []


def _summands(node: ast.BinOp) -> list[ast.expr]:
    """Return what a sum is made of, in order: a list that grows line by line is a deep one."""
    parts: list[ast.expr] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add):
        parts.append(first.right)
        first = first.left
    return [first, *reversed(parts)]


def _looked_up(table: ast.expr, key: object, names: Names, depth: int) -> tuple[str, int]:
    """Return the requirement on key in a table that is made of a list of requirements. Raises ComputedError."""
    made = names.get(table.id) if isinstance(table, ast.Name) else None
    if not isinstance(made, ast.DictComp):
        raise ComputedError
    source = made.generators[0].iter
    while isinstance(source, (ast.GeneratorExp, ast.ListComp)):
        source = source.generators[0].iter
    for text, line in strings(source, names, depth + 1):
        if (name := _NAME.match(text.strip())) and name[0] == key:
            return text, line
    raise ComputedError


def items_of(node: ast.expr, names: Names, depth: int = 0) -> list[tuple[str, ast.expr]]:
    """Return the items of a literal dictionary with string keys. Raises ComputedError."""
    if depth > 20:
        raise ComputedError
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return items_of(bound, names, depth + 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
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
