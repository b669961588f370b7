"""Programs that install what they need: `os.system("pip install x")`, `subprocess.run([..., "install", "x"])`.

The syntax tree is read, nothing is run. What a program computes (names, f-strings) is left out: literals alone count.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator

from podfit.readers.declared.installs import Installed, commands

_SHELLS = frozenset({"system", "popen", "run", "call", "check_call", "check_output", "Popen", "getoutput"})
"""Functions of os and subprocess that take a command as their first argument."""

_SIGNS = (b"os.system", b"subprocess", b"popen", b"pip.main", b"pip._internal", b"pipmain", b"check_call")
_COMPUTED = "$COMPUTED"
"""Stands for a word that the program computes: `installs` leaves out what has a dollar sign."""


def may_install(data: bytes) -> bool:
    """Tell whether a source may install something, before anything is walked."""
    return b"install" in data and b"pip" in data and any(sign in data for sign in _SIGNS)


def installing(module: ast.Module) -> Iterator[tuple[Installed, bool]]:
    """Yield what a module's calls install, and whether that is as it is imported or run: no function's matter."""
    for node, late in _calls(module.body, late=False):
        for one in _installed(node):
            yield one, not late


def _calls(body: list[ast.stmt], late: bool) -> Iterator[tuple[ast.Call, bool]]:
    """Yield the calls in statements, and whether they stand in a function."""
    for statement in body:
        inside = late or isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
        blocks = [block for name in ("body", "orelse", "finalbody") if (block := getattr(statement, name, None))]
        blocks += [handler.body for handler in getattr(statement, "handlers", [])]
        blocks += [case.body for case in getattr(statement, "cases", [])]
        for block in blocks:
            yield from _calls(block, inside)
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, (ast.expr, ast.withitem)):
                yield from ((node, late) for node in ast.walk(child) if isinstance(node, ast.Call))


def _installed(node: ast.Call) -> Iterator[Installed]:
    """Yield what one call installs."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not node.args:
        return
    given = node.args[0]
    if isinstance(given, ast.Constant) and isinstance(given.value, str) and name in _SHELLS:
        yield from commands(given.value, node.lineno)
        return
    words = list(_words(given))
    if not words:
        return
    if name in ("main", "pipmain", "pip_main"):
        yield from commands(shlex.join(["pip", *words]), node.lineno)
    elif name in _SHELLS:
        yield from commands(" ".join(map(_quoted, words)), node.lineno)


def _words(given: ast.expr) -> Iterator[str]:
    """Yield the words of a list that is a command; sys.executable is Python, whatever else is computed is a sign."""
    for item in given.elts if isinstance(given, (ast.List, ast.Tuple)) else ():
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value
        elif isinstance(item, ast.Attribute) and item.attr == "executable":
            yield "python"
        else:
            yield _COMPUTED


def _quoted(word: str) -> str:
    return word if word == _COMPUTED else shlex.quote(word)
