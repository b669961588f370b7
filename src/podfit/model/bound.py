"""A bound: a limit that no metadata states, learned from a violation, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from podfit.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Bound:
    """What may not be planned: versions of name outside of specifier (PEP 440), or one file of one version.

    For a file, filename is the file and specifier the version that it belongs to (`==1.2.3`); other files of that
    version are welcome. name is normalized. reason is one sentence for people.
    """

    name: str
    reason: str
    evidence: Evidence
    specifier: str = ""
    filename: str = ""

    def __post_init__(self) -> None:
        """Reject a bound that limits nothing, and a file of no version."""
        if not self.specifier:
            raise ValueError("a bound limits versions, or names a file and the version that it belongs to")

    def excludes(self, name: str, version: str) -> bool:
        """Tell whether it rules out a whole release; what cannot be read as a version is none of its business."""
        if name != self.name or self.filename:
            return False
        try:
            return not SpecifierSet(self.specifier).contains(version, prereleases=True)
        except InvalidVersion:
            return False

    def __str__(self) -> str:
        """Return what it excludes and why."""
        what = f"not {self.filename}" if self.filename else f"{self.name}{self.specifier}"
        return f"{what}: {self.reason}"
