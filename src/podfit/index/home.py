"""Where podfit keeps its own files when nobody has a home that may be written.

HOME is unset and no passwd entry knows the user, or the home is not there, or not the user's. Containers run so:
OpenShift gives each a random user number, and the home of `nobody` is `/nonexistent`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from functools import lru_cache
from pathlib import Path


def has_home() -> bool:
    """Tell whether there is a home directory in which one may write, or make, `.cache`."""
    place = Path(os.path.expanduser("~"), ".cache")  # noqa: PTH111 - Path raises where there is none
    if not place.is_absolute():
        return False
    there = next((path for path in (place, *place.parents) if os.path.exists(path)), place)  # noqa: PTH110 - as above
    return os.access(there, os.W_OK | os.X_OK)


@lru_cache(maxsize=1)
def homeless() -> Path:
    """Return a directory in place of a home: one for each user in the directory of temporary files.

    It belongs to the user and nobody else can write there; where somebody took the name before, it is a new one that
    goes with the process.
    """
    folder = Path(tempfile.gettempdir()) / f"podfit-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
            return folder
    except OSError:
        pass
    made = Path(tempfile.mkdtemp(prefix="podfit-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def expanded(text: str | Path) -> Path:
    """Return a path with `~` as the home directory; where there is none, or no such user, as it is written."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path raises where there is none


def default_cache() -> Path:
    """Return podfit's cache directory: PODFIT_CACHE_DIR, else the platform's place for caches."""
    chosen = os.environ.get("PODFIT_CACHE_DIR", "")
    if chosen:
        return expanded(chosen)
    if not has_home() and not os.path.isabs(os.environ.get("XDG_CACHE_HOME", "")):  # noqa: PTH117 - it may be empty
        return homeless() / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("podfit")
