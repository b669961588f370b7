"""A real index on loopback that wants a user and a password."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD = "S3CR3T-Passw0rd"


@dataclass
class Guarded:
    """An index that gives its files to one user alone."""

    folder: Path
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        guarded = self
        wanted = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                said = self.headers.get("Authorization", "")
                guarded.asked.append((self.path, said))
                path = guarded.folder / self.path.rpartition("/")[2]
                if said != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="x"')
                    data = b""
                elif self.path.startswith("/simple/"):
                    links = "".join(
                        f'<a href="/files/{file.name}">{file.name}</a>' for file in guarded.folder.glob("*.whl")
                    )
                    data = links.encode()
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html")
                else:
                    data = path.read_bytes() if path.is_file() else b""
                    self.send_response(200 if data else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
