"""How far a template's list agrees with what was seen on machines of the image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from podfit.model.evidence import Evidence
from podfit.model.versions import same_version


@dataclass(frozen=True, slots=True)
class Agreement:
    """One list that was seen on a machine (a freeze, a log), compared with a template's.

    agree of its `of` lines have the version that the template's list has. differs are the others: `name version, seen
    version`, the version `absent` where the template's list has none. evidence tells where the list was seen.
    """

    agree: int
    of: int
    differs: tuple[str, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        """Reject numbers that no comparison gives."""
        if not 0 <= self.agree <= self.of or self.agree + len(self.differs) > self.of:
            raise ValueError(f"{self.agree} of {self.of} lines agree, {len(self.differs)} differ: no such comparison")

    def __str__(self) -> str:
        """Return `107 of 108 seen lines agree`."""
        return f"{self.agree} of {self.of} seen lines agree"


def compared(versions: Iterable[tuple[str, str]], seen: Iterable[tuple[str, str]], evidence: Evidence) -> Agreement:
    """Return how far a template's names and versions agree with those of a list that was seen; names are normalized."""
    there = dict(versions)
    lines = dict(seen)
    differs = tuple(
        f"{name} {there.get(name) or 'absent'}, seen {version}"
        for name, version in sorted(lines.items())
        if not same_version(there.get(name, ""), version)
    )
    return Agreement(len(lines) - len(differs), len(lines), differs, evidence)
