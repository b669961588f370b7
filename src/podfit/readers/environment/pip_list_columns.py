"""`pip list` as people see it: columns under a line of dashes."""

from __future__ import annotations

import re

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing

NAME = "pip list"

_DASHES = re.compile(r"-+(?:\s+-+)+\s*")
_PYTHON = re.compile(r"^Using Python (\d+\.\d+\.\d+) environment", re.MULTILINE)


def recognizes(document: Document) -> bool:
    """Tell whether there is the header `Package  Version` with dashes under it."""
    return _header(document) is not None


def _header(document: Document) -> int | None:
    """Return the index of the header's line, None when there is none."""
    for index, line in enumerate(document.lines[:-1]):
        dashes = document.lines[index + 1]
        under = line.startswith("Package ") and _DASHES.fullmatch(dashes)
        if under and _cells(line, _starts(dashes))[:2] == ["Package", "Version"]:
            return index
    return None


def read(document: Document) -> Listing:
    """Return the listing; the columns start where their dashes do."""
    builder = Builder(document, NAME)
    first = _header(document) or 0
    header, dashes = document.lines[first], document.lines[first + 1]
    starts = _starts(dashes)
    titles = _cells(header, starts)
    for number, line in enumerate(document.lines[first + 2 :], first + 3):
        if not line.strip():
            break
        row = dict(zip(titles, _cells(line, starts), strict=True))
        straddling = any(line[start - 1 : start].strip() for start in starts[1:])
        if straddling or not row.get("Version"):
            message = f"{line.strip()[:60]!a} is no row of `pip list`: a package and a version were expected"
            raise InputError(message, where=document.where(number))
        checkout = row.get("Editable project location", "")
        builder.add(
            number,
            row["Package"],
            row["Version"],
            direct_url=as_url(checkout) if checkout else "",
            editable=bool(checkout),
            installer=row.get("Installer", ""),
            location=row.get("Location", ""),
        )
    python = _PYTHON.search(document.text)
    return builder.listing(python_version=python[1] if python else "")


def _starts(dashes: str) -> list[int]:
    """Return where the columns over a line of dashes begin."""
    return [match.start() for match in re.finditer("-+", dashes)]


def _cells(line: str, starts: list[int]) -> list[str]:
    """Return the cells of a line whose columns begin at starts."""
    ends = [*starts[1:], None]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]


FORMAT = Format(NAME, recognizes, read)
