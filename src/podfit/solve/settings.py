"""What uv is told: of indexes a settings file and words of its command, and its environment variables."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from podfit.index.home import has_home, homeless
from podfit.index.pages import FRESH_SECONDS
from podfit.index.shown import HOST

MOST_AT_ONCE = "24"
"""So many files uv asks for at once, unless the person says another number (UV_CONCURRENT_DOWNLOADS; its own is 50).

Each begins with a lookup of the host's name, and resolvers drop some of many: measured, 2 of 16 first questions stalled
for 5 and 12 s with 50, none of 16 with 16 or 24, and where none stalls they take the same time.
"""

_STEERING = (
    "CONDA_PREFIX",
    "UV_BUILD_CONSTRAINT",
    "UV_CONFIG_FILE",
    "UV_CONSTRAINT",
    "UV_EXCLUDE",
    "UV_FIND_LINKS",
    "UV_FORK_STRATEGY",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_NO_CONFIG",
    "UV_NO_INDEX",
    "UV_OVERRIDE",
    "UV_PRERELEASE",
    "UV_PYTHON",
    "UV_REQUIRE_HASHES",
    "UV_RESOLUTION",
    "VIRTUAL_ENV",
)
"""Variables that begin so would make the plan depend on the machine that makes it."""

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


def uv_environment() -> dict[str, str]:
    """Return the variables for uv: the person's, without those that would change what is resolved."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_STEERING)}
    if not has_home() and "XDG_CACHE_HOME" not in kept:
        kept.setdefault("UV_CACHE_DIR", str(homeless() / "uv"))
    kept.setdefault("UV_CONCURRENT_DOWNLOADS", MOST_AT_ONCE)
    return {**kept, "NO_COLOR": "1", "GIT_TERMINAL_PROMPT": "0", "COLUMNS": "100000"}
