"""A registry of our own on this machine: pulls alone, with tokens, redirects and faults as a test asks for."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from image_support import MANIFEST, Image, digest

TOKEN = "a-token-that-is-a-secret"


class Registry:
    """What is served: manifests by tag and digest, blobs by digest; and how.

    user and password: tokens are for them alone; asks: `Bearer`, `Basic` or nothing. answers replaces the answer to a
    path: a function of the handler. seen are the requests: method, path, Authorization.
    """

    def __init__(self) -> None:
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.asks = ""
        self.user, self.password = "", ""
        self.address = ""
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.seen: list[tuple[str, str, str]] = []

    def add(self, image: Image, tag: str = "1") -> str:
        """Serve an image under a tag; return its digest."""
        self.blobs.update(image.blobs())
        return self.add_manifest(json.dumps(image.manifest()).encode(), MANIFEST, tag)

    def add_manifest(self, data: bytes, kind: str, *names: str) -> str:
        """Serve a manifest or an index under its digest and names."""
        for name in (digest(data), *names):
            self.manifests[name] = (kind, data)
        return digest(data)

    def allows(self, authorization: str) -> bool:
        """Tell whether a request may be answered."""
        if self.asks == "Bearer":
            return authorization == f"Bearer {TOKEN}"
        return self.asks != "Basic" or self.knows(authorization)

    def knows(self, authorization: str) -> bool:
        """Tell whether a request proves who asks, where that matters."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return not self.user or authorization == f"Basic {pair}"


def stranger(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make home the home of somebody who has no credentials, proxies or settings of container programs."""
    monkeypatch.setenv("HOME", str(home))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "NETRC", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def serving(registry: Registry) -> Iterator[str]:
    """Serve a registry; yield its `host:port`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            authorization = self.headers.get("Authorization", "")
            registry.seen.append((self.command, self.path, authorization))
            path = self.path.partition("?")[0]
            if path in registry.answers:
                registry.answers[path](self)
            elif path == "/token":
                if registry.knows(authorization):
                    send(self, 200, json.dumps({"token": TOKEN}).encode(), "application/json")
                else:
                    send(self, 401, b"{}")
            elif not registry.allows(authorization):
                realm = f'Bearer realm="http://{registry.address}/token",service="here",scope="repository:x:pull"'
                challenge = realm if registry.asks == "Bearer" else 'Basic realm="here"'
                send(self, 401, b"{}", **{"WWW-Authenticate": challenge})
            else:
                kind, _, name = path.rpartition("/")[0].rpartition("/")[2], "", path.rpartition("/")[2]
                if kind == "manifests" and name in registry.manifests:
                    media_type, data = registry.manifests[name]
                    send(self, 200, data, media_type)
                elif kind == "blobs" and name in registry.blobs:
                    send(self, 200, registry.blobs[name], "application/octet-stream")
                else:
                    send(self, 404, b"{}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield registry.address
    finally:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "", **headers: str) -> None:
    """Answer."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    if kind:
        handler.send_header("Content-Type", kind)
        handler.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
