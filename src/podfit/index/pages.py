"""Project pages of several indexes, kept on disk and asked for again when they are ten minutes old."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from podfit.index.errors import IndexUnreachable, ProjectNotFound
from podfit.index.files import IndexFile
from podfit.index.home import expanded
from podfit.index.simple import ACCEPT, Listing, PageError, index_files, links_of_html, parse_page
from podfit.index.transport import TooLargeError, Transport, split_credentials, status_text
from podfit.model import InputError
from podfit.model.provenance import shown_address
from podfit.model.versions import read_version
from podfit.model.words import near

if TYPE_CHECKING:
    from podfit.index.cache import Cache
    from podfit.model import Reporter

FRESH_SECONDS = 600
"""How long a project page counts as fresh: the max-age that PyPI sends with its pages."""
LARGEST_PAGE = 128 << 20
"""Bytes of a project's page past which podfit takes it for none: its own limit, assumed."""

_KIND = "listings"


@dataclass(frozen=True, slots=True)
class Source:
    """An index, or a flat list of files (a directory, a page of links) when flat is true.

    url ends in `/` for an index and has no credentials; label names it in messages.
    """

    url: str
    flat: bool = False

    @property
    def label(self) -> str:
        """The host, or the path of a local directory."""
        parts = urlsplit(self.url)
        return unquote(parts.path) if parts.scheme == "file" else parts.netloc

    @property
    def key(self) -> str:
        """What the cache calls it."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


def source_of(text: str, *, flat: bool = False) -> tuple[Source, tuple[str, tuple[str, str]] | None]:
    """Return the source that a URL or a local path names, and its host and credentials where the URL has them.

    Raises InputError for a URL that no request can be made from.
    """
    url = text if "://" in text else expanded(text).resolve().as_uri()
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "file" or (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and " " not in parts.netloc
        )
    except ValueError:  # a port that is no number, an open bracket
        sound = False
    if not sound:
        raise InputError(
            f"{shown_address(url)!r} is not the URL of a package index",
            remedy="name one that begins with https://, http:// or file://, or a directory",
        )
    clean, host, credentials = split_credentials(url)
    if not flat and not clean.endswith("/"):
        clean += "/"
    return Source(clean, flat), (host, credentials) if credentials else None


class Page(msgspec.Struct, array_like=True):
    """A project page as the cache keeps it. found is False for a project that the index does not have.

    releases is a Listing, whose files stay JSON until somebody asks for them.
    """

    found: bool
    etag: str
    modified: str
    releases: dict[str, msgspec.Raw]


_DECODER = msgspec.json.Decoder(Page)


def _entry_bytes(found: bool, listing: Listing | None = None, etag: str = "", modified: str = "") -> bytes:
    """Return a page as the cache keeps it."""
    return msgspec.json.encode((found, etag, modified, listing or {}))


class Releases(Mapping[str, tuple[IndexFile, ...]]):
    """The files of a project by normalized version, oldest first; read when they are asked for."""

    def __init__(self, pages: Sequence[Mapping[str, msgspec.Raw]]) -> None:
        self._pages = tuple(page for page in pages if page)
        versions = dict.fromkeys(version for page in self._pages for version in page)
        self._versions = tuple(versions) if len(self._pages) < 2 else tuple(sorted(versions, key=read_version))
        self._read: dict[str, tuple[IndexFile, ...]] = {}

    def __getitem__(self, version: str) -> tuple[IndexFile, ...]:
        """Return the files of a version."""
        found = self._read.get(version)
        if found is None:
            raws = [page[version] for page in self._pages if version in page]
            if not raws:
                raise KeyError(version)
            found = self._read[version] = tuple(file for raw in raws for file in index_files(raw, version))
        return found

    def __iter__(self) -> Iterator[str]:
        """Return the versions."""
        return iter(self._versions)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._versions)


class Pages:
    """The pages of sources, in order. Flat sources add to what the indexes have; of the indexes, the first that has
    a project counts alone (as with uv: an index further back cannot slip in a release of an internal name).
    """  # noqa: D205 - one sentence after another

    def __init__(
        self,
        sources: Sequence[Source],
        transport: Transport,
        cache: Cache,
        reporter: Reporter,
        *,
        offline: bool,
        refresh: bool = False,
    ) -> None:
        self.sources = tuple(sources)
        self._transport = transport
        self._cache = cache
        self._offline = offline
        self._refreshed_since = time.time() if refresh and not offline else 0.0
        self._reporter = reporter
        self._lock = threading.Lock()
        self.stood_in: set[str] = set()
        self.oldest = float("inf")  # when the oldest page that was taken from the cache was asked for

    def releases(self, name: str) -> Releases:
        """Return the files of the project with the normalized name. Raises ProjectNotFound, IndexUnreachable."""
        found: list[Mapping[str, msgspec.Raw]] = []
        refused: IndexUnreachable | None = None
        anywhere = False
        for source in self.sources:
            if not source.flat and anywhere:
                continue
            try:
                entry = self.page(source, name)
            except ForbiddenError as error:  # object stores answer so for what they do not have
                refused = refused or error.failure
                continue
            found.append(entry.releases)
            if entry.found and not source.flat:
                anywhere = True
        if not anywhere and not any(found):
            if refused is not None:
                raise refused
            raise ProjectNotFound(name, [source.label for source in self.sources], alike=self._alike(name))
        return Releases(found)

    def homes(self, name: str) -> list[tuple[Source, Releases]]:
        """Return the indexes that have the project, in the order of asking, each with its files.

        One that cannot be asked is left out. Flat lists, which add to all indexes, do not count.
        """
        found = []
        for source in self.sources:
            if source.flat:
                continue
            try:
                entry = self.page(source, name)
            except (ForbiddenError, IndexUnreachable):
                continue
            if entry.found and entry.releases:
                found.append((source, Releases([entry.releases])))
        return found

    def trust(self, credentials: tuple[str, tuple[str, str]] | None) -> None:
        """Ask a host with a user and a password, where `source_of` found them."""
        if credentials is not None:
            self._transport.trust(*credentials)

    def age(self, source: Source, name: str) -> float:
        """Return the seconds since a source was asked for a project, infinite where the cache has no answer."""
        return self._cache.age(_KIND, f"{source.key}/{name}")

    def unseen(self, name: str) -> bool:
        """Tell whether the cache has no index's answer about a project."""
        ages = [self.age(source, name) for source in self.sources if not source.flat]
        return min(ages, default=0.0) == float("inf")

    def page(self, source: Source, name: str) -> Page:
        """Return one source's page of a project; errors as `releases`, and `ForbiddenError` for HTTP status 403."""
        if source.url.startswith("file:"):
            return _local_entry(source, name)
        key = f"{source.key}/{name}"
        kept = self._kept(key)
        age = self._cache.age(_KIND, key)
        if kept is not None and age < min(FRESH_SECONDS, time.time() - self._refreshed_since):
            self.oldest = min(self.oldest, time.time() - age)
            return kept
        if self._offline:
            if kept is None:
                raise IndexUnreachable(
                    source.label,
                    f"no network may be used, and the cache has nothing about {name}",
                    remedy="run once with the network",
                )
            self._warn_old(source, "no network may be used")
            return kept
        try:
            return self._fetch(source, name, key, kept)
        except IndexUnreachable as failure:
            if kept is None or not failure.transient:
                raise
            self._warn_old(source, failure.cause)
            return kept

    def _kept(self, key: str) -> Page | None:
        """Return a page from the cache, None when it is not there or not readable."""
        data = self._cache.read(_KIND, key)
        if data is None:
            return None
        try:
            return _DECODER.decode(data)
        except msgspec.DecodeError:  # another version of podfit wrote it
            self._cache.remove(_KIND, key)
            return None

    def _fetch(self, source: Source, name: str, key: str, kept: Page | None) -> Page:
        """Ask the index for a page, or whether the kept one still holds."""
        url = source.url if source.flat else urljoin(source.url, f"{quote(name)}/")
        headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
        if kept is not None and kept.etag:
            headers["If-None-Match"] = kept.etag
        elif kept is not None and kept.modified and not self._refreshed_since:  # it counts whole seconds
            headers["If-Modified-Since"] = kept.modified
        for last in (False, True):
            try:
                reply = self._transport.get(url, headers, limit=LARGEST_PAGE)
            except TooLargeError:
                raise IndexUnreachable(
                    source.label,
                    f"its page of {name} is larger than {LARGEST_PAGE >> 20} MiB",
                    remedy="check the index URL",
                    transient=False,
                ) from None
            if reply.status == 304 and kept is not None:
                self._cache.touch(_KIND, key)
                return kept
            if reply.status in (404, 410):
                return self._keep(key, _entry_bytes(False))
            if reply.status in (401, 403, 407):
                failure = IndexUnreachable(
                    source.label,
                    status_text(reply.status),
                    remedy="give the index's user and password in its URL or in ~/.netrc",
                    transient=False,
                )
                raise ForbiddenError(failure) if reply.status == 403 else failure
            if reply.status != 200:
                raise IndexUnreachable(source.label, status_text(reply.status), transient=False)
            try:
                listing = self._parse(source, reply.body, reply.headers.get("content-type", ""), reply.url, name)
            except PageError as error:
                if last:
                    raise IndexUnreachable(source.label, str(error), remedy="check the index URL") from None
                continue
            etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
            return self._keep(key, _entry_bytes(True, listing, etag, modified))
        raise AssertionError("unreachable: the second round returns or raises")

    def _parse(self, source: Source, body: bytes, content_type: str, url: str, name: str) -> Listing:
        """Return the files of a fetched page."""
        if source.flat:
            return links_of_html(body, url, name)
        return parse_page(body, content_type, url, name)

    def _keep(self, key: str, entry: bytes) -> Page:
        """Store a page and return it."""
        self._cache.write(_KIND, key, entry)
        return _DECODER.decode(entry)

    def _warn_old(self, source: Source, cause: str) -> None:
        """Tell once per source that the cache stands in for it."""
        with self._lock:
            if source.label in self.stood_in:
                return
            self.stood_in.add(source.label)
        self._reporter.warn(f"the package index at {source.label} was not asked ({cause}): the cache's pages are used")

    def _alike(self, name: str) -> list[str]:
        """Return names near a misspelled one, among the projects that the cache has seen."""
        known: set[str] = set()
        for source in self.sources:
            folder = self._cache.path(_KIND, source.key)
            if folder.is_dir():
                known.update(path.name for path in folder.iterdir() if not path.name.startswith("."))
        known.discard(name)
        alike = near(name, sorted(known), most=4, cutoff=0.8)
        keys = [(source.key, other) for other in alike for source in self.sources]
        real = {other for key, other in keys if (kept := self._kept(f"{key}/{other}")) is not None and kept.found}
        return [other for other in alike if other in real][:2]


class ForbiddenError(Exception):
    """The index answers 403: the project is absent, or the person may not see it."""

    def __init__(self, failure: IndexUnreachable) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _local_entry(source: Source, name: str) -> Page:
    """Return a local source's page of a project."""
    found, listing = _local_files(source, name)
    return _DECODER.decode(_entry_bytes(found, listing))


def _local_files(source: Source, name: str) -> tuple[bool, Listing]:
    """Return a project's files in a local directory: an index with pages, with folders, or wheels side by side."""
    root = Path(unquote(urlsplit(source.url).path))
    if not root.exists():
        raise IndexUnreachable(str(root), "there is no such file or directory", remedy="correct its path")
    if root.is_file():
        return True, links_of_html(root.read_bytes(), source.url, name)
    folder = root if source.flat else root / name
    page = folder / "index.html"
    if page.is_file():
        return True, links_of_html(page.read_bytes(), page.as_uri(), name)
    if not source.flat and not folder.is_dir():
        folder = root
    links = "".join(f'<a href="{quote(entry)}"></a>' for entry in sorted(os.listdir(folder)))  # noqa: PTH208
    listing = links_of_html(links.encode(), f"{folder.as_uri()}/", name)
    return bool(listing) or folder != root, listing
