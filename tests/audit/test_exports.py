"""The names of a module that hands its namespace to somebody else's code are not known."""

from __future__ import annotations

import pytest

from podfit.audit.exports import exports, given_by_star

MANY = "\n".join(f"NAMES[{f'a_name_{number}'!r}] = {number}" for number in range(12))


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("_globals = globals()\nbuilder.build(DESCRIPTOR, _globals)", False),
        ("builder.build(DESCRIPTOR, 'a_pb2', globals())", False),
        ("builder.build(names=globals())", False),
        ("if True:\n    names = globals()\n    exec(code, names)", False),
        ("__all__ = sorted(globals())\nprint(globals())", True),
        ("globals()['b'] = 1", True),
        ("load(globals()['__spec__'])", True),
        ("def __getattr__(name):\n    return bind(name, globals())", True),
        ("class A:\n    names = bind(globals)", True),
    ],
)
def test_names_that_others_bind_are_not_known(source: str, known: bool) -> None:
    found = exports(f"NAMES = {{}}\n{MANY}\n{source}\n".encode())
    assert (found is not None) is known
    assert (given_by_star(f"{MANY}\n{source}\n".encode()) is not None) is known
