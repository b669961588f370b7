"""The client: projects, releases and metadata of package indexes, through a cache on disk."""

from __future__ import annotations

import contextlib
import re
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from podfit.index.addresses import default_index_urls
from podfit.index.artefacts import Artefacts, UnreadableError, file_key
from podfit.index.cache import Cache
from podfit.index.errors import IndexTooSlow, IndexUnreachable, MetadataUnknown
from podfit.index.files import IndexFile, best_files, metadata_files, newest_release, normal_version
from podfit.index.home import default_cache
from podfit.index.metadata import CoreMetadata, sdist_import_names
from podfit.index.pages import Pages, source_of
from podfit.index.recent import Recent
from podfit.index.sources import SourceFiles, source_files
from podfit.index.threads import side_by_side
from podfit.index.transport import Transport
from podfit.index.wheel import WheelListing, list_wheel
from podfit.model import InputError, PodfitError, Reporter, SilentReporter, canonical
from podfit.model.versions import same_version

if TYPE_CHECKING:
    from podfit.index.serving import Serving

_THREADS = 16
_TRIES_PER_KIND = 2
_SOURCE_BYTES = 64 << 20
"""A larger source distribution is not fetched to see how it is built."""
_METADATA, _SILENT = "metadata-2", "silent-2"
"""What the cache calls metadata in the shape that `CoreMetadata` has now, and files that tell none as they are read."""
_NO_FILE = "it has no wheel and no source distribution"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_RECENT_PAGES = 96
"""How many projects' pages stay in memory: each is a few hundred kilobytes, and the disk has them all."""
_DOUBTED = 8
"""Projects whose pages are asked for when somebody waits too long."""
_T = TypeVar("_T")


class Index:
    """Package indexes, asked in order, and flat lists of files beside them; may be used from many threads.

    urls are roots of the simple API (PEP 503, 691), with credentials in them where needed, or directories; None
    stands for `default_index_urls()`. The first index that has a project counts for it alone. find_links are
    directories or pages of links whose files count like an index's. cache is podfit's cache directory (None:
    `default_cache()`); pages are asked for again after ten minutes, what is read from a file is kept for good.
    offline never uses the network; refresh asks for every page once. Where the network fails, the cache stands in.
    """

    def __init__(
        self,
        urls: Sequence[str] | None = None,
        *,
        cache: Path | None = None,
        offline: bool = False,
        find_links: Sequence[str] = (),
        reporter: Reporter | None = None,
        refresh: bool = False,
    ) -> None:
        pairs = [source_of(link, flat=True) for link in find_links]
        pairs += [source_of(url) for url in (default_index_urls() if urls is None else urls)]
        self.offline = offline
        self.reporter = reporter or SilentReporter()
        self.transport = Transport(dict(credentials for _, credentials in pairs if credentials))
        self.cache = cache or default_cache()
        self._cache = Cache(self.cache / "index-1")
        sources = [source for source, _ in pairs]
        self._pages = Pages(sources, self.transport, self._cache, self.reporter, offline=offline, refresh=refresh)
        self._artefacts = Artefacts(self.transport)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._recent: Recent[str, Mapping[str, tuple[IndexFile, ...]]] = Recent(_RECENT_PAGES)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The indexes for people: host names or paths, without credentials."""
        return tuple(source.label for source in self._pages.sources)

    @property
    def from_cache(self) -> tuple[str, ...]:
        """The indexes that could not be reached, so that the cache stood in, by label; none when offline."""
        return () if self.offline else tuple(sorted(self._pages.stood_in))

    @property
    def oldest(self) -> float:
        """When the oldest page that was taken from the cache was asked for (seconds since the epoch), else infinite."""
        return self._pages.oldest

    def files(self, name: str) -> tuple[IndexFile, ...]:
        """Return every wheel and source distribution of a project, oldest version first.

        Raises ProjectNotFound when no index has it, IndexUnreachable when neither network nor cache can tell.
        """
        return tuple(file for files in self.releases(name).values() for file in files)

    def releases(self, name: str) -> Mapping[str, tuple[IndexFile, ...]]:
        """Return a project's files by normalized version, oldest first; errors as `files`."""
        if not _NAME.fullmatch(name):
            remedy = "names hold letters, digits, '.', '-', '_'"
            raise InputError(f"{name!r} is not the name of a package", remedy=remedy)
        name = canonical(name)
        with self._once(name):
            found = self._recent.get(name)
            if found is None:
                found = self._pages.releases(name)
                self._note_cache_failure()
            self._recent.put(name, found)
        return found

    def ready(self, names: Iterable[str]) -> None:
        """Ask for the files of projects side by side, for `releases`, which tells what is wrong with one of them."""

        def one(name: str) -> None:
            with contextlib.suppress(PodfitError):
                self.releases(name)

        wanted = [name for name in dict.fromkeys(names) if self._recent.get(name) is None][:_RECENT_PAGES]
        if len(wanted) > 1:
            side_by_side(one, wanted, _THREADS, "index")

    def unseen(self, names: Iterable[str]) -> int:
        """Return how many of projects no index was ever asked for, as far as the cache tells; nobody is asked now."""
        return sum(map(self._pages.unseen, map(canonical, names)))

    def homes(self, names: Sequence[str]) -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
        """Return the indexes that have each project, in the order of asking: address and the sha256 of its files.

        Addresses are without secrets. Asked are all indexes, where there are several; what cannot be asked is left out.
        """
        from podfit.model.provenance import shown_address

        if sum(not source.flat for source in self._pages.sources) < 2:
            return {}

        def one(name: str) -> tuple[tuple[str, frozenset[str]], ...]:
            with self._once(name):
                return tuple(
                    (shown_address(source.url), frozenset(file.sha256 for each in files.values() for file in each))
                    for source, files in self._pages.homes(name)
                )

        return dict(zip(names, side_by_side(one, names, _THREADS, "index"), strict=True))

    def too_slow(self, names: Sequence[str]) -> str:
        """Return a sentence when an index sends the pages of these projects too slowly to wait for; else empty.

        Meant for when somebody else has been waiting for them: at most the first few are asked for.
        """
        for name in [name for name in names if _NAME.fullmatch(name)][:_DOUBTED]:
            try:
                self.releases(name)
            except IndexTooSlow as error:
                return str(error).partition(";")[0]
            except PodfitError:
                continue  # whoever waits gets this answer, too
        return ""

    def metadata(self, name: str, version: str, *, tags: Sequence[str] = ()) -> CoreMetadata:
        """Return the metadata of one release, and as its evidence where it was read.

        Asked are, in this order: a wheel that fits tags (a platform's wheel tags, best first; none: any), a wheel
        for another platform, a source distribution. Raises MetadataUnknown when the release does not exist or its
        dependencies show only in a build; else as `files`.
        """
        name = canonical(name)
        files = self.release_files(name, version)
        candidates, others = metadata_files(files, version, tags, _TRIES_PER_KIND)
        causes: list[str] = []
        failure: IndexUnreachable | None = None
        for file in candidates:
            try:
                found = self.metadata_of(file, name, failure)
            except UnreadableError as error:
                causes.append(str(error))
            except IndexUnreachable as error:
                failure = failure or error
            else:
                if file not in others:
                    return found
                detail = f"{found.evidence.detail}; of a wheel for another platform, none fits this one"
                return replace(found, evidence=replace(found.evidence, detail=detail))
        if failure is not None:
            raise failure
        why = "; ".join(causes) or _NO_FILE
        raise MetadataUnknown(f"the dependencies of {name} {version} are unknown ({why})")

    def serving(self) -> Serving:
        """Return a server that shows indexes to a resolver, with this index's cache and connections."""
        from podfit.index.serving import Serving

        return Serving(self._pages, self.metadata_of)

    def metadata_of(self, file: IndexFile, name: str, failure: IndexUnreachable | None = None) -> CoreMetadata:
        """Return the metadata of one file of a project. Raises UnreadableError and IndexUnreachable.

        failure is raised in place of asking the network.
        """
        key = file_key(file)
        with self._once(key):
            found = self._kept(_METADATA, key, CoreMetadata)
            if found is not None:
                return found
            silent = self._kept(_SILENT, key, str)
            if silent is not None:
                raise UnreadableError(silent, lasting=True)
            if failure := failure or self._offline_failure(file):
                raise failure
            try:
                found = self._artefacts.metadata(file, name)
            except UnreadableError as error:
                if error.lasting:
                    self._keep(_SILENT, key, str(error))
                raise
            self._keep(_METADATA, key, found)
            return found

    def known_metadata(self, sha256: str) -> CoreMetadata | None:
        """Return the metadata that was read earlier from the file with this hash (hex digits), None if none was."""
        return self._kept(_METADATA, f"{sha256[:2]}/{sha256}", CoreMetadata)

    def prefetch(
        self, pairs: Iterable[tuple[str, str]], *, tags: Sequence[str] = ()
    ) -> dict[tuple[str, str], CoreMetadata | PodfitError]:
        """Return the metadata of many (name, version) releases, fetched side by side; an error stands for its pair."""

        def one(pair: tuple[str, str]) -> CoreMetadata | PodfitError:
            try:
                return self.metadata(*pair, tags=tags)
            except PodfitError as error:
                return error

        wanted = list(dict.fromkeys(pairs))
        return dict(zip(wanted, side_by_side(one, wanted, _THREADS, "index"), strict=True))

    def top_level_names(self, name: str, version: str | None = None) -> tuple[str, ...]:
        """Return the import names that a release provides, read from a wheel's central directory.

        version None stands for the newest final release that has a wheel. A release without wheels is answered by
        its source distribution's top_level.txt. Raises MetadataUnknown when neither tells; else as `files`.
        """
        name = canonical(name)
        version = version or self._newest(name)
        causes: list[str] = []
        for file in best_files(self.release_files(name, version), version)[: 2 * _TRIES_PER_KIND]:
            key = file_key(file)
            found = self._kept("names", key, tuple[str, ...])
            if found is None:
                try:
                    if file.kind == "wheel":
                        found = self.wheel_listing(file).import_names
                    else:
                        self._demand_network(file)
                        found = sdist_import_names(self._artefacts.whole(file), file.filename)
                except (MetadataUnknown, ValueError) as error:
                    causes.append(error.message if isinstance(error, PodfitError) else f"{file.filename}: {error}")
                    continue
                self._keep("names", key, found)
            return found
        why = "; ".join(causes) or _NO_FILE
        raise MetadataUnknown(f"the import names of {name} {version} are unknown ({why})")

    def source_files(self, file: IndexFile) -> SourceFiles:
        """Return what a source distribution shows of its build; nothing of it runs.

        Raises MetadataUnknown when it cannot be read or is too large, IndexUnreachable when it cannot be reached.
        """
        found = self.kept_of(file, "sources-4", SourceFiles)
        if found is None:
            self._demand_network(file)
            try:
                found = source_files(self._artefacts.whole(file, _SOURCE_BYTES), file.filename)
            except (ValueError, OSError) as error:
                raise MetadataUnknown(f"{file.filename} cannot be read ({error})") from None
            self.keep_of(file, "sources-4", found)
        return found

    def wheel_listing(self, file: IndexFile) -> WheelListing:
        """Return the files of a wheel with their sizes in bytes; a few kilobytes are fetched, once.

        Raises MetadataUnknown when the wheel cannot be read, IndexUnreachable when it cannot be reached.
        """
        found = self.kept_of(file, "listings", WheelListing)
        if found is None:
            with self.open_wheel(file) as bundle:
                found = list_wheel(bundle, file.filename)
            self.keep_of(file, "listings", found)
        return found

    @contextlib.contextmanager
    def open_wheel(self, file: IndexFile) -> Iterator[zipfile.ZipFile]:
        """Open a wheel as a zip file of which only the parts that are read get fetched; nothing is cached.

        `podfit.index.wheel.read_member` reads a member in one request. For one thread. Errors as `wheel_listing`.
        """
        self._demand_network(file)
        try:
            with self._artefacts.open_wheel(file) as bundle:
                yield bundle
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise MetadataUnknown(f"{file.filename} cannot be read ({error})") from None

    def release_files(self, name: str, version: str) -> tuple[IndexFile, ...]:
        """Return the files of one release. Raises MetadataUnknown when there is none; else as `files`."""
        releases = self.releases(name)
        found = releases.get(version) or releases.get(normal_version(version))
        if not found:  # 1.0 is 1.0.0
            found = next((releases[other] for other in releases if same_version(other, version)), ())
        if not found:
            raise MetadataUnknown(f"{' or '.join(self.hosts)} has no release {version} of {name}")
        return found

    def _newest(self, name: str) -> str:
        """Return the newest release of a project."""
        if releases := self.releases(name):
            return newest_release(releases)
        raise MetadataUnknown(f"{' or '.join(self.hosts)} lists no file of {name}")

    def _offline_failure(self, file: IndexFile) -> IndexUnreachable | None:
        """Return the error for a file that only the network has, None when it may be asked."""
        if not self.offline or file.url.startswith("file:"):
            return None
        return IndexUnreachable(
            " or ".join(self.hosts),
            f"no network may be used, and the cache has nothing of {file.filename}",
            remedy="run once with the network",
        )

    def _demand_network(self, file: IndexFile) -> None:
        """Raise IndexUnreachable when a file would need a network that may not be used."""
        if failure := self._offline_failure(file):
            raise failure

    def whole_file(self, file: IndexFile) -> bytes:
        """Return all bytes of a file, its hash checked; nothing is cached. Errors as `wheel_listing`."""
        self._demand_network(file)
        try:
            return self._artefacts.whole(file)
        except (UnreadableError, OSError) as error:
            raise MetadataUnknown(f"{file.filename} cannot be read ({error})") from None

    def save(self, file: IndexFile, path: Path) -> int:
        """Put a file at path, its sha256 checked, and return its bytes; one that is there is not fetched again.

        Raises MetadataUnknown for another hash or none, else as `wheel_listing`.
        """
        from podfit.index.download import save

        self._demand_network(file)
        try:
            return save(self.transport, file, path)
        except (UnreadableError, OSError) as error:
            raise MetadataUnknown(f"{file.filename} cannot be had ({error})") from None

    def kept_of(self, file: IndexFile, kind: str, shape: type[_T]) -> _T | None:
        """Return what `keep_of` stored under a kind for the same bytes, None when nothing of that shape is there."""
        return self._kept(kind, file_key(file), shape)

    def keep_of(self, file: IndexFile, kind: str, value: object) -> None:
        """Store for good what a reader found in a file's bytes; value is what msgspec can write as JSON."""
        self._keep(kind, file_key(file), value)

    def _kept(self, kind: str, key: str, shape: type[_T]) -> _T | None:
        """Return what the cache holds, None when it is not there or of another shape."""
        data = self._cache.read(kind, key)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.DecodeError:
            self._cache.remove(kind, key)
            return None

    def _keep(self, kind: str, key: str, value: object) -> None:
        """Store what was read from a file."""
        self._cache.write(kind, key, msgspec.json.encode(value))
        self._note_cache_failure()

    def _note_cache_failure(self) -> None:
        """Tell once that the cache cannot be written."""
        failure = self._cache.take_failure()
        if failure:
            self.reporter.warn(f"podfit's cache cannot be written ({failure}): what was read will be fetched again")

    @contextlib.contextmanager
    def _once(self, name: str) -> Iterator[None]:
        """Let one thread at a time ask about a project or a file: the others find the answer."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            yield
