"""The machine as a proof sees it: a home and temporary files of its own, and an environment without secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from podfit.pod.machine import LocalMachine

_PLAIN = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that foreign code gets to see: none of these holds a secret."""
_FETCHING = ("UV_", "PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "NETRC")
"""Variables by which uv fetches files; they may hold secrets, and the checks do not get them."""


class ProvingMachine(LocalMachine):
    """The local machine with one interpreter; what runs there has its home and its temporary files in room."""

    def __init__(self, python: str, room: Path, *, fetching: bool = False) -> None:
        """Make the directories. fetching: what runs there may fetch, and sees the variables that say how."""
        super().__init__(python)
        home, temporary = room / "home", room / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        wanted = _PLAIN
        self._own = {name: value for name, value in os.environ.items() if name in wanted}
        if fetching:
            cache = os.environ.get("UV_CACHE_DIR") or _uv_cache()
            more = {k: v for k, v in os.environ.items() if k.upper().startswith(_FETCHING)}
            self._own.update(more, UV_CACHE_DIR=cache)
        self._own.update(HOME=str(home), TMPDIR=str(temporary))
        self._own.update(HF_HUB_OFFLINE="1", WANDB_MODE="disabled", MPLBACKEND="Agg")

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that every command gets: this machine's own alone."""
        return self._own


def _uv_cache() -> str:
    """Return uv's cache directory: its files are linked from there, not copied."""
    from podfit.pod.prove.pythons import uv_run

    done = uv_run(["cache", "dir", "--no-config"], timeout=60.0)
    return done.stdout.strip()
