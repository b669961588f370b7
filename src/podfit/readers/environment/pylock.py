"""`pylock.toml` (PEP 751), checked by the packaging project's own reader."""

from __future__ import annotations

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.direct import as_url
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.positions import table_lines

NAME = "pylock.toml"


def recognizes(document: Document) -> bool:
    """Tell whether there is the `lock-version` that PEP 751 asks for, on the top level."""
    return "lock-version" in (document.toml or {})


def read(document: Document) -> Listing:
    """Return the listing; of several versions the one whose marker holds on this machine."""
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    try:
        lock = Pylock.from_dict(document.toml or {})
    except PylockUnsupportedVersionError as error:
        raise InputError(f"{NAME}: {error}", where=document.where()) from None
    except PylockValidationError as error:
        raise InputError(f"{NAME}: {error}", where=document.where()) from None
    builder = Builder(document, NAME)
    for line, package in zip(table_lines(document.text, "packages", len(lock.packages)), lock.packages, strict=True):
        url, editable = "", False
        if package.directory is not None:
            url, editable = as_url(package.directory.path), bool(package.directory.editable)
        elif package.vcs is not None:
            place = as_url(package.vcs.url or package.vcs.path or "")
            url = f"{package.vcs.type}+{place}@{package.vcs.commit_id}"
        elif package.archive is not None:
            url = as_url(package.archive.url or package.archive.path or "")
        builder.add(
            line,
            package.name,
            str(package.version or ""),
            markers=[str(package.marker or "")],
            requires_python=str(package.requires_python or ""),
            direct_url=url,
            editable=editable,
        )
    return builder.listing(installed=False)


FORMAT = Format(NAME, recognizes, read)
