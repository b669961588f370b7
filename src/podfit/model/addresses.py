"""What a URL tells of what lies there."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def filename_of(url: str) -> str:
    """Return the name of the file at a URL, empty for one that ends in a slash. Raises ValueError for no URL at all."""
    return unquote(urlsplit(url).path.rpartition("/")[2])
