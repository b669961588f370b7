"""Direct references: distributions that came from a URL, a checkout or a directory (PEP 440, PEP 610)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from podfit.model.toml_text import toml_table
from podfit.readers.plain_file import read_bounded

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)([^\s/?#]*)@")
_QUERY = re.compile(r"([?&](?:[\w.-]*(?:token|password|secret|key|signature|sig))=)[^&#\s]+", re.IGNORECASE)


def masked(url: str) -> str:
    """Return url without credentials: passwords and tokens become asterisks, the user `git` of ssh URLs stays."""
    url = _USERINFO.sub(lambda match: match[0] if match[2] in ("git", "hg") else f"{match[1]}****@", url)
    return _QUERY.sub(r"\g<1>****", url)


def pep610(data: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the URL of a parsed direct_url.json and whether the install is editable; commit and directory included."""
    url = masked(str(data.get("url") or ""))
    vcs = data.get("vcs_info")
    if isinstance(vcs, Mapping):
        url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
    if data.get("subdirectory"):
        url += f"#subdirectory={data['subdirectory']}"
    folder = data.get("dir_info")
    return url, isinstance(folder, Mapping) and bool(folder.get("editable"))


def as_url(location: str) -> str:
    """Return a URL or a path as a URL: absolute paths become `file://`, all else stays."""
    if location.startswith("/"):
        return "file://" + location
    if re.match(r"[A-Za-z]:[\\/]", location):
        return "file:///" + location.replace("\\", "/")
    return masked(location)


def version_in_filename(url: str, name: str) -> str:
    """Return the version that the wheel or sdist at url carries in its file name, empty when there is none.

    name is the normalized name that the file must have for that.
    """
    filename = PurePosixPath(unquote(url.partition("#")[0].partition("?")[0])).name
    try:
        if filename.endswith(".whl"):
            found, version = parse_wheel_filename(filename)[:2]
        else:
            found, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""
    return str(version) if canonicalize_name(found) == name else ""


def name_at(url: str) -> tuple[str, str]:
    """Return a name for the checkout at url, and where it was read: its pyproject.toml, or the last directory's name.

    `uv pip freeze` writes `-e file:///path` and no name. Only a `file://` URL of this machine is looked into. The
    second item is empty when the name is merely the directory's.
    """
    local = re.match(r"file:(?://(?:localhost)?)?(/[^?#]*)", url)
    if local:
        pyproject = Path(unquote(local[1])) / "pyproject.toml"
        try:
            data = toml_table(read_bounded(pyproject, pipes=False).decode("utf-8"))
        except (OSError, ValueError):
            data = {}
        for found in (_at(data, "project", "name"), _at(data, "tool", "poetry", "name")):
            if isinstance(found, str):
                return found, str(pyproject)
    path = re.sub(r"^[A-Za-z0-9+.-]+://[^/]*", "", re.split(r"[#?]", url)[0]).rstrip("/")
    if "+" in url.partition(":")[0]:
        path = re.sub(r"@[^/@]*$", "", path)  # the revision of a checkout
    return PurePosixPath(unquote(path)).name.removesuffix(".git"), ""


def _at(data: Any, *keys: str) -> Any:
    """Return data[key][key]..., None where there is no such thing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data
