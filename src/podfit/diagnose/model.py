"""What a log is read into, and what podfit says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from podfit.model import Evidence

OTHER = "oom_or_other_not_dependency"
"""The category of all that no change of packages mends."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log without what terminals, notebooks and launchers put around it.

    number is its place in the log, from 1; several may share one (a progress bar's carriage returns). stream tells the
    processes of a distributed run apart, empty for one alone.
    """

    number: int
    text: str
    stream: str = ""


class Checked(str, Enum):
    """What the environment at hand says of a cause."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, with the lines that show it.

    packages are those that the fix acts on, empty where nothing is to be changed. fix are commands, or sentences where
    no command does it, the best first. confidence is from 0 to 1. symptom is the row of the table that knows it, empty
    where none does. source is what the row rests on; told says what was checked, and against what.
    """

    category: str
    cause: str
    evidence: tuple[Line, ...]
    packages: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    checked: Checked = Checked.UNCHECKED
    confidence: float = 0.0
    symptom: str = ""
    source: Evidence | None = None
    told: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the object that JSON output has for it."""
        return {
            "category": self.category,
            "cause": self.cause,
            "evidence": [{"line": line.number, "text": line.text} for line in self.evidence],
            "packages": list(self.packages),
            "fix": list(self.fix),
            "checked": self.checked.value,
            "confidence": round(self.confidence, 2),
            "symptom": self.symptom,
            "source": str(self.source) if self.source else "",
            "told": self.told,
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What podfit says of a log: causes, best first; none where it knows nothing of what the log says."""

    causes: tuple[Cause, ...] = ()

    @property
    def dependency(self) -> bool:
        """Whether the first cause is one that other packages, or another environment, mend."""
        return bool(self.causes) and self.causes[0].category != OTHER

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"dependency": self.dependency, "causes": [cause.to_json() for cause in self.causes]}
