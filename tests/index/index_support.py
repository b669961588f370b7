"""A real package index on loopback, and the wheels and source distributions that it serves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def metadata_text(name: str, version: str, requires: Sequence[str] = (), extra: str = "", level: str = "2.1") -> bytes:
    lines = [f"Metadata-Version: {level}", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    return ("\n".join(lines) + "\n" + extra + "\nThe description.\n").encode()


def build_wheel(
    name: str, version: str, requires: Sequence[str] = (), files: Mapping[str, bytes] | None = None, extra: str = ""
) -> bytes:
    data = io.BytesIO()
    folder = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, content in (files or {f"{name}/__init__.py": b"x = 1\n"}).items():
            bundle.writestr(path, content)
        bundle.writestr(f"{folder}/METADATA", metadata_text(name, version, requires, extra))
        bundle.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        bundle.writestr(f"{folder}/RECORD", "")
    return data.getvalue()


def build_sdist(name: str, version: str, files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    # Without a time in it, the same files give the same bytes.
    with gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w:") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Recorder:
    """A reporter that keeps what it was told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class LocalIndex:
    """An index on loopback.

    json_pages=False makes it an HTML-only one; ranges=False a server that ignores Range; announce is what its pages
    say about METADATA files, which are served where serve_metadata is set. troubles maps a path to answers that are
    given, in turn, before the true one; status -1 cuts the body short.
    """

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.json_pages = True
        self.ranges = True
        self.etags = True
        self.announce = False
        self.serve_metadata = False
        self.wrong_metadata_hash = False
        self.user = ""
        self.yanked: dict[str, bool | str] = {}
        self.troubles: dict[str, list[Answer]] = {}
        self.log: list[tuple[str, dict[str, str], int]] = []
        self.sent: int = 0
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {key.lower(): value for key, value in self.headers.items()}
                path = self.path.partition("://")[2].partition("/")[2] if "://" in self.path else self.path[1:]
                waiting = index.troubles.get("/" + path)
                status, answer, body = waiting.pop(0) if waiting else index.answer("/" + path, headers)
                index.log.append((self.path, headers, status))
                index.sent += len(body)
                self.send_response(abs(status) if status != -1 else 200)
                for key, value in answer.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body) + (100 if status == -1 else 0)))
                self.end_headers()
                if status != 304 and self.command != "HEAD":
                    self.wfile.write(body)
                if status == -1:
                    self.close_connection = True

            do_HEAD = do_GET  # noqa: N815 - http.server looks for that name

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/simple/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, project: str, filename: str, data: bytes) -> None:
        self.files.setdefault(project, {})[filename] = data

    def asked(self, part: str) -> int:
        return sum(part in path for path, _, _ in self.log)

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        if self.user and "authorization" not in headers:
            return 401, {}, b""
        if path.startswith("/simple/"):
            return self._page(path[len("/simple/") :].strip("/"), headers)
        filename = path.rpartition("/")[2]
        for files in self.files.values():
            if filename in files:
                return self._file(files[filename], headers)
            wheel = files.get(filename.removesuffix(".metadata"))
            if wheel is not None and self.serve_metadata:
                return self._file(wheel_metadata(wheel), headers)
        return 404, {}, b"no such file"

    def _page(self, project: str, headers: Mapping[str, str]) -> Answer:
        files = self.files.get(project)
        if files is None:
            return 404, {}, b"no such project"
        rows = [self._row(filename, data) for filename, data in files.items()]
        if self.json_pages:
            body = json.dumps({"meta": {"api-version": "1.1"}, "name": project, "files": rows}).encode()
        else:
            body = b"<!DOCTYPE html><html><body>" + b"".join(map(html_row, rows)) + b"</body></html>"
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.etags and headers.get("if-none-match") == etag:
            return 304, {"ETag": etag}, b""
        kind = JSON_TYPE if self.json_pages else "text/html; charset=utf-8"
        return 200, {"Content-Type": kind, **({"ETag": etag} if self.etags else {})}, body

    def _row(self, filename: str, data: bytes) -> dict[str, object]:
        row: dict[str, object] = {
            "filename": filename,
            "url": f"../../files/{filename}",
            "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
            "size": len(data),
            "requires-python": ">=3.8,<4",
            "upload-time": "2024-01-02T03:04:05Z",
            "yanked": self.yanked.get(filename, False),
        }
        if self.announce and filename.endswith(".whl"):
            digest = hashlib.sha256(b"" if self.wrong_metadata_hash else wheel_metadata(data)).hexdigest()
            row["core-metadata"] = {"sha256": digest}
        return row

    def _file(self, data: bytes, headers: Mapping[str, str]) -> Answer:
        wanted = headers.get("range", "")
        if not wanted or not self.ranges:
            return 200, {}, data
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = (int(first), int(last) + 1) if first else (max(0, len(data) - int(last)), len(data))
        part = data[start : min(end, len(data))]
        return 206, {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}, part


def wheel_metadata(wheel: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(wheel)) as bundle:
        return next(bundle.read(name) for name in bundle.namelist() if name.endswith(".dist-info/METADATA"))


def html_row(row: Mapping[str, object]) -> bytes:
    python = str(row["requires-python"]).replace(">", "&gt;").replace("<", "&lt;")
    extra = f' data-yanked="{row["yanked"]}"' if row["yanked"] else ""
    stated = row.get("core-metadata")
    if isinstance(stated, dict):
        extra += f' data-core-metadata="sha256={stated["sha256"]}"'
    digest = row["hashes"]["sha256"]  # type: ignore[index]
    link = f'<a href="{row["url"]}#sha256={digest}" data-requires-python="{python}"{extra}>{row["filename"]}</a><br/>'
    return link.encode()
