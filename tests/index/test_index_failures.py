"""What a broken index, network or cache does to a person: a sentence, or nothing worth a word."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from index_support import JSON_TYPE, LocalIndex, Recorder, build_sdist, build_wheel, metadata_text
from test_index_client import WHEEL, old

from podfit.index import Index, IndexUnreachable, MetadataUnknown, ProjectNotFound, transport
from podfit.model import InputError, PodfitError

Client = Callable[..., Index]


@pytest.fixture
def demo(server: LocalIndex) -> LocalIndex:
    server.add("demo", WHEEL, build_wheel("demo", "1.0", ["numpy"]))
    return server


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection(client: Client, free_port: int) -> None:
    index = client(f"http://127.0.0.1:{free_port}/simple/")
    begun = time.monotonic()
    with pytest.raises(IndexUnreachable) as caught:
        index.files("demo")
    assert time.monotonic() - begun < 3
    assert str(caught.value) == (
        f"the package index at 127.0.0.1:{free_port} cannot be used (connection refused); "
        "check the network, the proxy variables and the index URL"
    )
    assert isinstance(caught.value, InputError)
    begun = time.monotonic()
    answers = index.prefetch([(f"p{n}", "1") for n in range(200)])
    assert all(isinstance(found, PodfitError) for found in answers.values())
    assert time.monotonic() - begun < 3, "a host that is down is not tried for every project"


def test_a_name_that_does_not_resolve(client: Client) -> None:
    with pytest.raises(IndexUnreachable, match=r"at nowhere.invalid cannot be used \((its name cannot|no connection)"):
        client("http://nowhere.invalid/simple/").files("demo")


@pytest.mark.slow
def test_a_server_that_says_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        with pytest.raises(IndexUnreachable, match="it said nothing for"):
            client(f"http://127.0.0.1:{deaf.getsockname()[1]}/simple/").files("demo")


def swallow(*_: object, **__: object) -> socket.socket:
    time.sleep(2)
    raise TimeoutError


def test_a_network_that_swallows_everything(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_CONTACT_SECONDS", 0.3)
    monkeypatch.setattr(transport.socket, "create_connection", swallow)
    begun = time.monotonic()
    with pytest.raises(IndexUnreachable, match="no connection in time"):
        client("http://203.0.113.1/simple/").files("demo")
    assert time.monotonic() - begun < 1.5


def test_a_first_contact_that_hangs_is_joined_by_another(
    demo: LocalIndex, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    real = socket.create_connection

    def sometimes(*args: Any, **settings: Any) -> socket.socket:
        calls.append(1)
        return swallow() if len(calls) == 1 else real(*args, **settings)

    monkeypatch.setattr(transport, "_JOINED_AFTER_SECONDS", (0.2, 0.5))
    monkeypatch.setattr(transport.socket, "create_connection", sometimes)
    assert client().files("demo")


def test_no_tls_where_tls_was_expected(demo: LocalIndex, client: Client) -> None:
    with pytest.raises(IndexUnreachable, match=r"\(TLS: "):
        client(demo.url.replace("http:", "https:")).files("demo")


def test_a_proxy_that_is_down_is_named(client: Client, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{free_port}")
    with pytest.raises(IndexUnreachable, match=f"proxy 127.0.0.1:{free_port}") as caught:
        client("http://index.invalid/simple/").files("demo")
    assert "word" not in str(caught.value)
    monkeypatch.setenv("http_proxy", f"socks5://127.0.0.1:{free_port}")
    with pytest.raises(IndexUnreachable, match="does not speak socks5"):
        client("http://other.invalid/simple/").files("demo")


@pytest.mark.slow
def test_errors_that_pass_are_tried_again(demo: LocalIndex, client: Client, reporter: Recorder) -> None:
    demo.troubles["/simple/demo/"] = [(500, {}, b"oops"), (503, {"Retry-After": "0"}, b"busy"), (-1, {}, b"{")]
    assert client().files("demo")
    assert demo.asked("/simple/demo/") == 4
    assert reporter.warnings == []


@pytest.mark.slow
def test_errors_that_stay_are_told(demo: LocalIndex, client: Client) -> None:
    demo.troubles["/simple/demo/"] = [(500, {}, b"oops")] * 20
    with pytest.raises(IndexUnreachable, match=r"HTTP status 500 Internal Server Error.*try again later"):
        client().files("demo")


def test_truncated_json_is_asked_again_and_then_told(demo: LocalIndex, client: Client) -> None:
    cut = (200, {"Content-Type": JSON_TYPE}, b'{"files": [{"filename": "demo-')
    demo.troubles["/simple/demo/"] = [cut]
    assert client().files("demo")
    demo.add("next", "next-1.0.tar.gz", b"")
    demo.troubles["/simple/next/"] = [cut, cut]
    with pytest.raises(IndexUnreachable, match="not JSON of the simple API"):
        client().files("next")


def test_an_index_of_another_age(demo: LocalIndex, client: Client) -> None:
    new = (200, {"Content-Type": JSON_TYPE}, b'{"meta": {"api-version": "2.0"}, "files": []}')
    demo.troubles["/simple/demo/"] = [new, new]
    with pytest.raises(IndexUnreachable, match=r"version 2.0 of the simple API"):
        client().files("demo")


def test_a_forbidden_project_may_be_elsewhere(demo: LocalIndex, client: Client) -> None:
    demo.troubles["/simple/demo/"] = [(403, {}, b"")] * 2
    other = LocalIndex()
    try:
        other.add("demo", "demo-2.0.tar.gz", b"")
        assert list(client(demo.url, other.url).releases("demo")) == ["2.0"]
        with pytest.raises(IndexUnreachable, match="403 Forbidden"):
            client().files("demo")
    finally:
        other.close()


def test_an_unreachable_index_is_answered_by_the_cache(demo: LocalIndex, client: Client, reporter: Recorder) -> None:
    first = client()
    demo.add("other", "other-1.0.tar.gz", b"")
    found = first.metadata("demo", "1.0")
    first.files("other")
    old(first)
    demo.close()

    again = client()
    assert again.metadata("demo", "1.0") == found
    assert again.files("other")
    assert len(reporter.warnings) == 1
    assert demo.host in reporter.warnings[0]
    assert "connection refused" in reporter.warnings[0]
    with pytest.raises(IndexUnreachable, match="connection refused"):
        again.files("never-seen")


def test_offline_uses_the_cache_alone(demo: LocalIndex, client: Client, reporter: Recorder) -> None:
    first = client()
    found = first.metadata("demo", "1.0")
    old(first)
    asked = len(demo.log)

    index = client(offline=True)
    assert index.metadata("demo", "1.0") == found
    with pytest.raises(IndexUnreachable, match="no network may be used, and the cache has nothing about other"):
        index.files("other")
    demo.add("demo", "demo-1.1-py3-none-any.whl", b"")
    with pytest.raises(IndexUnreachable, match=f"nothing of {WHEEL}"):
        index.wheel_listing(index.files("demo")[0])
    assert len(demo.log) == asked
    assert len(reporter.warnings) == 1


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-7], lambda data: data[:-9] + b"#" + data[-8:], lambda data: b"", lambda data: b"\n"]
)
def test_a_damaged_cache_is_fetched_again(demo: LocalIndex, client: Client, damage: Callable[[bytes], bytes]) -> None:
    first = client()
    found, listing = first.metadata("demo", "1.0"), first.wheel_listing(first.files("demo")[0])
    entries = [path for path in first._cache.root.rglob("*") if path.is_file()]
    assert len(entries) == 3
    for path in entries:
        path.write_bytes(damage(path.read_bytes()))
    again = client()
    assert again.metadata("demo", "1.0") == found
    assert again.wheel_listing(again.files("demo")[0]) == listing


def test_a_cache_of_another_shape_is_fetched_again(demo: LocalIndex, client: Client) -> None:
    first = client()
    found = first.metadata("demo", "1.0")
    for path in first._cache.root.rglob("*"):
        if path.is_file():
            kind, key = path.relative_to(first._cache.root).parts[0], "/".join(path.parts[-2:])
            first._cache.write(kind, key, b'{"shape": "of a later podfit"}')
    assert client().metadata("demo", "1.0") == found


def test_a_cache_that_cannot_be_written_costs_one_warning(
    demo: LocalIndex, client: Client, reporter: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    index = client(cache=tmp_path / "file" / "cache")
    assert index.metadata("demo", "1.0").requires_dist == ("numpy",)
    assert index.top_level_names("demo") == ("demo",)
    assert len(reporter.warnings) == 1
    assert "cannot be written" in reporter.warnings[0]


def test_a_listed_file_that_is_gone(demo: LocalIndex, client: Client) -> None:
    demo.troubles[f"/files/{WHEEL}"] = [(404, {}, b"")] * 9
    with pytest.raises(IndexUnreachable, match=f"HTTP status 404 Not Found for {WHEEL}"):
        client().metadata("demo", "1.0")


def test_a_wheel_that_is_no_zip(server: LocalIndex, client: Client) -> None:
    server.add("demo", WHEEL, b"<html>not a wheel</html>")
    index = client()
    with pytest.raises(MetadataUnknown, match="not a zip file"):
        index.metadata("demo", "1.0")
    with pytest.raises(MetadataUnknown, match=f"{WHEEL} cannot be read"):
        index.wheel_listing(index.files("demo")[0])
    with pytest.raises(MetadataUnknown, match=r"import names of demo 1\.0 are unknown"):
        index.top_level_names("demo")


def test_a_wheel_of_another_project(server: LocalIndex, client: Client) -> None:
    server.add("demo", WHEEL, build_wheel("other", "3.0"))
    with pytest.raises(MetadataUnknown, match="it holds no METADATA"):
        client().metadata("demo", "1.0")


def test_a_source_distribution_with_another_hash(server: LocalIndex, client: Client) -> None:
    good = build_sdist("demo", "1.0", {"PKG-INFO": metadata_text("demo", "1.0", level="2.2")})
    server.add("demo", "demo-1.0.tar.gz", good)
    index = client()
    index.files("demo")
    server.add("demo", "demo-1.0.tar.gz", good + b"\0")
    with pytest.raises(MetadataUnknown, match=r"its sha256 is .* the index says"):
        index.metadata("demo", "1.0")


def test_a_page_without_files_is_a_project_without_releases(server: LocalIndex, client: Client) -> None:
    server.files["demo"] = {}
    index = client()
    assert index.files("demo") == ()
    with pytest.raises(MetadataUnknown, match="lists no file of demo"):
        index.top_level_names("demo")


@pytest.mark.parametrize("url", ["ftp://x/simple", "https://", "http://me:secret@host:port/", "http://[::1/simple/"])
def test_a_url_that_is_none(client: Client, url: str) -> None:
    with pytest.raises(InputError, match="is not the URL of a package index") as caught:
        client(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-", "é"])
def test_a_name_that_is_none(client: Client, name: str) -> None:
    with pytest.raises(InputError, match="is not the name of a package"):
        client().files(name)


def test_no_index_at_all(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFound, match="none was given"):
        Index((), cache=tmp_path).files("demo")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_entry_that_cannot_be_read_counts_as_absent(demo: LocalIndex, client: Client) -> None:
    first = client()
    first.files("demo")
    for path in first._cache.root.rglob("*"):
        if path.is_file():
            path.chmod(0)
    assert client().files("demo")
