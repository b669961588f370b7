"""A project page as the resolver is shown it: cut to what fits one platform, each wheel's METADATA at hand (PEP 658).

Pages of all platforms are many times larger than what of them can be installed on one, and a resolver reads them all
for every question.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

import msgspec
from packaging.tags import parse_tag

from podfit.index.metadata import CoreMetadata
from podfit.index.simple import ListedFile, listed_files
from podfit.model.versions import read_version

HOST = "http://podfit.invalid"
"""Where shown indexes are: no such host can exist (RFC 6761), the proxy answers in its place."""
FORMAT = "1"
"""Another number when what is shown changes, so that no resolver takes what its cache has for it."""
PAGE_TYPE = "application/vnd.pypi.simple.v1+json"

_ENCODER = msgspec.json.Encoder()


NIGHTLIES = 100
"""A project with more pre-releases than so many has a machine publish them, each night: podfit's own limit, assumed."""


def shown_page(
    name: str, releases: Mapping[str, msgspec.Raw], tags: Collection[str], files: str, *, nightlies: bool = False
) -> bytes:
    """Return the project page (PEP 691) that lists a project's files in places below the URL files.

    releases are a Listing, its files still JSON. tags are the wheel tags that fit; of a release's wheels only those
    with one of them are listed, and where none has, the first, so that the resolver can say what is the matter.
    Source distributions keep their URL. Without nightlies, those of a project that has releases, too, are left out: a
    resolver that finds none of these to fit would read all of them, hundreds, for nothing that anybody asked for.
    """
    listed: list[ListedFile] = []
    for raw in (releases if nightlies else without_nightlies(releases)).values():
        wheels: list[ListedFile] = []
        for file in listed_files(raw):
            (wheels if file.filename.endswith(".whl") else listed).append(file)
        fitting = [file for file in wheels if fits(file.filename, tags)] or wheels[:1]
        for file in fitting:
            file.url = files + place_of(file.url)
            file.core_metadata = True
            file.dist_info_metadata = None
        listed += fitting
    return _ENCODER.encode({"meta": {"api-version": "1.1"}, "name": name, "files": listed})


def without_nightlies(releases: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw]:
    """Return releases without pre-releases where these are nightlies and some of the others are not yanked."""
    if len(releases) <= NIGHTLIES:
        return releases
    final = {version: raw for version, raw in releases.items() if not read_version(version).is_prerelease}
    if len(releases) - len(final) <= NIGHTLIES or not any(_offered(raw) for raw in final.values()):
        return releases
    return final


def _offered(raw: msgspec.Raw) -> bool:
    """Tell whether a release has a file that is not yanked (PEP 592)."""
    return any(file.yanked in (None, False) for file in listed_files(raw))


def fits(filename: str, tags: Collection[str]) -> bool:
    """Tell whether a wheel has one of tags; without tags each fits. A name that is no wheel's fits none."""
    return not tags or not tags_of(filename).isdisjoint(tags)


def tags_of(filename: str) -> frozenset[str]:
    """Return the tags that a wheel's name stands for (PEP 425), none for a name that is not well formed."""
    parts = filename[:-4].rsplit("-", 3)
    return _tags("-".join(parts[1:])) if len(parts) == 4 else frozenset()


@lru_cache(maxsize=1 << 12)
def _tags(compressed: str) -> frozenset[str]:
    """Return every tag of a compressed set, none where it is none: thousands of files end in the same few."""
    try:
        return frozenset(map(str, parse_tag(compressed)))
    except ValueError:  # pydantic 0.18 has a wheel for py36+
        return frozenset()


def place_of(url: str) -> str:
    """Return the path that stands for the URL of a file; `url_of` tells the URL again."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}/{rest}"


def url_of(place: str) -> str:
    """Return the URL that a path of `place_of` stands for."""
    scheme, _, rest = place.partition("/")
    return f"{scheme}://{rest}"


def original(text: str) -> str:
    """Return a text with the URLs of shown files as they are on their indexes."""
    return re.sub(rf"{re.escape(HOST)}/{FORMAT}/[0-9a-f-]+/files/(https?)/", r"\1://", text)


def metadata_text(metadata: CoreMetadata) -> bytes:
    """Return what of core metadata a resolver reads, as a METADATA file."""
    lines = ["Metadata-Version: 2.1", f"Name: {metadata.name}", f"Version: {metadata.version}"]
    lines += [f"Requires-Python: {metadata.requires_python}"] if metadata.requires_python else []
    lines += _fields("Requires-Dist", metadata.requires_dist)
    lines += _fields("Provides-Extra", metadata.provides_extra)
    return ("\n".join(lines) + "\n").encode()


def _fields(field: str, values: Iterable[str]) -> list[str]:
    """Return a line for each value, which may have been written on several."""
    return [f"{field}: {' '.join(value.split())}" for value in values]
