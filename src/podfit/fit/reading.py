"""A process that reads wheels into podfit's cache, for another one that computes meanwhile (podfit.fit.ahead).

Standard input has a Place, then a Wanted, a Planned or null on each line, as JSON; when it ends and all is read, so
does the process. What the imports of a Planned reach is read when the wheels before it are; null is answered with a
line when these are. Nothing else is answered: what could not be read is not in the cache, and who wants it reads it
himself and meets the reason.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from podfit.fit.planned import Planned
from podfit.fit.reads import read_all
from podfit.fit.wheels import Wanted, read_wheel
from podfit.index import Index
from podfit.model import PodfitError

_THREADS = 8


class Place(msgspec.Struct, frozen=True):
    """Where to ask: indexes with their credentials, flat lists of files, and podfit's cache directory."""

    urls: tuple[str, ...]
    find_links: tuple[str, ...]
    cache: str


def main() -> None:
    """Read what standard input names."""
    lines = iter(sys.stdin.buffer)
    place = msgspec.json.decode(next(lines), type=Place)
    index = Index(place.urls, cache=Path(place.cache), find_links=place.find_links)

    def read(wanted: Wanted) -> None:
        with contextlib.suppress(PodfitError, OSError, ValueError):
            read_wheel(index, wanted)

    def follow(planned: Planned, before: Sequence[Future[None]]) -> None:
        wait(before)
        with contextlib.suppress(PodfitError, OSError, ValueError):
            read_all(index, planned)

    def answer(before: Sequence[Future[None]]) -> None:
        wait(before)
        with contextlib.suppress(OSError):  # nobody listens any more
            sys.stdout.buffer.write(b"read\n")
            sys.stdout.buffer.flush()

    begun: list[Future[None]] = []
    with ThreadPoolExecutor(_THREADS, "podfit-reading") as pool, ThreadPoolExecutor(2, "podfit-following") as last:
        for line in lines:
            job = msgspec.json.decode(line, type=Wanted | Planned | None)
            if isinstance(job, Wanted):
                begun.append(pool.submit(read, job))
            elif job is None:
                last.submit(answer, tuple(begun))
            else:
                last.submit(follow, job, tuple(begun))


if __name__ == "__main__":
    main()
