"""The files of many wheels at once, by what their central directories say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from podfit.index.threads import side_by_side
from podfit.model import PodfitError

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile
    from podfit.index.wheel import WheelListing

_THREADS = 8


def listings_of(index: Index, files: Mapping[str, IndexFile]) -> dict[str, WheelListing]:
    """Return the files of wheels, by the keys they are given under, of those that can be read; the waiting part."""

    def one(key: str) -> WheelListing | None:
        try:
            return index.wheel_listing(files[key])
        except (PodfitError, OSError, ValueError):
            return None

    found = dict(zip(files, side_by_side(one, files, _THREADS, "listings"), strict=True))
    return {key: listing for key, listing in found.items() if listing is not None}
