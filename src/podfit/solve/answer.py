"""uv's answer, a lock of the standard format (PEP 751): the packages that it names, and what steers the next one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podfit.model import Artefact, LockedPackage, PodfitError, canonical
from podfit.model.addresses import filename_of
from podfit.model.invariants import COMMIT
from podfit.model.toml_text import toml_table


@dataclass(frozen=True, slots=True)
class Refusal:
    """uv's statement that there is no solution, on one line; unbuilt names what it would have had to build."""

    message: str
    unbuilt: tuple[str, ...] = ()


def preferences(versions: Mapping[str, str]) -> Iterator[str]:
    """Yield a pylock.toml (PEP 751) that uv takes as the previous answer, whose versions it keeps where they fit."""
    yield 'lock-version = "1.0"\ncreated-by = "podfit"\n'
    for name, version in sorted(versions.items()):
        yield f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'


def locked_packages(text: str) -> dict[str, LockedPackage]:
    """Return the packages of uv's answer by normalized name.

    `packaging.pylock` reads other people's locks here; it refuses what uv answers where an index states no hashes, for
    the format asks for one. So this takes what the answer has (uv 0.9 leaves the packages out where there are none).
    Raises PodfitError when it is no lock at all.
    """
    head, *packages = text.split(_PACKAGE)
    try:
        lock = toml_table(head)
        _ = lock["lock-version"]
        found = [*map(_locked, lock.get("packages", ())), *map(_package, packages)]
        return {package.name: package for package in found}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PodfitError(
            f"uv's answer is no lock of the standard format: {error}", remedy="install the newest podfit and uv"
        ) from None


_PACKAGE = "\n[[packages]]\n"
"""Begins a package on lines of its own: no text of a package has such a line, for uv writes each on one line."""


@lru_cache(maxsize=1 << 12)
def _package(text: str) -> LockedPackage:
    """Return the package of one element of `packages`: a search sees the same ones in answer after answer."""
    (entry,) = toml_table(_PACKAGE + text)["packages"]
    return _locked(entry)


def _locked(entry: Mapping[str, Any]) -> LockedPackage:
    """Return one package; the files that have a URL, wheels first, or the commit that it is built from."""
    files = [*entry.get("wheels", ()), *(entry[key] for key in ("sdist", "archive") if key in entry)]
    files = [{**file, "url": Path(file["path"]).as_uri()} if _lies_here(file) else file for file in files]
    artefacts = tuple(_artefact(file) for file in files if "url" in file)
    url = _direct_url(entry)
    if "vcs" in entry and COMMIT.fullmatch(url):
        below = entry["vcs"].get("subdirectory", "")
        artefacts = (Artefact("", f"{url}#subdirectory={below}" if below else url, (), "commit"),)
    return LockedPackage(canonical(entry["name"]), entry.get("version", ""), artefacts, url)


def _lies_here(file: Mapping[str, Any]) -> bool:
    """Tell whether a file is named by its whole path on this machine, as uv does for a path."""
    return "url" not in file and Path(file.get("path", "")).is_absolute()


def _artefact(file: Mapping[str, Any]) -> Artefact:
    """Return one file of a package; it is what its name says."""
    filename = file.get("name") or filename_of(file["url"])
    hashes = file.get("hashes") or _own_hashes(file["url"])
    return Artefact(
        filename=filename,
        url=file["url"],
        hashes=tuple(f"{algorithm}:{digest}" for algorithm, digest in sorted(hashes.items())),
        kind="wheel" if filename.endswith(".whl") else "sdist",
        size=file.get("size", 0),
        upload_time=file["upload-time"].isoformat() if "upload-time" in file else "",
    )


def _own_hashes(url: str) -> dict[str, str]:
    """Return the sha256 of a file on this machine, which uv 0.9 does not state; nothing for any other file."""
    place = urlsplit(url)
    digest = hashlib.sha256()
    try:
        with Path(unquote(place.path) if place.scheme == "file" else "").open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return {}
    return {"sha256": digest.hexdigest()}


def _direct_url(entry: Mapping[str, Any]) -> str:
    """Return the URL of a package that comes from none of the indexes, as pip writes it; empty for the others."""
    if vcs := entry.get("vcs"):
        return f"{vcs['type']}+{vcs.get('url') or vcs.get('path', '')}@{vcs['commit-id']}"
    archive = entry.get("archive", {})
    return str(archive.get("url") or archive.get("path") or entry.get("directory", {}).get("path", ""))
