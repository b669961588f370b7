"""Waiting for many things at once: calls side by side, each in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


def side_by_side(call: Callable[[_Item], _Found], items: Iterable[_Item], threads: int, name: str) -> list[_Found]:
    """Return what call returns for each item, in order, at most so many at a time; name is what the threads are for.

    Raises what the first of the items whose call fails raises.
    """
    wanted = list(items)
    if len(wanted) < 2:
        return [call(item) for item in wanted]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(threads, len(wanted)), thread_name_prefix=f"podfit-{name}") as pool:
        return list(pool.map(call, wanted))
