"""Paths as Windows writes them: what lies on a drive is on nobody else's machine, what lies beside the project is."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from urllib.parse import unquote

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

_FILE = re.compile(r"^file:/{0,3}(?=[A-Za-z]:|\\)", re.IGNORECASE)
_DRIVE = re.compile(r"^(?:[A-Za-z]:[\\/]|\\\\)")


def on_a_drive(text: str) -> PureWindowsPath | None:
    """Return the path that text names on a drive or a share of Windows, with or without `file:`; None for others."""
    plain = _FILE.sub("", text)
    plain = unquote(plain) if plain != text else plain
    return PureWindowsPath(plain.partition("#")[0]) if _DRIVE.match(plain) else None


def with_slashes(text: str) -> str:
    """Return a relative path with backslashes as it is written elsewhere, any other text as it is."""
    return text.replace("\\", "/") if "\\" in text and "/" not in text and on_a_drive(text) is None else text


def release_of(filename: str) -> tuple[str, str]:
    """Return name and public version of a wheel or source archive by its file name; both empty where it tells none."""
    try:
        name, version = (
            parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)
        )
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
        return "", ""
    return str(name), version.public
