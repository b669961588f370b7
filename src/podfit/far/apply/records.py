"""RECORD files: which files belong to a distribution, and keeping the list true when files change or move."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
from collections.abc import Callable

from ..tree.distributions import Info
from ..tree.files import HERE
from ..tree.records import record, rows
from .files import describe, exists, walk
from .talk import RefusedError


def read_record(info: str) -> list[list[str]] | None:
    """Return the rows of a .dist-info's RECORD: path, hash, size; None when there is no RECORD."""
    data = record(HERE, info)
    return None if data is None else rows(data)


def write_record(info: str, lines: list[list[str]]) -> None:
    """Replace RECORD by rename: the file may be a hard link into an installer's cache."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    path = os.path.join(info, "RECORD")
    with open(path + ".new", "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text.getvalue())
    os.replace(path + ".new", path)


def record_hash(info: str) -> str:
    """Return the sha256 of RECORD (of the whole file for an .egg-info), empty when there is none."""
    data = record(HERE, info)
    data = HERE.data(info) if data is None else data
    return "" if data is None else hashlib.sha256(data).hexdigest()


def owned_files(entry: Info, roots: list[str]) -> list[str]:
    """Return the files of an installed distribution that lie under roots, with the bytecode made from them.

    Raises RefusedError for what no installer can remove: no list of files.
    """
    info, folder = entry.path, entry.folder
    known = read_record(info)
    if known is not None:
        listed = [os.path.join(folder, row[0]) for row in known]
    elif os.path.isfile(os.path.join(info, "installed-files.txt")):
        with open(os.path.join(info, "installed-files.txt"), encoding="utf-8") as file:
            listed = [os.path.join(info, line.strip()) for line in file if line.strip()]
    else:
        name = os.path.basename(info)
        raise RefusedError(
            f"{name} cannot be replaced in place: there is no list of its files (distutils or the system installed it)",
            "use an overlay, which leaves it alone (the default)",
        )
    if os.path.isdir(info):
        listed += [path for path in walk(info) if not os.path.isdir(path) or os.path.islink(path)]
    found: dict[str, None] = {}
    for path in listed:
        # The directory's links are resolved (lib64 -> lib), the file's own is what gets removed.
        head, tail = os.path.split(os.path.normpath(path))
        real = os.path.join(os.path.realpath(head), tail)
        inside = any(real.startswith(root + os.sep) for root in roots)
        if inside and exists(real) and describe(real)[0] != "d":
            found.setdefault(real)
            if real.endswith(".py"):
                for compiled in _bytecode(real):
                    found.setdefault(compiled)
    return list(found)


def script_names(info: str) -> set[str]:
    """Return the names of the scripts that a distribution's entry points ask for; conda's are in no RECORD."""
    text = HERE.text(os.path.join(info, "entry_points.txt")) or ""
    found: set[str] = set()
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section in ("console_scripts", "gui_scripts") and "=" in line:
            found.add(line.partition("=")[0].strip())
    return found


def _bytecode(source: str) -> list[str]:
    """Return the files in __pycache__ that were compiled from a source file, by whatever Python."""
    folder, name = os.path.split(source)
    cache = os.path.join(folder, "__pycache__")
    pattern = re.compile(re.escape(name[:-3]) + r"\.[\w-]+(\.opt-\w+)?\.pyc")
    try:
        return [os.path.join(cache, found) for found in os.listdir(cache) if pattern.fullmatch(found)]
    except OSError:
        return []


def edit_script(path: str, change: Callable[[str], str]) -> bool:
    """Rewrite a text file by rename, keeping its mode; return whether it had to. Other files are left alone."""
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        data = file.read(1 << 20)
    if not data.startswith(b"#!"):
        return False
    new = os.fsencode(change(os.fsdecode(data)))
    if new == data:
        return False
    with open(path + ".new", "wb") as file:
        file.write(new)
    os.chmod(path + ".new", os.stat(path).st_mode & 0o7777)
    os.replace(path + ".new", path)
    return True


def refresh_record(info: str, folder: str, where: Callable[[str], str]) -> None:
    """Make RECORD true again after scripts were edited and before files move.

    folder is the directory of info; where gives the final place of a path. Rows keep their hash unless the file is a
    script (outside folder); paths become relative to folder's final place.
    """
    known = read_record(info)
    if known is None:
        return
    home = where(folder)
    changed = False
    for row in known:
        path = os.path.normpath(os.path.join(folder, row[0]))
        if path.startswith(folder + os.sep):
            continue
        final = os.path.relpath(where(path), home)
        if final != os.path.normpath(row[0]):
            row[0], changed = final, True
        if len(row) > 2 and row[1] and os.path.isfile(path):
            with open(path, "rb") as file:
                data = file.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
            if row[1] != f"sha256={digest}":
                row[1], row[2], changed = f"sha256={digest}", str(len(data)), True
    if changed:
        write_record(info, known)
