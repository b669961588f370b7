"""Where the bytes of a plan are, and what smaller builds would save: a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podfit.model import Plan
from podfit.model.words import listed
from podfit.plan.sizes import fetched_by_need
from podfit.report.words import human_bytes, where

_MOST_NEEDS = 3
_SMALL = 0.5
"""Of the bytes to fetch, the share from which on the heaviest needs are worth a line: less is spread over many."""


def weight_line(plan: Plan) -> str:
    """Return the needs that most bytes are fetched for, each with what it brings; empty where none stands out."""
    every = fetched_by_need(plan)
    heavy = [one for one in every[:_MOST_NEEDS] if one[1]] if len(every) > 1 else []
    together = sum(size for _, size, _ in heavy)
    if not together or together < _SMALL * plan.download_bytes:
        return ""
    words = []
    for name, size, brings in heavy:
        others = [each for each in brings if each != name]
        with_them = f" with {others[0]}" if len(others) == 1 else f" with {len(others)} others" if others else ""
        words.append(f"{name}{with_them} {human_bytes(size)}")
    rest = plan.download_bytes - together
    return ", ".join(words) + (f"; all else {human_bytes(rest)}" if rest else "")


def slim_lines(plans: Sequence[Plan]) -> Iterator[str]:
    """Yield what smaller builds would save, and what the ones that are taken do, each with what is not in them."""
    found: dict[tuple[str, str, bool, str], list[tuple[int, str]]] = {}
    for number, plan in enumerate(plans):
        for each in plan.slimmer:
            exact = each.taken and len(plan.slimmer) == 1  # the difference of two plans; else by the files of this one
            size = f"{'' if exact else 'about '}{human_bytes(each.saves)}"
            found.setdefault((each.slim, each.name, each.taken, each.loses), []).append((number, size))
    for (slim, name, taken, loses), seen in found.items():
        saved = listed(dict.fromkeys(size for _, size in seen))
        at = where([number for number, _ in seen], plans)
        if taken:
            yield f"{slim} is in the place of {name}{at}: {saved} less; not in it: {loses}"
        else:
            yield f"--slim would take {slim} for {name}{at}: {saved} less; not in it: {loses}"
