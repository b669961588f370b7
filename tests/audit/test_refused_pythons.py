"""For which versions of Python a module raises as it is imported, as its source says."""

from __future__ import annotations

import ast
import contextlib
import sys

import pytest

from podfit.audit.refused_pythons import refused_defaults, refused_pythons


def refused(source: str) -> list[tuple[str, int]]:
    """Return what the first statement of a source says."""
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.If)
    return list(refused_pythons(node))


@pytest.mark.parametrize(
    ("test", "versions"),
    [
        ("sys.version_info >= (3, 12)", [">=3.12"]),
        ("sys.version_info > (3, 12)", [">=3.12"]),  # (3, 12, 0, ...) is more than (3, 12)
        ("sys.version_info[:2] > (3, 12)", [">=3.13"]),
        ("version_info[:2] <= (3, 8)", ["<3.9"]),
        ("sys.version_info <= (3, 8)", ["<3.8"]),
        ("sys.version_info < (3, 9, 2)", ["<3.9.2"]),
        ("sys.version_info < (3, 9) or sys.version_info >= (4,)", ["<3.9", ">=4"]),
        ("sys.version_info >= (3, 12) and fussy", []),
        ("sys.version_info[:1] >= (3, 12)", []),
        ("sys.version_info[1:] >= (12,)", []),
        ("sys.version_info == (3, 12)", []),
        ("sys.version_info >= ('3', 12)", []),
        ("sys.version_info.minor >= 12", []),
        ("other.version >= (3, 12)", []),
        ("(3, 12) <= sys.version_info", []),
        ("sys.version_info >= (3, x)", []),
        ("sys.version_info >= ()", []),
    ],
)
def test_comparisons(test: str, versions: list[str]) -> None:
    assert [each for each, _ in refused(f"if {test}:\n    raise RuntimeError('no')\n")] == versions


def test_an_elif_counts_where_all_before_it_raise() -> None:
    low, high = "if sys.version_info < (3, 9):\n    ", "elif sys.version_info >= (3, 12):\n    raise ValueError\n"
    assert refused(f"{low}raise ValueError\n{high}") == [("<3.9", 1), (">=3.12", 3)]
    assert refused(f"{low}import older\n{high}") == []
    assert refused("if sys.version_info >= (3, 12):\n    import new\nelse:\n    raise ValueError\n") == []


OURS = "from dataclasses import dataclass, field\n"
HEAD = f"{OURS}import dataclasses as dc\nimport other\n"


@pytest.mark.parametrize(
    ("first", "second", "raises"),
    [
        ("@dataclass", "    a: A = A()", True),
        ("@dataclass", "    a: A = A(b=2)", True),
        ("@dc.dataclass", "    a: A = field(default=A())", True),
        ("@dataclass(order=True)", "    a: 'A' = A()", True),
        ("@dataclass(frozen=False)", "    a: A = A()", True),
        ("@dataclass(frozen=True)", "    a: A = A()", False),
        ("@dataclass(unsafe_hash=True)", "    a: A = A()", False),
        ("@dataclass(eq=False)", "    a: A = A()", False),
        ("@dataclass(eq=fussy)", "    a: A = A()", False),
        ("@dataclass(**how)", "    a: A = A()", False),
        ("@other.dataclass", "    a: A = A()", False),
        ("", "    a: A = A()", False),
        ("@dataclass", "    a: A = field(default_factory=A)", False),
        ("@dataclass", "    a: ClassVar[A] = A()", False),
        ("@dataclass", "    a = A()", False),
        ("@dataclass", "    a: A = B()", False),
        ("@dataclass", "    a: A = None", False),
    ],
)
def test_a_dataclass_with_an_instance_of_another_as_a_default_raises_from_python_3_11_on(
    first: str, second: str, raises: bool
) -> None:
    source = f"{HEAD}{first}\nclass A:\n    b: int = 1\n@dataclass\nclass C:\n{second}\n"
    line = source[: source.index(second)].count("\n") + 1
    assert list(refused_defaults(ast.parse(source).body)) == ([(">=3.11", line)] if raises else [])


@pytest.mark.skipif(sys.version_info < (3, 11), reason="this Python allows them")
@pytest.mark.parametrize(
    ("decorator", "field", "raises"),
    [
        ("@dataclass", "A()", True),
        ("@dataclass(order=True)", "field(default=A())", True),
        ("@dataclass(frozen=True)", "A()", False),
        ("@dataclass(unsafe_hash=True)", "A()", False),
        ("@dataclass(eq=False)", "A()", False),
        ("@dataclass", "field(default_factory=A)", False),
    ],
)
def test_python_says_the_same(decorator: str, field: str, raises: bool) -> None:
    source = f"{OURS}{decorator}\nclass A:\n    b: int = 1\n@dataclass\nclass C:\n    a: A = {field}\n"
    assert bool(list(refused_defaults(ast.parse(source).body))) is raises
    with pytest.raises(ValueError, match="mutable default") if raises else contextlib.nullcontext():
        exec(source, {"__name__": __name__})


def test_a_dataclass_that_has_a_hash_of_its_own_may_be_a_default() -> None:
    for own in ("    def __hash__(self): return 1\n", "    __hash__ = object.__hash__\n"):
        source = f"{HEAD}@dataclass\nclass A:\n{own}@dataclass\nclass C:\n    a: A = A()\n"
        assert list(refused_defaults(ast.parse(source).body)) == []
