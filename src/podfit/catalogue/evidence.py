"""The evidence that an entry of a table states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podfit.model import Evidence, EvidenceKind


def stated(entry: Mapping[str, Any]) -> Evidence:
    """Return the evidence that an entry of a table has under `evidence`."""
    found = entry["evidence"]
    return Evidence(EvidenceKind(found["kind"]), found["source"], found.get("detail", ""))
