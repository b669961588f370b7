"""Quantities as rectangles: their areas are to each other as the quantities are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place in a unit square, in fractions of its sides: left and top corner, width and height."""

    x: float
    y: float
    width: float
    height: float


_LEAST = 1e-9
"""A smaller share of the whole is no pixel of any screen."""
UNIT = Rectangle(0.0, 0.0, 1.0, 1.0)


def squarified(values: Sequence[float], room: Rectangle = UNIT) -> list[Rectangle]:
    """Return a rectangle for each value, as near to squares as rows allow; what is next to nothing gets no area.

    After Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): a row along the shorter side takes values, the
    largest first, as long as that makes its worst rectangle no worse.
    """
    found = [Rectangle(room.x, room.y, 0.0, 0.0) for _ in values]
    largest = max(values, default=0.0)
    values = [value / largest for value in values] if largest > 0 else []  # however small: areas are told in shares
    least = sum(value for value in values if value > 0) * _LEAST
    order = sorted((n for n, value in enumerate(values) if value > least), key=lambda n: (-values[n], n))
    whole = sum(values[n] for n in order)
    if not order:
        return found
    scale = room.width * room.height / whole
    start = 0
    while start < len(order):
        side = min(room.width, room.height)
        end = start + 1
        areas = [values[order[start]] * scale]
        while end < len(order):
            wider = [*areas, values[order[end]] * scale]
            if _worst(wider, side) > _worst(areas, side):
                break
            areas, end = wider, end + 1
        placed, room = _row(areas, room)
        for n, rectangle in zip(order[start:end], placed, strict=True):
            found[n] = rectangle
        start = end
    return found


def _worst(areas: Sequence[float], side: float) -> float:
    """Return the largest ratio of sides in a row of rectangles along a side."""
    whole = sum(areas)
    if not (whole > 0 and side > 0):
        return float("inf")
    return max(max(side * side * area / whole**2, whole**2 / (side * side * area)) if area > 0 else 0 for area in areas)


def _row(areas: Sequence[float], room: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Return the rectangles of a row along the shorter side of a room, and the room that is left."""
    whole = sum(areas)
    if room.width >= room.height:
        thick = min(room.width, whole / room.height) if room.height > 0 else 0.0
        places = list(_along(areas, whole, room.height))
        row = [Rectangle(room.x, room.y + start, thick, length) for start, length in places]
        return row, Rectangle(room.x + thick, room.y, max(0.0, room.width - thick), room.height)
    thick = min(room.height, whole / room.width) if room.width > 0 else 0.0
    row = [Rectangle(room.x + start, room.y, length, thick) for start, length in _along(areas, whole, room.width)]
    return row, Rectangle(room.x, room.y + thick, room.width, max(0.0, room.height - thick))


def _along(areas: Sequence[float], whole: float, side: float) -> Iterator[tuple[float, float]]:
    """Yield start and length of each area along a side."""
    start = 0.0
    for area in areas:
        length = side * area / whole if whole > 0 else 0.0
        yield start, length
        start += length
