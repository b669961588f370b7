"""A process that reads wheels into podfit's cache, for another one that computes meanwhile (podfit.fit.ahead).

Standard input has a Place, then a Wanted, an Entered, a Planned, a Leave or null on each line, as JSON; when it ends
and all is read, so does the process. What the imports of the last Planned reach is read when the wheels before it are,
unless a Leave follows; null is answered with a line when these are. Nothing else is answered: what could not be read is
not in the cache, and who wants it reads it himself and meets the reason.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from podfit.fit.planned import Planned
from podfit.fit.reach import Entered
from podfit.fit.reads import read_all
from podfit.fit.wheels import Wanted
from podfit.index import Index
from podfit.model import PodfitError

_THREADS = 16

_LESS_URGENT = 4
"""So much lower is the priority of this process (nice(1)) than that of the one that began it."""


_GC_THRESHOLD = 50_000
"""So many new objects are made before Python looks for cycles among them: syntax trees are many and stay a while."""


class Place(msgspec.Struct, frozen=True):
    """Where to ask: indexes with their credentials, flat lists of files, and podfit's cache directory."""

    urls: tuple[str, ...]
    find_links: tuple[str, ...]
    cache: str


class Leave(msgspec.Struct, frozen=True, tag=True):
    """Says that nothing is to be followed any more."""


def main() -> None:
    """Read what standard input names, after whatever else there is to compute: the resolver, who waits for it."""
    if hasattr(os, "nice"):
        os.nice(_LESS_URGENT)
    gc.set_threshold(_GC_THRESHOLD)
    lines = iter(sys.stdin.buffer)
    place = msgspec.json.decode(next(lines), type=Place)
    index = Index(place.urls, cache=Path(place.cache), find_links=place.find_links)

    newest: list[Planned | None] = []
    begun: list[Future[None]] = []

    def make(job: Wanted | Entered) -> None:
        with contextlib.suppress(PodfitError, OSError, ValueError):
            job.made(index)

    def follow(planned: Planned, before: Sequence[Future[None]]) -> None:
        wait(before)
        with contextlib.suppress(PodfitError, OSError, ValueError):
            read_all(index, planned, lambda: planned is newest[-1])

    def answer(before: Sequence[Future[None]]) -> None:
        wait(before)
        with contextlib.suppress(OSError):  # nobody listens any more
            sys.stdout.buffer.write(b"made\n")
            sys.stdout.buffer.flush()

    with (
        ThreadPoolExecutor(_THREADS, "podfit-reading") as pool,
        ThreadPoolExecutor(1, "podfit-following") as following,
        ThreadPoolExecutor(1, "podfit-answering") as answering,
    ):
        for line in lines:
            job = msgspec.json.decode(line, type=Wanted | Entered | Planned | Leave | None)
            begun = [each for each in begun if not each.done()]
            if isinstance(job, Leave):
                newest.append(None)
            elif job is None:
                answering.submit(answer, begun)
            elif isinstance(job, Planned):
                newest.append(job)
                following.submit(follow, job, begun)
            else:
                begun.append(pool.submit(make, job))


if __name__ == "__main__":
    main()
