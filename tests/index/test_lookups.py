"""A host's name is looked up for its first contact, and not for each of its connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from podfit.index.transport import Transport


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def counted(host, *arguments, **more):  # type: ignore[no-untyped-def]
        asked.append(str(host))
        return real("127.0.0.1" if host == "index.test" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    return asked


def test_many_connections_look_a_name_up_once(port: int, lookups: list[str]) -> None:
    transport = Transport()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: transport.get(f"http://index.test:{port}/{n}"), range(16)))
    assert {reply.body.decode() for reply in replies} == {f"index.test:{port}"}, "who is meant is said as ever"
    assert lookups.count("index.test") == 1


def test_where_an_address_answers_no_more_the_name_is_looked_up_again(port: int, lookups: list[str]) -> None:
    transport = Transport()
    transport.get(f"http://index.test:{port}/")
    transport._addresses["index.test", port] = "127.0.0.9"  # nobody listens there
    transport._pools.clear()
    assert transport.get(f"http://index.test:{port}/").status == 200
    assert lookups.count("index.test") == 2
