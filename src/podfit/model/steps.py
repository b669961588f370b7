"""Waiting as a value: who computes hands out the calls that wait, and a driver decides in which thread they are made.

So many templates are computed in one thread while their processes and requests run side by side. Python threads would
not compute in parallel anyway, and must not even try while they parse: in CPython 3.11 and 3.12 two threads inside
`ast.literal_eval` (which `packaging` calls for every marker) can end in "SystemError: AST constructor recursion depth
mismatch" (python/cpython#106905).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Wait:
    """A call that waits for a process or the network; it may run in any thread and parses no requirement or marker."""

    call: Callable[[], Any]


Steps = Generator[Wait, Any, _T]
"""A computation that yields each Wait, gets what its call returned (or raised), and returns its result."""


def finish(steps: Steps[_T]) -> _T:
    """Return the result of steps; every call is made here, in the caller's thread. Raises what steps raises."""
    try:
        wait = next(steps)
        while True:
            try:
                value = wait.call()
            except BaseException as error:  # the computation cleans up, or answers it
                wait = steps.throw(error)
            else:
                wait = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result
