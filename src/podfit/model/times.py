"""Points in time as indexes and files write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Protocol


class Uploaded(Protocol):
    """A file of a release."""

    @property
    def upload_time(self) -> str:
        """When it was published (ISO 8601), empty where the index does not tell."""


def earliest_upload(files: Iterable[Uploaded]) -> str:
    """Return the ISO time of the first of some files, empty where none tells."""
    return min((file.upload_time for file in files if file.upload_time), default="")


def instant(text: str) -> datetime:
    """Return an ISO 8601 date or time; one without a zone is UTC's. Raises ValueError for another text."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
