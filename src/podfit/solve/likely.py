"""Who is told what a solution is likely to hold, while the resolver is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from podfit.model import LockedPackage


class Likely(Protocol):
    """Is told what a solution is likely to hold, in a thread that may wait."""

    def releases(self, stated: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
        """Take up Requires-Dist lines by name and version."""

    def all_of_them(self) -> None:
        """Take it that nothing more is likely."""

    def answer(self, packages: Mapping[str, LockedPackage]) -> None:
        """Take up an answer of the resolver."""
