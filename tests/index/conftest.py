from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from index_support import LocalIndex, Recorder

from podfit.index import Index


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The person's index, proxy and netrc have no say here."""
    for variable in ("PODFIT_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


@pytest.fixture
def server() -> Iterator[LocalIndex]:
    index = LocalIndex()
    yield index
    index.close()


@pytest.fixture
def reporter() -> Recorder:
    return Recorder()


@pytest.fixture
def client(server: LocalIndex, reporter: Recorder, tmp_path: Path) -> Callable[..., Index]:
    """Makes a new client of the server, as a new process would have it; the cache stays."""

    def make(*urls: str, **settings: Any) -> Index:
        settings.setdefault("cache", tmp_path / "cache")
        return Index(urls or (server.url,), reporter=reporter, **settings)

    return make
