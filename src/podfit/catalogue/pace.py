"""How long installers took where it was measured: pace.toml."""

from __future__ import annotations

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind
from podfit.model.pace import Pace


def pace(installer: str) -> Pace:
    """Return the measured pace of `uv` or `pip`. Raises KeyError for another installer."""
    entry = table("pace")[installer]
    source = entry["evidence"]
    evidence = Evidence(EvidenceKind(source["kind"]), source["source"], source["detail"])
    return Pace(installer, float(entry["bytes_per_second"]), float(entry["seconds_per_file"]), evidence)
