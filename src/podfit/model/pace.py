"""How long installations take: a stated model, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from podfit.model.evidence import Evidence
from podfit.model.weight import Total


@dataclass(frozen=True, slots=True)
class Pace:
    """A model of an installer on a machine: seconds = bytes to fetch / bytes_per_second + files * seconds_per_file."""

    installer: str
    bytes_per_second: float
    seconds_per_file: float
    evidence: Evidence

    def seconds(self, total: Total) -> float:
        """Return the seconds that an installation of so much is predicted to take."""
        return total.download / self.bytes_per_second + total.files * self.seconds_per_file
