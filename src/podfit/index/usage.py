"""Which directories of podfit's cache are in use by a running podfit, and removing the rest."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOMS = (
    "asked",
    "assumed",
    "conflicts",
    "images-1",
    "index-1",
    "pace-1",
    "planned",
    "proofs",
    "standins",
    "templates",
)
"""The directories of the cache that podfit fills; nothing else below the cache's root is touched."""

_LOCK = ".in-use"
_HELD: dict[Path, IO[bytes]] = {}


def hold(cache: Path) -> None:
    """Mark cache as in use until this process ends; where it cannot be marked, nobody can prune it either."""
    if cache in _HELD:
        return
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        handle = (cache / _LOCK).open("ab")
        if _locked(handle, alone=False):
            _HELD[cache] = handle


@contextlib.contextmanager
def alone(cache: Path) -> Iterator[bool]:
    """Yield whether no other process uses cache; while the block runs, none that begins does either (it waits)."""
    with (cache / _LOCK).open("ab") as handle:
        yield _locked(handle, alone=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be removed by itself: a file, or a directory with its list beside it.

    size is in bytes, age in seconds since it was last written or read as far as the file system says.
    """

    paths: tuple[Path, ...]
    size: int
    age: float

    def remove(self) -> None:
        """Remove it; what is gone already is no error."""
        for path in self.paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def entries(cache: Path) -> Iterator[Entry]:
    """Yield everything in the cache that can be removed by itself; what vanishes meanwhile is left out."""
    now = time.time()
    for room in ROOMS:
        folder = cache / room
        if not folder.is_dir() or folder.is_symlink():
            continue
        flat = room in ("templates", "assumed", "proofs", "standins")
        for path in sorted(folder.iterdir() if flat else folder.rglob("*")):
            with contextlib.suppress(OSError):
                if flat and path.is_dir() and not path.is_symlink():
                    listing = path.with_suffix(".json")
                    paths = (path, listing) if listing.exists() else (path,)
                    files = [*path.rglob("*"), *paths[1:]]
                elif path.is_file() and not (flat and path.with_suffix("").is_dir()):
                    paths, files = (path,), [path]
                else:
                    continue
                stats = [file.stat() for file in files]
                used = max((max(s.st_mtime, s.st_atime) for s in stats), default=path.stat().st_mtime)
                yield Entry(paths, sum(s.st_size for s in stats), now - used)


def _locked(handle: IO[bytes], *, alone: bool) -> bool:
    """Lock a file, shared or alone (then without waiting); tell whether it was possible."""
    if sys.platform == "win32":  # pragma: no cover - no such lock there: nothing is pruned
        return not alone
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
    except OSError:
        return False
    return True
