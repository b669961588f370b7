"""What is kept with frozen objects: worked out once for the same ones, again for equal ones, forgotten with them."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from weakref import ref

from podfit.model.kept import kept_with


@dataclass(frozen=True)
class Thing:
    name: str


class Result:
    """Something that a weak reference can point to."""


def counted() -> tuple[list[str], object]:
    calls: list[str] = []

    @kept_with
    def joined(things: tuple[Thing, ...]) -> Result:
        calls.append("+".join(thing.name for thing in things))
        return Result()

    return calls, joined


def test_the_same_objects_are_worked_out_once_and_equal_ones_again() -> None:
    calls, joined = counted()
    one, other, equal = Thing("one"), Thing("other"), Thing("one")
    first = joined((one, other))
    assert joined((one, other)) is first
    assert joined((other, one)) is not first
    assert joined((equal, other)) is not first
    assert joined(()) is joined(())
    assert calls == ["one+other", "other+one", "one+other", ""]


def test_the_result_goes_with_the_first_of_its_objects() -> None:
    _, joined = counted()
    one, other = Thing("one"), Thing("other")
    kept = ref(joined((one, other)))
    assert kept() is not None
    del one
    gc.collect()
    assert kept() is None
    assert other.name == "other"


def test_an_object_in_the_place_of_one_that_went_gets_its_own_result() -> None:
    calls, joined = counted()
    for number in range(50):  # CPython gives a freed object's place, and id, to the next
        joined((Thing(str(number)),))
    assert calls == [str(number) for number in range(50)]
