"""Syntax trees of Python sources: one parse at a time, and none of what would take Python's parser minutes.

CPython's parser counts its depth in one place for all threads: in 3.11 and 3.12 another thread that parses anything can
end `ast.parse` in a SystemError (python/cpython#106905). So whoever parses here waits for whoever does.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings

UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `syntax_tree` raises for a source that is no Python, or more than the parser can take."""

MOST_DOTS = 500
"""A line with an import and more dots is nobody's: Python's parser takes minutes for a dotted name without end."""

_PARSING = threading.Lock()

_TRIES = 3
"""A finaliser, or a thread that is not podfit's, may still parse meanwhile."""

_FUNCTIONS = re.compile(
    rb"^(?P<indent>[ \t]*)(?P<head>(?:async[ ])?def[ ][^\n]*(?:\n(?:(?P=indent)[ \t][^\n]*\n)+(?P=indent)\)[^\n]*)?)\n"
    rb"(?P<body>(?:(?P=indent)[ \t][^\n]*(?:\n|\Z)|[ \t]*(?:\#[^\n]*)?\n)+)",
    re.MULTILINE,
)
"""Functions whose head ends where its line does, or in a line that begins with its closing parenthesis, with what is
indented below."""

_ENDED = re.compile(rb":[ \t]*(?:#[^\n]*)?\Z")
_PAIRS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))


def outline(source: bytes) -> bytes:
    """Return a source without the bodies of functions, as far as their lines tell them; all lines keep their numbers.

    A `__getattr__` is left whole, which names what the module has, and so is a function whose head or body may end
    elsewhere: in a string over several lines, after a backslash. What is a string and looks like one may be cut, too.
    """
    return _FUNCTIONS.sub(_without_body, source.replace(b"\r\n", b"\n"))


def _without_body(function: re.Match[bytes]) -> bytes:
    """Return a function with `pass` for its body, or as it is."""
    indent, head, body = function["indent"], function["head"], function["body"]
    whole = all(head.count(opened) == head.count(closed) for opened, closed in _PAIRS)
    kept = b" __getattr__(" in head or not whole or not _ENDED.search(head)
    if kept or body.count(b'"""') % 2 or body.count(b"'''") % 2:
        return function[0]
    if head.count(b'"""') or head.count(b"'''") or body.rstrip(b"\n").endswith(b"\\"):
        return function[0]
    return indent + head + b"\n" + indent + b" pass" + b"\n" * body.count(b"\n")


def syntax_tree(source: bytes | str) -> ast.Module:
    """Return the syntax tree of a source. Raises those of UNPARSED; its warnings are not podfit's to report."""
    if _endless(source.encode("utf-8", "replace") if isinstance(source, str) else source):
        raise ValueError("an import has a dotted name without end")
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(_TRIES):
            try:
                return ast.parse(source)
            except SystemError:
                continue
    raise ValueError("Python's parser lost count of its depth")


def ending(tree: ast.Module) -> ast.stmt | None:
    """Return the statement in which a module ends whatever is there: a raise or an exit of its own; None for none."""
    for node in tree.body:
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and _is_exit(node.value)):
            return node
    return None


def _is_exit(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) in ("sys.exit", "exit", "quit", "os._exit")


def dotted(node: ast.expr) -> str:
    """Return the dotted name that an expression is, however long; empty where it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def told(node: ast.AST, most: int) -> str:
    """Return a piece of code as text, at most so many characters; what is nested too deeply is only called so."""
    try:
        return ast.unparse(node)[:most]
    except RecursionError:
        return "a statement that is nested too deeply to be told"


def _endless(source: bytes) -> bool:
    """Tell whether a line with an import has more dots than anybody writes; continued lines are one."""
    if source.count(b".") <= MOST_DOTS:
        return False
    lines = source.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines()
    return any(line.count(b".") > MOST_DOTS and b"import" in line for line in lines)
