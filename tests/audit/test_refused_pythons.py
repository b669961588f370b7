"""For which versions of Python a module raises as it is imported, as its source says."""

from __future__ import annotations

import ast

import pytest

from podfit.audit.refused_pythons import refused_pythons


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
