"""Git submodules that were not checked out: directories that `.gitmodules` names and that are empty or missing."""

from __future__ import annotations

import re
from pathlib import Path

from podfit.readers.plain_file import is_dir, read_bounded

_ENTRY = re.compile(r"^\s*(path|url)\s*=\s*(\S.*?)\s*$")


def missing_submodules(root: Path) -> dict[str, str]:
    """Return, for each name that an empty submodule of root may be imported by, lower-case, `.gitmodules:LINE (PATH)`.

    The names are the last parts of its path and of its repository's address.
    """
    try:
        lines = read_bounded(root / ".gitmodules", pipes=False).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    path = url = place = ""
    for number, line in enumerate([*lines, "[end]"], 1):
        if line.lstrip().startswith("["):
            path = url = ""
            continue
        match = _ENTRY.match(line)
        if match is None:
            continue
        if match[1] == "path":
            path, place = match[2], f".gitmodules:{number}, {match[2]}"
        else:
            url = match[2]
        folder = root / path if path else None
        if folder is None or (is_dir(folder) and any(folder.iterdir())):
            continue
        for text in (path, url):
            name = text.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()
            if name:
                found.setdefault(name.replace("-", "_"), place)
    return found
