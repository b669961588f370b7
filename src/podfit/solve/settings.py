"""What uv is told of indexes: a settings file, and words of its command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from podfit.index.pages import FRESH_SECONDS
from podfit.index.shown import HOST

_FOREVER = "max-age=365000000, immutable"


def as_link(place: str | Path) -> str:
    """Return a directory or a URL as a word for uv's --find-links, which splits what it gets at commas."""
    url = str(place) if "://" in str(place) else Path(place).absolute().as_uri()
    return url.replace(",", "%2C")


def index_settings(arguments: Sequence[str], *, ages: bool = True) -> tuple[str, list[str]]:
    """Return uv.toml for the indexes that arguments name, and the arguments that remain.

    An index need not say how long its pages stay fresh, and then uv fetches every one again for every question. So
    each counts as fresh as long as PyPI's own: pages FRESH_SECONDS; files forever on PyPI, where none is ever
    replaced (https://docs.pypi.org/api/index-api/), elsewhere as long as pages. Without ages (uv's --refresh yields to
    them) what the index says counts.
    """
    lines, rest = [], []
    words = iter(arguments)
    for word in words:
        if word not in ("--default-index", "--index"):
            rest.append(word)
            continue
        url = next(words)
        lines += ["[[index]]", f"url = {json.dumps(url, ensure_ascii=False)}"]
        lines += ["default = true"] if word == "--default-index" else []
        if not ages or url.startswith(HOST):  # what podfit shows says how fresh it is
            continue
        files = _FOREVER if urlsplit(url).hostname == "pypi.org" else f"max-age={FRESH_SECONDS}"
        lines.append(f'cache-control = {{ api = "max-age={FRESH_SECONDS}", files = "{files}" }}')
    return "\n".join(lines) + "\n", rest
