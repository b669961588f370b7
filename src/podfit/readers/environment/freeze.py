"""`pip freeze` and `uv pip freeze`; also what pip-compile and `uv export` write, exact pins all the same.

The grammar is small, and a person waits for it on every `podfit fit`: 448 lines take 9 ms this way and,
measured beside it, 190 ms through pip-requirements-parser with its import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from podfit.model import EvidenceKind, InputError, canonical
from podfit.model.valid import is_name
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url, name_at, version_in_filename
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing

NAME = "pip freeze"
LONGEST = 20_000
"""Characters past which a line (with its continuations, hashes excluded) is no line of a freeze."""

_PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,]+)\s*(?:;\s*(.+))?", re.ASCII)
_DIRECT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(\S.*?)\s*(?:\s;\s*(.+))?", re.ASCII)
_RANGE = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:\(?[<>=!~].*)?(?:;.*)?", re.ASCII)
_EDITABLE = re.compile(r"(?:-e\s*|--editable(?:\s+|=))(\S.*)")
_OPTION = re.compile(r"--?[a-z]")
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)\b")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+?)(?:\[[^\]]*\])?(?:={2,3}([^&]+))?(?=&|$)")
_CHECKOUT = re.compile(r"(?:git|hg|svn|bzr)\+\S+|https?://\S+|file:\S+")
_EDITABLE_COMMENT = re.compile(r"#+ Editable .*?\(([A-Za-z0-9._-]+)={2,3}([^()\s]+)\)")
_NOISE = re.compile(r"\[notice\]|(?:WARNING|DEPRECATION|warning): |Using Python \S+ environment")
_PYTHON = re.compile(
    r"#\s*python(?:[ _-]version)?\s*[:= ]\s*v?(\d+\.\d+(?:\.\d+)?)\s*$"
    r"|#.*\bpip-compile with Python (\d+\.\d+)"
    r"|#.*\buv pip compile\b.*--python-version[ =](\d+\.\d+(?:\.\d+)?)"
    r"|Using Python (\d+\.\d+\.\d+) environment",
    re.IGNORECASE,
)
_FACT = re.compile(r"#\s*(glibc|machine)\s*:\s*([\w.]+)\s*$", re.IGNORECASE)


def recognizes(document: Document) -> bool:
    """Tell whether one of the first lines that say anything is a pin, a direct reference or an editable install."""
    lines = (line.strip() for line in document.lines[:200])
    said = [line for line in lines if line and not line.startswith("#") and not _NOISE.match(line)]
    known = (_PIN, _DIRECT, _EDITABLE, _CHECKOUT)
    return any(pattern.match(line) for line in said[:20] for pattern in known)


def read(document: Document) -> Listing:
    """Return the listing; comments such as `# python: 3.12.2` and `# glibc: 2.35` give the facts they name."""
    builder = Builder(document, NAME)
    facts: dict[str, str] = read_lines(builder, enumerate(document.lines, 1))
    return builder.listing(**facts)


def read_lines(builder: Builder, lines: Iterable[tuple[int, str]], *, exact: bool = True) -> dict[str, str]:
    """Add what numbered lines say to builder and return the facts that comments state, by the fields of Listing.

    With exact False, a requirement with a range is a distribution without a version; else it raises InputError, as
    every line does that is none of a freeze.
    """
    facts: dict[str, str] = {}
    promised = ("", "")
    for number, line in _logical(lines):
        if len(line) > LONGEST:
            raise InputError("a line without end: no list of distributions", where=builder.document.where(number))
        python = _PYTHON.match(line)
        if python:
            facts.setdefault("python_version", next(text for text in python.groups() if text))
        if line.startswith("#") or _NOISE.match(line):
            fact = _FACT.match(line)
            if fact:
                facts.setdefault(fact[1].lower(), fact[2])
            comment = _EDITABLE_COMMENT.match(line)
            promised = (comment[1], comment[2]) if comment else promised
            continue
        editable = _EDITABLE.fullmatch(line)
        if editable:
            _editable(builder, number, editable[1].strip("'\""), promised)
            promised = ("", "")
        else:
            _plain(builder, number, line, exact)
    return facts


def _logical(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, continued ones joined, without trailing comments and hashes."""
    waiting, start = "", 0
    for number, raw in lines:
        line = raw.strip()
        if not waiting:
            start = number
        if line.endswith("\\") and not line.startswith("#"):
            waiting += line[:-1] + " "
            continue
        line, waiting = (waiting + line).strip(), ""
        if not line.startswith("#"):
            line = re.split(r"\s+(?:#|--(?:hash|config-settings?|global-option)\b)", line, maxsplit=1)[0]
        if line:
            yield start, line
    if waiting.strip():
        yield start, re.split(r"\s+--hash\b", waiting.strip(), maxsplit=1)[0]


def _plain(builder: Builder, number: int, line: str, exact: bool) -> None:
    """Add what a line that is no comment and no editable install says."""
    pin = _PIN.fullmatch(line)
    if pin:
        builder.add(number, pin[1], pin[2], markers=[pin[3] or ""])
        return
    direct = _DIRECT.fullmatch(line)
    if direct:
        url = as_url(direct[2])
        version = version_in_filename(url, _canonical_or_empty(direct[1]))
        builder.add(number, direct[1], version, direct_url=url, markers=[direct[3] or ""])
        return
    if _CHECKOUT.fullmatch(line):
        _checkout(builder, number, line, editable=False)
        return
    ranged = None if exact else _RANGE.fullmatch(line)
    if ranged:
        builder.add(number, ranged[1], "")
        return
    where = builder.document.where(number)
    if _INCLUDE.match(line):
        message = f"{line[:60]!a} includes another file, which a list of one environment cannot"
        raise InputError(message, where=where, remedy="name that file, or hand over the output of `pip freeze`")
    if not _OPTION.match(line):
        message = f"{line[:60]!a} is no line of `pip freeze`: `name==version` was expected"
        raise InputError(message, where=where, remedy="list an environment with `pip freeze` or `pip inspect`")


def _canonical_or_empty(name: str) -> str:
    """Return name normalized, empty when it is none: `Builder.add` tells of that."""
    return canonical(name) if is_name(name) else ""


def _editable(builder: Builder, number: int, location: str, promised: tuple[str, str]) -> None:
    """Add an editable install; promised is name and version of the comment above it, which pip writes."""
    if promised[0]:
        builder.add(number, promised[0], promised[1], direct_url=as_url(location), editable=True)
    else:
        _checkout(builder, number, location, editable=True)


def _checkout(builder: Builder, number: int, location: str, *, editable: bool) -> None:
    """Add a checkout, file or directory whose line names no distribution but perhaps an `#egg=`."""
    url = as_url(location)
    egg = _EGG.search(url)
    if egg:
        builder.add(number, egg[1], egg[2], direct_url=url, editable=editable)
        return
    file_name = re.split(r"[?#]", url)[0].rstrip("/").rpartition("/")[2].partition("-")[0]
    version = version_in_filename(url, _canonical_or_empty(file_name)) if file_name else ""
    if version:
        builder.add(number, file_name, version, direct_url=url, editable=editable)
        return
    name, source = name_at(_absolute(url, builder.document))
    if not is_name(name):
        builder.notice(f"left out: {url[:80]} names no distribution", number)
    elif source:
        builder.add(number, name, "", direct_url=url, editable=editable, detail=f"named by {source}")
    else:
        detail = "the line names no distribution: the last part of its location is taken for one"
        builder.add(number, name, "", direct_url=url, editable=editable, kind=EvidenceKind.ASSUMED, detail=detail)


def _absolute(url: str, document: Document) -> str:
    """Return a relative path as the URL of what it means beside the document; every other URL as it is."""
    if not url.startswith("."):
        return url
    return (Path(document.path).absolute().parent / re.split(r"[\[#]", url)[0]).as_uri()


FORMAT = Format(NAME, recognizes, read)
