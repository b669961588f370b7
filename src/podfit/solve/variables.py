"""The variables that uv runs under: the person's, without those that would change what is resolved."""

from __future__ import annotations

import os

from podfit.index.home import has_home, homeless

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


def resolver_environment() -> dict[str, str]:
    """Return the variables for uv: the person's, without those that would change what is resolved."""
    unset = {
        key for key, value in os.environ.items() if key.startswith("UV_") and not value
    }  # uv refuses some of these
    kept = {key: value for key, value in os.environ.items() if key not in unset and not key.startswith(_STEERING)}
    if not has_home() and "XDG_CACHE_HOME" not in kept:
        kept.setdefault("UV_CACHE_DIR", str(homeless() / "uv"))
    kept.setdefault("UV_CONCURRENT_DOWNLOADS", MOST_AT_ONCE)
    return {**kept, "NO_COLOR": "1", "GIT_TERMINAL_PROMPT": "0", "COLUMNS": "100000"}
