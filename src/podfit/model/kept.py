"""Keep what follows from frozen objects for as long as these live, so that several readers of them work it out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import ref

_T = TypeVar("_T")
_O = TypeVar("_O")


def kept_with(function: Callable[[tuple[_O, ...]], _T]) -> Callable[[tuple[_O, ...]], _T]:
    """Return function, a pure one of frozen objects, so that it is called once for the very same objects.

    They are told apart by identity: nothing is compared, and an equal object is another one. The result is forgotten
    with the first of them that goes, so it must not hold on to them. For any thread: two may work it out at once.
    """
    known: dict[tuple[int, ...], tuple[tuple[ref[_O], ...], _T]] = {}

    @wraps(function)
    def call(objects: tuple[_O, ...]) -> _T:
        key = tuple(map(id, objects))
        found = known.get(key)
        if found is None or any(one() is not there for one, there in zip(found[0], objects, strict=True)):
            result = function(objects)
            known[key] = (tuple(ref(each, lambda _: known.pop(key, None)) for each in objects), result)
            return result
        return found[1]

    return call
