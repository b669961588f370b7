"""Versions that code insists on: `assert timm.__version__ == "0.3.2"`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.readers.imports import guards

_OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.GtE: ">=",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.Lt: "<",
}
_PARSERS = frozenset({"Version", "LooseVersion", "StrictVersion", "parse", "parse_version"})


def asserted(node: ast.Assert, modules: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """Yield module, specifier and line for each comparison of a module's `__version__` that an assert makes.

    modules gives what names were imported as. Parts joined by `and` all count; anything else says nothing.
    """
    waiting = [node.test]
    while waiting:
        test = waiting.pop()
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            waiting += reversed(test.values)
        elif isinstance(test, ast.Compare) and len(test.ops) == 1:
            module = _module(test.left, modules)
            operator, version = _OPERATORS.get(type(test.ops[0])), _literal(test.comparators[0])
            if module and operator and version and _valid(operator + version):
                yield module, operator + version, node.lineno
        elif isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith":
            module, version = _module(test.func.value, modules), _literal(test.args[0]) if test.args else ""
            if module and version and _valid(f"=={version.rstrip('.')}.*"):
                yield module, f"=={version.rstrip('.')}.*", node.lineno


def _module(node: ast.expr, modules: Mapping[str, str]) -> str:
    """Return the module whose `__version__` an expression reads, through a parser of versions if there is one."""
    node = _inside(node)
    name, _, last = guards.dotted(node).rpartition(".")
    if last != "__version__" or not name:
        return ""
    first, dot, rest = name.partition(".")
    return f"{modules[first]}{dot}{rest}" if first in modules else ""


def _literal(node: ast.expr) -> str:
    node = _inside(node)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _inside(node: ast.expr) -> ast.expr:
    """Return the argument of `version.parse(...)`, any other expression as it is."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and guards.dotted(node.func).rpartition(".")[2] in _PARSERS:
        return node.args[0]
    return node


def _valid(specifier: str) -> bool:
    try:
        return bool(str(SpecifierSet(specifier)))
    except InvalidSpecifier:
        return False
