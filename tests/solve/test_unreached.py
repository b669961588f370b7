"""Addresses that give nothing, or too much: the others are asked for at once, and each is a conflict of its own."""

from __future__ import annotations

import functools
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from solve_support import need, only, registry, template

from podfit.index import Index
from podfit.index.reach import silent
from podfit.solve import Uv, solve_overlay, watched
from podfit.solve.said import is_silent

NOWHERE = "https://nowhere.invalid"


class _Pages(http.server.BaseHTTPRequestHandler):
    """A host that has nothing but a few files."""

    files: ClassVar[dict[str, bytes]] = {"/there.whl": b"wheel"}

    def do_GET(self) -> None:
        body = self.files.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_nobody_answers_and_what_is_not_there_is_silent(host: str, tmp_path: Path) -> None:
    index = Index([], cache=tmp_path)
    urls = [f"{host}/there.whl", f"{host}/gone.whl", f"{NOWHERE}/a.whl", "git+https://x.invalid/a.git", "file:///a.whl"]
    found = silent(index.transport, urls)
    assert list(found) == [f"{host}/gone.whl", f"{NOWHERE}/a.whl"]
    assert found[f"{host}/gone.whl"] == "HTTP status 404 Not Found"


def test_of_many_addresses_that_are_silent_the_resolver_tries_few(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[object] = []
    real = Uv._done
    monkeypatch.setattr(Uv, "_done", lambda *words, **more: (runs.append(words), real(*words, **more))[1])
    index = Index([], cache=tmp_path / "cache")
    uv = Uv(tmp_path / "cache", reach=functools.partial(silent, index.transport))
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    needs = [need(f"x{i}", url=f"https://h{i}.invalid/x{i}-1.0-py3-none-any.whl") for i in range(30)]
    needs += [need("gone", url=f"{host}/gone-1.0-py3-none-any.whl"), need("six")]
    overlay = solve_overlay(template({}), needs, uv, held=(), preferences={}, index_arguments=only(wheels))
    assert len(runs) < 8
    assert overlay.packages["six"].version == "1.0"
    refused = {each.name: each.message for each in overlay.refused}
    assert len(refused) == 31
    assert "404 Not Found" in refused["gone"]
    assert [each.name for each in overlay.refused if not each.open] == ["gone"], "nobody could be asked for the others"
    by_podfit = [said for said in refused.values() if "its address cannot be had (" in said]
    assert len(by_podfit) == 31
    unresolved = "its address cannot be had (its name cannot be resolved (DNS))"
    assert sum(unresolved in said for said in by_podfit) in (29, 30)


@pytest.mark.parametrize(
    ("cause", "silent"),
    [
        ("its name cannot be resolved (DNS)", True),
        ("it said nothing for 20 s", True),
        ("no connection in time", True),
        ("the connection broke off", True),
        ("TLS: hostname mismatch", True),
        ("invalid peer certificate: certificate not valid for name", True),
        (
            "unable to access 'https://h/x.git/': SSL: certificate subject name does not match target host name 'h'",
            True,
        ),
        ("unable to access 'https://h/x.git/': The requested URL returned error: 503", True),
        ("HTTP status server error (503 Service Unavailable) for url (https://h/x.whl)", True),
        ("HTTP status 404 Not Found", False),
        ("HTTP status client error (404 Not Found) for url (https://h/x.whl)", False),
        ("unable to access 'https://h/x.git/': The requested URL returned error: 403", False),
        ("repository 'https://h/o/' not found", False),
    ],
)
def test_whether_anybody_could_be_asked(cause: str, silent: bool) -> None:
    assert is_silent(cause) is silent


@pytest.mark.parametrize(("place", "asked"), [(NOWHERE, False), ("", True)])
def test_one_address_that_nobody_answers_is_an_open_question_and_one_that_is_not_there_none(
    host: str, tmp_path: Path, place: str, asked: bool
) -> None:
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    needs = [need("gone", url=f"{place or host}/gone-1.0-py3-none-any.whl"), need("six")]
    index = Index([], cache=tmp_path / "cache")
    uv = Uv(tmp_path / "cache", reach=functools.partial(silent, index.transport))
    overlay = solve_overlay(template({}), needs, uv, held=(), preferences={}, index_arguments=only(wheels))
    assert overlay.packages["six"].version == "1.0"
    (refused,) = overlay.refused
    assert refused.open is not asked
    assert refused.message.startswith("the project needs gone")


def test_an_address_that_fills_the_memory_is_one_conflict(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "MOST_MEMORY", 200 << 20)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("bomb-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\n" + b"x" * (600 << 20))
        bundle.writestr("bomb-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        bundle.writestr("bomb-1.0.dist-info/RECORD", "")
    monkeypatch.setitem(_Pages.files, "/bomb-1.0-py3-none-any.whl", kept.getvalue())
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    needs = [need("bomb", url=f"{host}/bomb-1.0-py3-none-any.whl"), need("six")]
    overlay = solve_overlay(
        template({}), needs, Uv(tmp_path / "cache"), held=(), preferences={}, index_arguments=only(wheels)
    )
    assert overlay.packages["six"].version == "1.0"
    (refused,) = overlay.refused
    assert refused.name == "bomb"
    assert "what its address gives fills the memory" in refused.message
