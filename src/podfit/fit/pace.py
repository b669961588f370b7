"""How fast `podfit apply` was: kept in the cache after each, read when the next installation is predicted."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec

from podfit.catalogue.pace import pace
from podfit.index.cache import Cache
from podfit.model import Evidence, EvidenceKind
from podfit.model.pace import Pace

_ROOM, _KIND, _KEY = "pace-1", "apply", "seen"
_MOST = 10
"""So many applies are remembered, the latest."""
_LEAST_BYTES = 5_000_000
"""Less than this says more about the machine's moods than about its pace."""


class Seen(msgspec.Struct, frozen=True):
    """One apply: bytes that its plan fetches, seconds that the installation took, when (ISO 8601, UTC)."""

    download: int
    seconds: float
    when: str


def note_apply(cache: Path, download: int, seconds: float, now: datetime | None = None) -> None:
    """Remember how long an installation of so many bytes took; one too small to tell anything is passed over."""
    if download < _LEAST_BYTES or seconds <= 0:
        return
    when = (now or datetime.now(timezone.utc)).isoformat(timespec="seconds")
    kept = [*_seen(cache), Seen(download, seconds, when)][-_MOST:]
    Cache(cache / _ROOM).write(_KIND, _KEY, msgspec.json.encode(kept))


def measured_pace(cache: Path) -> Pace | None:
    """Return the pace of the slowest apply that is remembered, None when none is: the others had files in a cache."""
    seen = _seen(cache)
    if not seen:
        return None
    slowest = min(seen, key=lambda each: each.download / each.seconds)
    detail = (
        f"the slowest of the last {len(seen)}: {slowest.download} bytes in {slowest.seconds:.1f} s at {slowest.when}"
    )
    return Pace(
        pace("uv").installer,
        slowest.download / slowest.seconds,
        0.0,
        Evidence(EvidenceKind.MEASURED, "podfit apply, from here", detail),
    )


def _seen(cache: Path) -> list[Seen]:
    """Return what is remembered; damage counts as nothing."""
    data = Cache(cache / _ROOM).read(_KIND, _KEY)
    if data is None:
        return []
    try:
        return [each for each in msgspec.json.decode(data, type=list[Seen]) if each.download > 0 and each.seconds > 0]
    except msgspec.DecodeError:
        return []
