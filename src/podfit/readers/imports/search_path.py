"""Directories that a file puts on Python's search path: `sys.path.append("./scene")`, read and never run.

What is computed from the file's own place or from the working directory is followed (`os.path.dirname(__file__)`,
`Path(__file__).parents[1] / "lib"`); whatever else a program computes is unknown and left out.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping

from podfit.readers.imports.guards import dotted

_SAME = frozenset({"abspath", "realpath", "normpath", "expanduser", "str", "Path", "PurePath", "fspath"})
_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser"})
_HERE = frozenset({"os.getcwd", "getcwd", "Path.cwd", "pathlib.Path.cwd"})
_DEEPEST = 50
"""Nested expressions that are followed: no path is computed in more steps."""


def added(module: ast.Module, path: str) -> set[str]:
    """Return the directories, relative to the project's root, that the file at path (relative, too) adds.

    A literal that is relative may be meant from the root or from the file's own directory: both are returned.
    """
    bound = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    home = posixpath.dirname(path)
    found: set[str] = set()
    for value in _values(module):
        told = _path(value, f"/{path}", bound, _DEEPEST)
        if told is None:
            continue
        places = (told,) if told.startswith("/") else (f"/{told}", f"/{home}/{told}")
        found.update(posixpath.normpath(place).strip("/") for place in places)
    return found


def _values(module: ast.Module) -> Iterator[ast.expr]:
    """Yield what is appended to or inserted into sys.path."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.args and not node.keywords:
            name = dotted(node.func)
            if name == "sys.path.append":
                yield node.args[0]
            elif name == "sys.path.insert" and len(node.args) == 2:
                yield node.args[1]
            elif name == "sys.path.extend" and isinstance(node.args[0], (ast.List, ast.Tuple)):
                yield from node.args[0].elts


def _path(node: ast.expr, file: str, bound: Mapping[str, ast.expr], left: int) -> str | None:
    """Return the path that an expression stands for, absolute (the root is `/`) where it is computed, else None."""
    if not left:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and not node.value.startswith("/") else None
    if isinstance(node, ast.Name):
        if node.id == "__file__":
            return file
        return _path(bound[node.id], file, bound, left - 1) if node.id in bound else None
    if isinstance(node, ast.Attribute):
        inner = _path(node.value, file, bound, left - 1)
        return posixpath.dirname(inner) if inner is not None and node.attr == "parent" else None
    if isinstance(node, ast.Subscript):
        return _ancestor(node, file, bound, left - 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
        rest = node.right.value if isinstance(node.right, ast.Constant) else None
        tail = rest if isinstance(rest, str) else _path(node.right, file, bound, left - 1)
        return _joined([_path(node.left, file, bound, left - 1), tail], "/" if isinstance(node.op, ast.Div) else "")
    if isinstance(node, ast.Call):
        return _called(node, file, bound, left - 1)
    return None


def _called(node: ast.Call, file: str, bound: Mapping[str, ast.expr], left: int) -> str | None:
    """Return what a call makes of the paths that it is given."""
    name = dotted(node.func)
    last = name.rpartition(".")[2]
    if name in _HERE:
        return "/"
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and not node.args:
        return _path(node.func.value, file, bound, left)
    if last in _SAME and len(node.args) == 1:
        return _path(node.args[0], file, bound, left)
    if last == "dirname" and len(node.args) == 1:
        inner = _path(node.args[0], file, bound, left)
        return None if inner is None else posixpath.dirname(inner)
    if name.endswith("path.join") or last in ("Path", "PurePath"):
        return _joined([_path(part, file, bound, left) for part in node.args], "/")
    return None


def _ancestor(node: ast.Subscript, file: str, bound: Mapping[str, ast.expr], left: int) -> str | None:
    """Return what `path.parents[2]` stands for."""
    if not (isinstance(node.value, ast.Attribute) and node.value.attr == "parents"):
        return None
    if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int) and 0 <= node.slice.value < 20):
        return None
    inner = _path(node.value.value, file, bound, left)
    for _ in range(node.slice.value + 1):
        inner = None if inner is None else posixpath.dirname(inner)
    return inner


def _joined(parts: list[str | None], between: str) -> str | None:
    """Return the parts as one path, None where one of them is unknown.

    Below a directory that another module names (`Path(here, "src")`) the rest is taken as if it were written alone: it
    counts only where the project has such a directory.
    """
    if between and parts[0] is None and len(parts) > 1:
        parts = parts[1:]
    known = [part for part in parts if part is not None]
    return between.join(known) if known and len(known) == len(parts) else None
