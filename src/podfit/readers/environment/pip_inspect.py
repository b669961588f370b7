"""`pip inspect`: every distribution with its metadata, and the marker environment.

The report is described at https://pip.pypa.io/en/stable/reference/inspect-report/, its metadata in PEP 566.
"""

from __future__ import annotations

import posixpath
from typing import Any

import msgspec

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import pep610
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.positions import Lines, elements, members

NAME = "pip inspect"


class _Metadata(msgspec.Struct):
    """The core metadata that podfit uses."""

    name: str = ""
    version: str = ""
    requires_dist: tuple[str, ...] = ()
    requires_python: str = ""
    import_name: tuple[str, ...] = ()


class _Installed(msgspec.Struct):
    """One element of `installed`."""

    metadata: _Metadata
    metadata_location: str = ""
    installer: str = ""
    direct_url: dict[str, Any] | None = None


class _Report(msgspec.Struct):
    """The report; environment holds PEP 508 markers."""

    version: str
    installed: list[_Installed]
    environment: dict[str, str] = {}


def recognizes(document: Document) -> bool:
    """Tell whether the document is a JSON object with `installed` and `pip_version`."""
    found = document.json
    return isinstance(found, dict) and "installed" in found and "pip_version" in found


def read(document: Document) -> Listing:
    """Return the listing, with the Python version and the platform of the report."""
    try:
        report = msgspec.convert(document.json, _Report)
    except msgspec.ValidationError as error:
        raise InputError(f"{NAME}: the report has the wrong shape: {error}", where=document.where()) from None
    if report.version.partition(".")[0] not in ("0", "1"):
        message = f"{NAME}: report version {report.version!a} is newer than podfit knows (1)"
        raise InputError(message, where=document.where())
    builder, lines = Builder(document, NAME), Lines(document.text)
    start = dict(members(document.text))["installed"]
    for entry, offset in zip(report.installed, elements(document.text, start), strict=True):
        line, metadata = lines.at(offset), entry.metadata
        if not metadata.name or not metadata.version:
            builder.notice(f"left out: {entry.metadata_location or 'an entry'} has no name or no version", line)
            continue
        url, editable = pep610(entry.direct_url) if entry.direct_url else ("", False)
        builder.add(
            line,
            metadata.name,
            metadata.version,
            requires_dist=tuple(" ".join(text.split()) for text in metadata.requires_dist),
            requires_python=metadata.requires_python,
            import_names=_top_level(metadata.import_name),
            direct_url=url,
            editable=editable,
            installer=entry.installer,
            location=posixpath.dirname(entry.metadata_location),
        )
    markers = report.environment
    return builder.listing(
        python_version=markers.get("python_full_version", "") or markers.get("python_version", ""),
        implementation=markers.get("implementation_name", ""),
        machine=markers.get("platform_machine", ""),
        system=markers.get("platform_system", "").lower(),
    )


def _top_level(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the top-level names of Import-Name fields (PEP 794), such as `a.b ; private`."""
    return tuple(sorted({name.partition(";")[0].strip().partition(".")[0] for name in names} - {""}))


FORMAT = Format(NAME, recognizes, read)
