from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import STEERING, Ran, make_index

from podfit.cli.main import run


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The person's indexes, environments and caches have no say here, and a network that fails is not asked again."""
    for variable in STEERING:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("COLUMNS", "100")
    caches = tmp_path_factory.getbasetemp() / "caches"
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(caches / "podfit"))
    monkeypatch.setenv("UV_CACHE_DIR", str(caches / "uv"))


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs podfit in this process; an exception that it lets through fails the test."""

    def make(*words: object) -> Ran:
        capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return make


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that is the whole world of packages."""
    return make_index(
        tmp_path_factory.mktemp("index"),
        {
            ("alpha", "1.0"): [],
            ("alpha", "2.0"): ["beta>=2"],
            ("beta", "1.0"): [],
            ("beta", "2.0"): [],
        },
    )
