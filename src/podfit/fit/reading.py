"""A process that reads wheels into podfit's cache, for another one that computes meanwhile (podfit.fit.ahead).

Standard input has a Place, then a Wanted on each line, as JSON; when it ends and all is read, so does the process.
Nothing is answered: what could not be read is not in the cache, and who wants it reads it himself and meets the reason.
"""

from __future__ import annotations

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

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

    def read(line: bytes) -> None:
        with contextlib.suppress(PodfitError, OSError, ValueError):
            read_wheel(index, msgspec.json.decode(line, type=Wanted))

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="podfit-reading") as pool:
        for line in lines:
            pool.submit(read, line)


if __name__ == "__main__":
    main()
