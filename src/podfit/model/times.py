"""Points in time as indexes and files write them."""

from __future__ import annotations

from datetime import datetime, timezone


def instant(text: str) -> datetime:
    """Return an ISO 8601 date or time; one without a zone is UTC's. Raises ValueError for another text."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
