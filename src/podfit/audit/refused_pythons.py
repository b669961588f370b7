"""Modules that end their import in an error for some versions of Python: `if sys.version_info >= (3, 12): raise ...`.

Metadata forget it: pycaret 3.3.2 says that it is for Python 3.8 and newer, and ends so with 3.12. And nobody could know
it before: hydra-core 1.0.7 has `class HydraConf: run: RunDir = RunDir()`, where both are dataclasses, which Python 3.11
no longer allows (https://docs.python.org/3/library/dataclasses.html#mutable-default-values).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from podfit.model.syntax import dotted

_MOST_PARTS = 3

_HASHED = ("frozen", "unsafe_hash")
"""What, said of a dataclass, gives it a hash."""

_UNHASHABLE_DEFAULTS = ">=3.11"
"""The versions of Python that allow no default of a field that cannot be hashed; before it was no list, dict or set."""


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


def refused_defaults(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield the versions of Python that refuse a dataclass of a module, and the line of the field that they refuse.

    It has a default that is made from another dataclass of the module which compares its fields and cannot be hashed.
    """
    ours: dict[str, str] = {}
    unhashable: set[str] = set()
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses" and not node.level:
            ours.update((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            ours.update(
                (f"{alias.asname or alias.name}.{name}", name)
                for alias in node.names
                if alias.name == "dataclasses"
                for name in ("dataclass", "field")
            )
        elif isinstance(node, ast.ClassDef):
            unhashable.discard(node.name)
            made = next((each for each in node.decorator_list if ours.get(_called(each)) == "dataclass"), None)
            if made is None:
                continue
            yield from ((_UNHASHABLE_DEFAULTS, line) for line in _unhashable_fields(node, unhashable, ours))
            if _cannot_be_hashed(node, made):
                unhashable.add(node.name)


def _called(node: ast.expr) -> str:
    """Return the dotted name of what is called, or stands for itself."""
    return dotted(node.func if isinstance(node, ast.Call) else node)


def _cannot_be_hashed(node: ast.ClassDef, decorator: ast.expr) -> bool:
    """Tell whether instances of a dataclass cannot be hashed, by its decorator and what it defines itself."""
    words = {each.arg: each.value for each in decorator.keywords} if isinstance(decorator, ast.Call) else {}
    if None in words or (isinstance(decorator, ast.Call) and decorator.args):
        return False
    said = {word: value.value if isinstance(value, ast.Constant) else None for word, value in words.items()}
    own = any(getattr(each, "name", "") == "__hash__" or "__hash__" in _targets(each) for each in node.body)
    return not own and said.get("eq", True) is True and not any(said.get(w, False) is not False for w in _HASHED)


def _targets(node: ast.stmt) -> set[str]:
    """Return the names that an assignment binds."""
    return {each.id for each in node.targets if isinstance(each, ast.Name)} if isinstance(node, ast.Assign) else set()


def _unhashable_fields(node: ast.ClassDef, unhashable: set[str], ours: dict[str, str]) -> Iterator[int]:
    """Yield the line of each field of a dataclass whose default is made from one that cannot be hashed."""
    for each in node.body:
        if not isinstance(each, ast.AnnAssign) or "ClassVar" in ast.dump(each.annotation):
            continue
        value = each.value
        if isinstance(value, ast.Call) and ours.get(_called(value)) == "field":
            value = next((word.value for word in value.keywords if word.arg == "default"), None)
        if isinstance(value, ast.Call) and _called(value) in unhashable:
            yield each.lineno


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
