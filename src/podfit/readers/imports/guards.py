"""Guards: code around an import that lets the program go on without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from podfit.readers.imports.nodes import calls, nodes

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
# transformers' and accelerate's convention: is_torch_available(), is_flash_attn_2_available().
_AVAILABLE = re.compile(r"^_?is_\w+_available$|^_?(?:HAS|HAVE)_[A-Z0-9_]+$|^_?[A-Z0-9_]+_AVAILABLE$")
_MACHINE = frozenset(
    {"sys.version_info", "sys.platform", "os.name", "platform.system", "sys.implementation", "platform.machine"}
)
_FIND_SPEC = frozenset({"find_spec", "find_loader"})


def of_try(node: ast.Try) -> str:
    """Return why the imports in the body of a try are optional, empty when they are not.

    The first handler for a missing module decides. One that ends by raising or leaving only words the error better:
    what it guards stays needed.
    """
    for handler in node.handlers:
        if caught := _caught(handler.type):
            return "" if _leaves(handler.body) else f"try/except {caught} at line {node.lineno}"
    return ""


def raises(node: ast.Try) -> bool:
    """Return whether a try catches a missing module only to raise an error of its own, or to leave."""
    return any(_caught(handler.type) and _leaves(handler.body) for handler in node.handlers)


def of_handler(handler: ast.ExceptHandler) -> str:
    """Return why the imports in a handler are optional: they stand in for the ones that the try could not have."""
    caught = _caught(handler.type)
    return f"stands in after except {caught} at line {handler.lineno}" if caught else ""


def imported(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Return the top-level modules that the import statements right in a block import."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def is_main(test: ast.expr) -> bool:
    """Return whether a condition asks how a module is run, by its `__name__`."""
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def of_with(node: ast.With | ast.AsyncWith) -> str:
    """Return why the imports under a with are optional: `contextlib.suppress(ImportError)`."""
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] == "suppress":
            for argument in call.args:
                if caught := _caught(argument):
                    return f"contextlib.suppress({caught}) at line {node.lineno}"
    return ""


def of_if(node: ast.If, availability: set[str]) -> tuple[str, str]:
    """Return why the imports in the body of an if are optional, and why those in its else are; empty: they are not.

    availability holds names that the file set by a test of availability (`HAS_X = find_spec("x") is not None`).
    """
    at = f"at line {node.lineno}"
    test, negated = node.test, False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, negated = test.operand, True
    if dotted(test).rpartition(".")[2] == "TYPE_CHECKING" or (isinstance(test, ast.Constant) and test.value is False):
        reason = f"if {'not ' if negated else ''}TYPE_CHECKING {at}" if not isinstance(test, ast.Constant) else ""
        reason = reason or f"if False {at}"
        return ("", reason) if negated else (reason, "")
    for part in _parts(node.test):
        name = dotted(part)
        if not name:
            continue
        last = name.rpartition(".")[2]
        if last in _FIND_SPEC or last in availability or _AVAILABLE.match(last):
            reason = f"test of availability ({last}) {at}"
            return reason, reason
        if name in _MACHINE:
            reason = f"test of {name} {at}"
            return reason, reason
    return "", ""


def tests_availability(value: ast.expr) -> bool:
    """Return whether an assigned value asks if a module can be found."""
    if not isinstance(value, (ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.IfExp)):
        return False
    return any(dotted(part.func).rpartition(".")[2] in _FIND_SPEC for part in calls(value))


def dotted(node: ast.AST | None) -> str:
    """Return `a.b.c` for a chain of attributes on a name, empty for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def _parts(test: ast.expr) -> Iterator[ast.AST]:
    """Yield the names, attributes and called functions of a condition."""
    for part in nodes(test):
        if isinstance(part, (ast.Name, ast.Attribute)):
            yield part


def _caught(kind: ast.expr | None) -> str:
    """Return the name of the caught exception that a missing module raises, empty when none is caught."""
    if kind is None:
        return "BaseException"
    for one in kind.elts if isinstance(kind, ast.Tuple) else [kind]:
        name = dotted(one).rpartition(".")[2]
        if name in _CATCHES:
            return name
    return ""


def _leaves(body: list[ast.stmt]) -> bool:
    """Return whether a block ends by raising or by leaving the process."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    return (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and dotted(last.value.func) in ("sys.exit", "exit", "quit", "os._exit")
    )
