"""One requirement as PEP 508 text, from whatever a file wrote: a name, an address, a path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from podfit.model.valid import LONGEST_REQUIREMENT, LONGEST_VERSION, requirement_problem

_SCP = re.compile(r"^git\+(?:ssh://)?([\w.-]+@[\w.-]+):(?!\d+/)(?!//)(.+)$")
_NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$")
_IDLE_STAR = re.compile(r"((?<![=!~<>])(?:>=|<=|~=|>|<)\s*)(\d+(?:\.\d+)*)\.\*")
_FOREIGN_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?)\s*={2,3}\s*(\d[A-Za-z0-9._+!-]*)\s*(;.*)?$")
_UNSET = re.compile(r"\$\{([A-Z0-9_]+)\}")
_WITH_UNSET = re.compile(r"^([A-Za-z0-9][\w.-]*\s*(?:\[[\w.,\s-]*\])?)\s*([=<>!~][^;@]*?)\s*(;.*)?$")
_EGG = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_ARCHIVE_ROUTE = re.compile(r"^/[^/]+/([^/]+)/(?:archive|zipball|tarball|-/archive|get)/")
_VCS = re.compile(r"^(?:git|hg|svn|bzr)\+")
ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz")


def parse(text: str) -> Requirement:
    """Return text parsed as PEP 508. Raises ValueError with one sentence that says what is wrong."""
    shown = text if len(text) <= 120 else text[:117] + "..."
    if len(text) > LONGEST_REQUIREMENT:
        raise ValueError(f"{shown!r} is longer than any requirement: over {LONGEST_REQUIREMENT} characters")
    try:
        found = Requirement(text)
        if problem := requirement_problem(found):
            raise ValueError(f"{shown!r} {problem}")
        return found
    except InvalidRequirement as error:
        reason, remedy = str(error).split("\n", 1)[0].rstrip(".:"), "; write it like name>=1.2,<2"
        if names := dict.fromkeys(_UNSET.findall(text)):
            reason, remedy = f"the variable {' and '.join(names)} is not set here", "; set it, or write its value"
        elif re.match(r"^[\w.\[\]-]+\s*=\s*[\w.*]+\s*$", text):
            reason, remedy = "one = compares nothing, write ==", ""
        raise ValueError(f"{shown!r} is not a requirement: {reason}{remedy}") from None
    except RecursionError:
        raise ValueError("a requirement's marker is nested too deeply") from None


def is_bare_commit(text: str) -> bool:
    """Tell whether text is a repository's address without a name, as pip's files have it and PEP 508 does not."""
    return _VCS.match(text.strip()) is not None


def without_comment(text: str) -> str:
    """Return a line of a setup file without its comment, as setuptools reads it: from a `#` in front or after a space.

    https://github.com/jaraco/jaraco.text (drop_comment), by which setuptools reads every list of requirements.
    """
    text = text.strip()
    return "" if text.startswith("#") else text.partition(" #")[0].strip()


def without_foreign_version(text: str) -> tuple[str, str]:
    """Return a pin as a requirement of any version, and its version, where PEP 440 does not know that (conda's `9e`).

    Both are empty for every other text.
    """
    match = _FOREIGN_PIN.match(text)
    if match is None or len(match.group(2)) > LONGEST_VERSION:
        return "", ""
    try:
        Version(match.group(2))
    except InvalidVersion:
        return f"{match.group(1)}{match.group(3) or ''}", match.group(2)
    return "", ""


def without_unset_variables(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a requirement without the clauses that hold `${VARIABLES}` nobody has set, and these by name.

    Both are empty for every other text: a name, an address or a marker cannot do without them.
    """
    match = _WITH_UNSET.match(text)
    if match is None or not _UNSET.search(match.group(2)):
        return "", ()
    kept = ",".join(clause for clause in match.group(2).split(",") if not _UNSET.search(clause))
    return f"{match.group(1)}{kept}{match.group(3) or ''}", tuple(dict.fromkeys(_UNSET.findall(match.group(2))))


def without_idle_stars(text: str) -> str:
    """Return text without the `.*` that old pips let stand after an ordering (`>=2.0.*`), where it says nothing."""
    return _IDLE_STAR.sub(r"\1\2", text)


def normalized(text: str) -> str:
    """Return text as PEP 508 text in one spelling. Raises ValueError with one sentence."""
    return str(parse(text))


def direct(name: str, url: str, extras: Iterable[str] = (), marker: str = "") -> str:
    """Return `name[extras] @ url ; marker` as PEP 508 text. Raises ValueError with one sentence."""
    names = ",".join(sorted({str(canonicalize_name(extra.strip())) for extra in extras if extra.strip()}))
    return normalized(f"{name}{f'[{names}]' if names else ''} @ {url}{f' ; {marker}' if marker else ''}")


def clean_address(url: str) -> str:
    """Return url as PEP 508 tools take it: `git+git@host:path` in its ssh form, the `egg` fragment dropped."""
    scp = _SCP.match(url)
    if scp:
        url = f"git+ssh://{scp.group(1)}/{scp.group(2)}"
    head, _, fragment = url.partition("#")
    kept = "&".join(part for part in fragment.split("&") if part and not part.startswith("egg="))
    return f"{head}#{kept}" if kept else head


def egg(url: str) -> tuple[str, tuple[str, ...]]:
    """Return name and extras of the `#egg=name[extras]` fragment of url, empty when it has none."""
    for part in url.partition("#")[2].split("&"):
        if part.startswith("egg=") and (match := _EGG.match(unquote(part[4:]))):
            extras = tuple(extra.strip() for extra in (match.group(2) or "").split(",") if extra.strip())
            return match.group(1), extras
    return "", ()


def name_of_archive(filename: str) -> str:
    """Return the distribution's name in the name of a wheel or source archive, empty when it has none."""
    try:
        if filename.endswith(".whl"):
            return str(parse_wheel_filename(filename)[0])
        return str(parse_sdist_filename(filename)[0])
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
        # A local version or a date in place of a version: the name still stands before the first `-`.
        stem = filename.partition("-")[0]
        return str(canonicalize_name(stem)) if filename.endswith(".whl") and _NAME.match(stem) else ""


def guess_name(url: str) -> tuple[str, bool]:
    """Return the distribution's name that url suggests, and whether that is certain.

    A wheel's or source archive's file name is certain; the name of a repository is a guess (openai/CLIP is the
    distribution clip, but a repository may hold one of another name). Empty when url suggests nothing.
    """
    path = unquote(urlsplit(url.partition("#")[0]).path).rstrip("/")
    filename = path.rpartition("/")[2]
    if _VCS.match(url):
        guess = filename.partition("@")[0].removesuffix(".git")
    else:
        if filename.endswith(ARCHIVES) and (name := name_of_archive(filename)):
            return name, True
        route = _ARCHIVE_ROUTE.match(path)
        guess = route.group(1) if route else ""
    return (str(canonicalize_name(guess)), False) if _NAME.match(guess) else ("", False)


def local_path(text: str) -> Path:
    """Return the path that a `file:` URL or a plain path names."""
    if text[:5].lower() == "file:":
        parts = urlsplit(text)
        return Path(unquote(parts.path if parts.netloc in ("", "localhost") else parts.netloc + parts.path))
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown ~user


def address_of(path: Path, url: str = "") -> str:
    """Return the `file:` address of path, made absolute; the fragment of url is kept."""
    address = Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - resolve() would follow links
    fragment = clean_address(url).partition("#")[2]
    return f"{address}#{fragment}" if fragment else address
