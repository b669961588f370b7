"""Modules that end their import in an error for some versions of Python: `if sys.version_info >= (3, 12): raise ...`.

Metadata forget it: pycaret 3.3.2 says that it is for Python 3.8 and newer, and ends so with 3.12.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from podfit.model.syntax import dotted

_MOST_PARTS = 3


def refused_pythons(node: ast.If) -> Iterator[tuple[str, int]]:
    """Yield the versions of Python (a specifier of PEP 440) for which a statement of a module raises, and the line.

    Of an `elif` only where all before it raise, too: else it may never be asked.
    """
    if not any(isinstance(each, ast.Raise) for each in node.body):
        return
    tests = node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or) else [node.test]
    yield from ((versions, node.lineno) for test in tests if (versions := _versions(test)))
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        yield from refused_pythons(node.orelse[0])


def _versions(test: ast.expr) -> str:
    """Return the versions for which a comparison of `sys.version_info` holds, empty where it is none."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.comparators[0], ast.Tuple):
        return ""
    numbers = [each.value for each in test.comparators[0].elts if isinstance(each, ast.Constant)]
    whole = len(numbers) == len(test.comparators[0].elts) <= _MOST_PARTS
    asked, cut = test.left, False
    if isinstance(asked, ast.Subscript) and isinstance(asked.slice, ast.Slice):
        end = asked.slice.upper
        cut = asked.slice.lower is asked.slice.step is None and isinstance(end, ast.Constant)
        whole = whole and cut and isinstance(end, ast.Constant) and end.value == len(numbers)
        asked = asked.value
    if not whole or not numbers or dotted(asked) not in ("sys.version_info", "version_info"):
        return ""
    if not all(isinstance(number, int) for number in numbers):
        return ""
    return _specifier(test.ops[0], [int(str(number)) for number in numbers], cut=cut)


def _specifier(operator: ast.cmpop, numbers: list[int], *, cut: bool) -> str:
    """Return the specifier of a comparison with a version; cut tells that no more parts are compared than it has.

    All of `sys.version_info` is more than any shorter tuple that it begins with.
    """
    least = ".".join(map(str, numbers))
    after = ".".join(map(str, [*numbers[:-1], numbers[-1] + 1])) if cut else least
    if isinstance(operator, (ast.Gt, ast.GtE)):
        return f">={after if isinstance(operator, ast.Gt) else least}"
    if isinstance(operator, (ast.Lt, ast.LtE)):
        return f"<{after if isinstance(operator, ast.LtE) else least}"
    return ""
