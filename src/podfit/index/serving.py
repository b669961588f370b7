"""Package indexes as a resolver on this machine is shown them: one platform's files, and METADATA before it is asked.

A resolver reads the metadata of one release after another until one suits it. Where an index serves none apart (PEP
658), each takes it two requests, one after the other, and what it learns is lost on everybody else. So podfit answers
in the index's place: from its own cache, from parts of wheels, and ahead of the questions that are likely to follow.

The resolver reaches the server as a proxy for a host that cannot exist (RFC 6761), so that addresses are the same in
each run and its cache holds; it listens on the loopback interface alone and answers nobody without its word.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import threading
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podfit.index.artefacts import UnreadableError
from podfit.index.errors import IndexUnreachable
from podfit.index.files import IndexFile, kind_and_version
from podfit.index.metadata import CoreMetadata
from podfit.index.pages import FRESH_SECONDS, ForbiddenError, Page, Pages, Source, source_of
from podfit.index.recent import Recent
from podfit.index.shown import FORMAT, HOST, PAGE_TYPE, fits, metadata_text, shown_page, url_of
from podfit.index.simple import index_files
from podfit.model import PodfitError, canonical
from podfit.model.addresses import filename_of

if TYPE_CHECKING:
    import msgspec

_THREADS = 12
"""So many wheels are read ahead at once, beside what the resolver waits for."""
_SECOND, _LAST, _MOST = 2, 12, 8
"""From the second to the last of so many releases of a project that are asked for, two, four, then so many older ones
are read: most projects of which a second one is asked for need no third.

A resolver that has tried five begins to ask for as many at once (uv, batch_prefetch.rs)."""
_RECENT_PAGES = 32
"""How many pages stay in memory: each is a few hundred kilobytes, and the disk has them all."""
_POLL_SECONDS = 0.05
"""So long at most it takes to close."""
_LASTING = "max-age=31536000, immutable"


@dataclass(slots=True)
class _View:
    """An index for one set of tags; nightlies are the projects of which pre-releases are wanted.

    asked counts the releases of each project whose metadata was wanted.
    """

    source: Source
    tags: frozenset[str]
    nightlies: frozenset[str]
    asked: dict[str, int] = field(default_factory=dict)


class Serving:
    """A server that shows indexes; it begins to listen when the first address is asked for, until `close`.

    pages are the indexes' pages, whichever index is asked; read returns the metadata of a project's file, reading once
    for all who ask at the same time. troubles counts what could not be answered as an index would: who finds it grown
    should ask the indexes themselves. silent tells that one of them was an index that did not answer, often enough
    asked.
    """

    def __init__(self, pages: Pages, read: Callable[[IndexFile, str], CoreMetadata]) -> None:
        self.troubles = 0
        self.silent = False
        self._pages = pages
        self._read = read
        self._views: dict[str, _View] = {}
        self._lock = threading.Lock()
        self._recent: Recent[tuple[str, str], Page] = Recent(_RECENT_PAGES)
        self._shown: Recent[tuple[str, str], tuple[str, bytes]] = Recent(_RECENT_PAGES)
        self._expected: set[str] = set()
        self._sought: set[str] = set()
        self._closed = False
        self._ahead: list[tuple[str, IndexFile]] = []
        self._wanted = threading.Condition(self._lock)
        self._server: _Server | None = None
        self._word = secrets.token_urlsafe(24)

    def address(self, url: str, tags: Collection[str], nightlies: Collection[str] = ()) -> str:
        """Return where the index at url is shown for a platform's wheel tags; url itself for one that is a directory.

        nightlies are the projects whose pre-releases are asked for (podfit.index.shown). Raises InputError for a URL
        that no request can be made from.
        """
        source, credentials = source_of(url)
        if not source.url.startswith(("http://", "https://")):
            return url
        self._pages.trust(credentials)
        shown = hashlib.sha256(repr((sorted(tags), sorted(nightlies))).encode()).hexdigest()[:12]
        key = f"{source.key}-{shown}"
        with self._lock:
            self._views.setdefault(key, _View(source, frozenset(tags), frozenset(nightlies)))
        return f"{HOST}/{FORMAT}/{key}/simple/"

    def proxy(self) -> str:
        """Return the proxy that leads to the addresses, the word in it; empty where nobody may listen."""
        with self._lock:
            if self._server is None:
                try:
                    self._server = _Server(self, b64encode(f"podfit:{self._word}".encode()).decode())
                except OSError:
                    return ""
                listens = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
                listens.name = "podfit-serving"
                listens.start()
                for _ in range(_THREADS):
                    threading.Thread(target=self._read_ahead, name="podfit-ahead", daemon=True).start()
            return f"http://podfit:{self._word}@127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Listen no more, and read nothing ahead."""
        with self._lock:
            server, self._server, self._closed = self._server, None, True
            self._ahead.clear()
            self._wanted.notify_all()
        if server is not None:
            server.shutdown()
            server.server_close()

    def seek(self, name: str, files: Callable[[], Sequence[IndexFile]], enough: Callable[[CoreMetadata], bool]) -> None:
        """Have the metadata of a project's files read, several at once, until one is enough; nobody waits for it.

        A resolver that cannot take the first will ask for one after the other. files and enough are called in another
        thread, which must parse no marker.
        """
        with self._lock:
            if self._closed or name in self._sought:
                return
            self._sought.add(name)
        threading.Thread(target=self._seek, args=(name, files, enough), name="podfit-seek", daemon=True).start()

    def _seek(
        self, name: str, files: Callable[[], Sequence[IndexFile]], enough: Callable[[CoreMetadata], bool]
    ) -> None:
        """Read what `seek` is asked for; whoever ends the process does not wait for it."""
        done = threading.Event()

        def one(file: IndexFile) -> None:
            with contextlib.suppress(PodfitError, ValueError, OSError):  # whoever asks for it gets the error
                if not self._closed and enough(self._read(file, name)):
                    done.set()

        with contextlib.suppress(PodfitError):
            left = list(files())
            while left and not (self._closed or done.is_set()):
                batch, left = left[:_THREADS], left[_THREADS:]
                threads = [
                    threading.Thread(target=one, args=(file,), name="podfit-sought", daemon=True) for file in batch
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

    def answer(self, url: str) -> tuple[int, str, str, bytes]:
        """Return the status, content type, cache control and body for a URL."""
        try:
            _, key, kind, rest = (*urlsplit(url).path.lstrip("/").split("/", 3), "", "", "")[:4]
            view = self._views.get(key)
            if view is not None and kind == "simple":
                return self._page(view, key, canonical(rest.strip("/")))
            if view is not None and kind == "files" and rest.endswith(".metadata"):
                return self._metadata(view, url_of(rest.removesuffix(".metadata")))
        except (PodfitError, ForbiddenError, ValueError, KeyError, StopIteration, OSError) as error:
            # the resolver learns nothing of it: who looks at `troubles` asks the index itself
            self.silent |= isinstance(error, IndexUnreachable)
        self.troubles += 1
        return 404, "text/plain", "no-store", b""

    def _page(self, view: _View, key: str, name: str) -> tuple[int, str, str, bytes]:
        """Answer with a project page."""
        page = self._pages.page(view.source, name)
        self._recent.put((view.source.key, name), page)
        body = self._shown.get((key, name))
        left = max(0, int(FRESH_SECONDS - self._pages.age(view.source, name)))
        if not page.found:
            return 404, "text/plain", f"max-age={left}", b""
        files = f"{HOST}/{FORMAT}/{key}/files/"
        if body is None or body[0] != page.etag or not page.etag:
            body = page.etag, shown_page(name, page.releases, view.tags, files, nightlies=name in view.nightlies)
            self._shown.put((key, name), body)
        return 200, PAGE_TYPE, f"max-age={left}", body[1]

    def _metadata(self, view: _View, url: str) -> tuple[int, str, str, bytes]:
        """Answer with the METADATA of a wheel, and begin to read those of older releases that may be next."""
        filename = filename_of(url)
        name = canonical(filename.partition("-")[0])
        _, version = kind_and_version(filename, name)
        page = self._recent.get((view.source.key, name)) or self._pages.page(view.source, name)
        self._recent.put((view.source.key, name), page)
        releases = page.releases
        file = next(file for file in index_files(releases[version], version) if file.filename == filename)
        with self._lock:
            count = view.asked[name] = view.asked.get(name, 0) + 1
        if _SECOND <= count <= _LAST:
            self._expect(view, name, releases, version, min(_MOST, 1 << (count - 1)))
        try:
            return 200, "text/plain", _LASTING, metadata_text(self._read(file, name))
        except UnreadableError as error:
            if not error.lasting:
                raise
            return 200, "text/plain", "no-store", b""  # it would fill the resolver's memory: invalid, as it is

    def _expect(self, view: _View, name: str, releases: Mapping[str, msgspec.Raw], version: str, most: int) -> None:
        """Have the metadata of the releases before one read."""
        order = list(releases)
        place = order.index(version)
        for older in order[max(0, place - most) : place]:
            file = next((file for file in index_files(releases[older], older) if _wheel(file, view.tags)), None)
            if file is not None and file.url not in self._expected:
                with self._lock:
                    self._expected.add(file.url)
                    self._ahead.append((name, file))
                    self._wanted.notify()

    def _read_ahead(self) -> None:
        """Read what is expected, the latest expectation first."""
        while True:
            with self._lock:
                while not self._ahead:
                    if self._server is None:
                        return
                    self._wanted.wait()
                name, file = self._ahead.pop()
            with contextlib.suppress(PodfitError, ValueError, OSError):  # whoever asks for it gets the error
                self._read(file, name)


def _wheel(file: IndexFile, tags: Collection[str]) -> bool:
    """Tell whether a file is a wheel that fits."""
    return file.kind == "wheel" and fits(file.filename, tags)


class _Server(ThreadingHTTPServer):
    """Listens on a port of the loopback interface."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, serving: Serving, word: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.serving = serving
        self.word = f"Basic {word}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke off: the resolver was stopped."""


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer who knows the word."""
        if not secrets.compare_digest(self.headers.get("Proxy-Authorization", ""), self.server.word):
            status, kind, control, body = 407, "text/plain", "no-store", b""
        else:
            status, kind, control, body = self.server.serving.answer(self.path)
        head = f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nCache-Control: {control}\r\n"
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""
