"""What in an overlay is not podfit's making: installed, written or edited by hand since it was applied.

An overlay holds the list of its files as podfit left them. What is not in it, or otherwise than it says, is somebody's
work, which a later apply does not throw away.
"""

from __future__ import annotations

import os
import time
from typing import Any

from . import files

LIST_NAME = "podfit-files.json.z"
STATE_NAME = "podfit-state.json"


def is_overlay(path: str) -> bool:
    """Tell whether a directory is an environment that podfit made: by its state, or, where that is damaged, its list.

    A directory that merely has a file of that name is not.
    """
    if os.path.islink(path) or not os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return False
    known = files.read_note(os.path.join(path, STATE_NAME))
    if known is not None:
        return known.get("mode") == "overlay"
    return (
        files.exists(os.path.join(path, STATE_NAME))
        and files.read_note(os.path.join(path, LIST_NAME), compress=True) is not None
    )


def write_list(path: str) -> None:
    """Write the list of everything in an overlay that is finished."""
    files.write_json(os.path.join(path, LIST_NAME), {"files": _listing(path)}, compress=True)


def found_in(path: str) -> list[str] | None:
    """Return what in an overlay is not as podfit left it, as relative paths, the outermost new directories only.

    Bytecode does not count, which every import writes. None where the list is missing or damaged.
    """
    known = (files.read_note(os.path.join(path, LIST_NAME), compress=True) or {}).get("files")
    if not isinstance(known, dict):
        return None
    found: list[str] = []
    for name, entry in sorted(_listing(path).items()):
        if name in known and (entry[0] == "d" or known[name] == entry):
            continue
        if not any(name.startswith(outer + os.sep) for outer in found[-1:]):
            found.append(name)
    return found


def kept_path(path: str) -> str:
    """Return the name that an overlay gets which is kept for what somebody put into it."""
    stem = f"{path}.before-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while files.exists(stem if number == 1 else f"{stem}-{number}"):
        number += 1
    return stem if number == 1 else f"{stem}-{number}"


def _listing(path: str) -> dict[str, list[Any]]:
    """Return kind, size and time of everything under path by its relative path, without bytecode and the list."""
    found: dict[str, list[Any]] = {}
    for file in files.walk(path):
        name = os.path.relpath(file, path)
        if name in (".", LIST_NAME, STATE_NAME) or "__pycache__" in name.split(os.sep):
            continue
        kind, _, size, changed, link = files.describe(file)
        found[name] = [kind, size, changed, link] if kind == "f" else [kind, 0, 0, link]
    return found
