"""What a page of the simple API lists, read at once."""

from __future__ import annotations

import msgspec

from podfit.index.files import IndexFile
from podfit.index.simple import Listing, index_files


def read(listing: Listing) -> list[IndexFile]:
    """Return the files of a listing, as they are after it was kept and read again."""
    return [file for version, listed in listing.items() for file in index_files(msgspec.json.encode(listed), version)]
