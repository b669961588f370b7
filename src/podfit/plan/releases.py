"""What decisions need to know about releases that are in no environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from podfit.model import Release


class ReleaseSource(Protocol):
    """Where the metadata of releases comes from; the package index, or a test's table."""

    def release(self, name: str, version: str) -> Release | None:
        """Return the metadata of one release, None when there is no such release or it cannot be read."""

    def fitting(self, name: str, version: str) -> str | None:
        """Return `wheel`, `sdist` or nothing, for the best file for the template; None where there is no release."""


class KnownReleases:
    """A source that knows only what it is given; for programs without an index and for tests."""

    def __init__(self, known: Mapping[tuple[str, str], Release]) -> None:
        self._known = known

    def release(self, name: str, version: str) -> Release | None:
        """Return the release when it was given."""
        return self._known.get((name, version))

    def fitting(self, name: str, version: str) -> str | None:
        """Return `wheel` for what was given, None for the rest."""
        return "wheel" if (name, version) in self._known else None
