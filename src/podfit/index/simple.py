"""Read a project page of the simple API: JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

import msgspec

from podfit.index.files import IndexFile, kind_and_version
from podfit.model.addresses import filename_of
from podfit.model.valid import is_address, is_hash
from podfit.model.versions import read_version

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""What a client offers to read (PEP 691): JSON, and HTML where there is no JSON."""

_LARGEST = 1 << 50
"""Bytes that no file of an index has."""


class PageError(ValueError):
    """A page that is neither form of the simple API; its text says what is wrong with it."""


class ListedFile(msgspec.Struct, rename="kebab", omit_defaults=True, gc=False):
    """One element of `files` (PEP 691, 700, 714); the garbage collector need not look at ten thousand of them."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    size: int | None = None
    requires_python: str | None = None
    yanked: bool | str | None = None
    upload_time: str | None = None
    core_metadata: bool | dict[str, str] | None = None
    dist_info_metadata: bool | dict[str, str] | None = None


class _Page(msgspec.Struct):
    """A project page (PEP 691)."""

    files: list[ListedFile]
    meta: dict[str, Any] = {}


class _Text(msgspec.Struct):
    """The same page, each of its files as it is written there."""

    files: list[msgspec.Raw]


_PAGE = msgspec.json.Decoder(_Page)
_TEXT = msgspec.json.Decoder(_Text)
_LISTED = msgspec.json.Decoder(list[ListedFile])
_ORDINARY = re.compile(r"https://[A-Za-z0-9.-]{1,255}/[A-Za-z0-9._~%/+!-]{1,4096}").fullmatch
"""Addresses that can be taken as they are: nearly all, without the cost of taking each apart."""

Listing = dict[str, list[msgspec.Raw | ListedFile]]
"""The wheels and source distributions of a page by normalized version (PEP 440), oldest first: elements of `files`
whose address is absolute, sound and without credentials."""


def parse_page(body: bytes, content_type: str, url: str, name: str) -> Listing:
    """Return the wheels and source distributions that a project page lists, each still as it is written there.

    A page lists up to ten thousand files, of which a plan looks at three: `index_files` reads them. url is where the
    page came from, for its relative links; name is the project's normalized name. Raises PageError when the page
    cannot be read.
    """
    if "json" in content_type.lower():
        return _by_version(_from_json(body, url, name))
    return links_of_html(body, url, name)


def index_files(listed: bytes, version: str) -> tuple[IndexFile, ...]:
    """Return the files of one version of a Listing, encoded as JSON."""
    return tuple([_index_file(file, version) for file in listed_files(listed)])


def listed_files(listed: bytes) -> list[ListedFile]:
    """Return the files of one version of a Listing, encoded as JSON, as the page has them."""
    return _LISTED.decode(listed)


def _by_version(found: Iterable[tuple[str, msgspec.Raw | ListedFile]]) -> Listing:
    """Return files by version, oldest version first."""
    groups: Listing = {}
    for version, file in found:
        groups.setdefault(version, []).append(file)
    return {version: groups[version] for version in sorted(groups, key=read_version)}


def _from_json(body: bytes, url: str, name: str) -> Iterator[tuple[str, msgspec.Raw | ListedFile]]:
    """Yield the files of a JSON page, each with its version."""
    try:
        page = _PAGE.decode(body)
        texts = _TEXT.decode(body).files
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"its page of {name} is not JSON of the simple API: {error}") from None
    except RecursionError:
        raise PageError(f"its page of {name} is nested without end") from None
    major = str(page.meta.get("api-version", "1.0")).partition(".")[0]
    if major != "1":
        raise PageError(f"it speaks version {page.meta['api-version']} of the simple API, podfit knows version 1")
    for file, text in zip(page.files, texts, strict=True):
        kind, version = kind_and_version(file.filename, name)
        if not kind:
            continue
        if _ORDINARY(file.url):
            yield version, text
            continue
        try:
            file.url = file.url if "://" in file.url else urljoin(url, file.url)
        except ValueError:  # no URL at all, such as an open bracket in the host
            continue
        if _is_url(file.url):
            file.url = without_credentials(file.url)
            yield version, file


def links_of_html(body: bytes, url: str, name: str) -> Listing:
    """Return the files of the project name that an HTML page links to: a project page or a flat list of links."""
    return _by_version(_from_html(body, url, name))


def _from_html(body: bytes, url: str, name: str) -> Iterator[tuple[str, ListedFile]]:
    """Yield the files that an HTML page links to, each with its version."""
    from podfit.index.anchors import anchors

    links, stated = anchors(body.decode("utf-8", "replace"))
    try:
        base = urljoin(url, stated) if stated else url
    except ValueError:  # a base that is no URL at all
        base = url
    for attributes in links:
        try:
            target, fragment = urldefrag(urljoin(base, attributes["href"].strip()))
            filename = filename_of(target)
        except ValueError:  # a link that is no URL at all, such as an open bracket in the host
            continue
        kind, version = kind_and_version(filename, name)
        if not kind or not _is_url(target):
            continue
        algorithm, equals, digest = fragment.partition("=")
        yanked = attributes.get("data-yanked")
        yield (
            version,
            ListedFile(
                filename=filename,
                url=without_credentials(target),
                hashes={algorithm: digest} if equals and algorithm in _HASHES else {},
                requires_python=attributes.get("data-requires-python", ""),
                yanked=False if yanked is None else (yanked or True),
                core_metadata=_html_metadata(attributes),
            ),
        )


_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})


def _html_metadata(attributes: Mapping[str, str]) -> bool | dict[str, str] | None:
    """Return what an anchor says about a METADATA file of its own (PEP 658, renamed by PEP 714)."""
    value = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    if value is None or value == "false":
        return None
    algorithm, equals, digest = value.partition("=")
    return {algorithm: digest} if equals else True


def _index_file(file: ListedFile, version: str) -> IndexFile:
    """Return a listed file of that version as podfit knows it.

    What an index says is data: a hash that is none is not kept, and a size that no file has is unknown.
    """
    metadata = file.core_metadata if file.core_metadata is not None else file.dist_info_metadata
    stated = metadata if isinstance(metadata, dict) else {}
    found = [f"{algorithm}:{file.hashes[algorithm].lower()}" for algorithm in sorted(file.hashes)]
    apart = f"sha256:{stated['sha256'].lower()}" if "sha256" in stated else ""
    size = file.size or 0
    return IndexFile(
        filename=file.filename,
        url=file.url,
        hashes=tuple([text for text in found if is_hash(text)]),
        size=size if 0 <= size <= _LARGEST else 0,
        requires_python=file.requires_python or "",
        yanked=file.yanked if file.yanked is not None else False,
        upload_time=file.upload_time or "",
        metadata=metadata is not None and metadata is not False,
        kind="wheel" if file.filename.endswith(".whl") else "sdist",
        version=version,
        metadata_hash=apart if is_hash(apart) else "",
    )


def _is_url(text: str) -> bool:
    """Tell whether a request can be made from an address."""
    try:
        return is_address(text) and bool(urlsplit(text).path)
    except ValueError:
        return False


def without_credentials(url: str) -> str:
    """Return a URL without user name and password."""
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
