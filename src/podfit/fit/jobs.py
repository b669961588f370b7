"""Readings of wheels as values: made here, or by another process that has the same cache (podfit.fit.ahead)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from podfit.index.threads import side_by_side
from podfit.model import PodfitError

if TYPE_CHECKING:
    from podfit.index import Index

_THREADS = 16

_Found_co = TypeVar("_Found_co", covariant=True)
_Found = TypeVar("_Found")


class Job(Protocol[_Found_co]):
    """One reading of a wheel, kept in the cache for good."""

    def known(self, index: Index) -> _Found_co | None:
        """Return what was read before, None where nothing was."""

    def made(self, index: Index) -> _Found_co:
        """Return what the cache has, else what the wheel says. Raises PodfitError, OSError, ValueError."""


Share = Callable[[Sequence[Job[Any]]], Callable[[], None]]
"""Hands jobs to another process; what it returns waits until they are made there, or never will be."""


def made_all(
    index: Index,
    jobs: Sequence[Job[_Found]],
    name: str,
    share: Share | None = None,
    failed: Callable[[int, Exception], None] | None = None,
) -> list[_Found | None]:
    """Return what is read for each job, in order, None where a wheel cannot be read; the waiting part.

    share takes every second of those that nobody has made yet. failed gets the place of what cannot be read, and why.
    name is what the threads are for.
    """
    found = [job.known(index) for job in jobs]

    def one(place: int) -> _Found | None:
        try:
            return jobs[place].made(index)
        except (PodfitError, OSError, ValueError) as error:
            if failed is not None:
                failed(place, error)
            return None

    unread = [place for place, each in enumerate(found) if each is None]
    mine, theirs = (unread, []) if share is None else (unread[::2], unread[1::2])
    wait = share([jobs[place] for place in theirs]) if share is not None and theirs else None
    for part in (mine, theirs):
        if part is theirs and wait is not None:
            wait()
        for place, each in zip(part, side_by_side(one, part, _THREADS, name), strict=True):
            found[place] = each
    return found
