"""Files and trees: atomic writes, moves, listings that two moments can be compared by."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from typing import Any

MOVING = ".podfit-moving"
"""Ends the name of a copy on its way from another file system."""


def write_json(path: str, value: Any, *, compress: bool = False) -> None:
    """Write value, whole or not at all, and make it last: the file and its name reach the disk before the return."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    temporary = path + ".tmp"
    with open(temporary, "wb") as file:
        file.write(zlib.compress(data, 1) if compress else data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(os.path.dirname(path))


def read_json(path: str, *, compress: bool = False) -> Any:
    """Return the value of a file that write_json wrote; None when there is none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None
    return json.loads(zlib.decompress(data) if compress else data)


def read_note(path: str, *, compress: bool = False) -> dict[str, Any] | None:
    """Return the object in a file that can be done without: None when there is none, also none that is whole."""
    try:
        found = read_json(path, compress=compress)
    except (OSError, ValueError, RecursionError, zlib.error):
        return None
    return found if isinstance(found, dict) else None


def sync_folder(path: str) -> None:
    """Make the names in a directory last; file systems that cannot are left as they are."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def exists(path: str) -> bool:
    """Tell whether there is something of this name, be it a dangling link."""
    return os.path.lexists(path)


def move(source: str, target: str) -> None:
    """Rename; where the two lie on different file systems, copy under a temporary name first, then remove source."""
    try:
        os.rename(source, target)
        return
    except OSError as error:
        # EXDEV also for a directory of a container image's lower layer (overlayfs without redirect_dir).
        if error.errno != errno.EXDEV:
            raise
    temporary = target + MOVING
    remove(temporary)
    try:
        if os.path.isdir(source) and not os.path.islink(source):
            shutil.copytree(source, temporary, symlinks=True)
        else:
            shutil.copy2(source, temporary, follow_symlinks=False)
        os.rename(temporary, target)
    except BaseException:
        remove(temporary)
        raise
    remove(source)


def remove(path: str) -> None:
    """Remove a file, a link or a whole tree; nothing happens where there is none."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        if exists(path):  # something vanished inside a tree that is still there
            raise


def describe(path: str) -> list[Any]:
    """Return one entry: kind (f, d, l, o), permission bits, size, mtime_ns, link target. Directories have no size."""
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return ["l", mode, 0, status.st_mtime_ns, os.readlink(path)]
    if stat.S_ISDIR(status.st_mode):
        return ["d", mode, 0, status.st_mtime_ns, ""]
    kind = "f" if stat.S_ISREG(status.st_mode) else "o"
    return [kind, mode, status.st_size, status.st_mtime_ns, ""]


def walk(root: str) -> Iterator[str]:
    """Yield root and everything under it, directories before what they hold; links are not followed."""
    if not exists(root):
        return
    yield root
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except (NotADirectoryError, FileNotFoundError):
            continue
        for entry in found:
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)


def snapshot(roots: list[str]) -> dict[str, list[Any]]:
    """Return path to entry for everything under roots."""
    found: dict[str, list[Any]] = {}
    for root in roots:
        for path in walk(root):
            with contextlib.suppress(FileNotFoundError):
                found[path] = describe(path)
    return found


def differences(before: dict[str, list[Any]], now: dict[str, list[Any]]) -> list[str]:
    """Return sentences about what is not as before; a directory's time does not count, nor a link's mode."""
    told = [f"{path} is missing" for path in before if path not in now]
    told += [f"{path} was not there before" for path in now if path not in before]
    for path, old in before.items():
        new = now.get(path)
        if new is None:
            continue
        if old[0] == "d" or old[0] == "l":
            same = [old[0], old[4]] == [new[0], new[4]] and (old[0] == "l" or old[1] == new[1])
        else:
            same = old == new
        if not same:
            told.append(f"{path} was changed")
    return sorted(told)


def exchange(first: str, second: str) -> bool:
    """Exchange two names in one step (renameat2, Linux 3.15 and glibc 2.28); False where that cannot be done."""
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    nowhere, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE (linux/fs.h)
    return bool(function(nowhere, os.fsencode(first), nowhere, os.fsencode(second), exchange) == 0)
