"""Where a statement came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class EvidenceKind(str, Enum):
    """How podfit came to know something, strongest first."""

    MEASURED = "measured"
    """A run on the real thing showed it."""
    BINARY = "binary"
    """Read from the bytes of an artefact."""
    METADATA = "metadata"
    """Declared by the distribution's own metadata or by the project."""
    PUBLISHED = "published"
    """Stated by the vendor or maintainer in a document."""
    ASSUMED = "assumed"
    """Nobody showed it; podfit says so."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source of one statement.

    source names the origin precisely enough to look it up (a file:line, a URL, a command, a distribution and
    its metadata field); detail is the fact read there, possibly empty.
    """

    kind: EvidenceKind
    source: str
    detail: str = ""

    def __str__(self) -> str:
        """Return `kind: source (detail)`, as printed next to claims."""
        return f"{self.kind.value}: {self.source}" + (f" ({self.detail})" if self.detail else "")
