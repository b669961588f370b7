"""torch beside NumPy, as it was run (torch_numpy.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence


class PairRun(msgspec.Struct, frozen=True):
    """One run of torch beside NumPy on a Python: fails maps a use to its error, warns to what it printed."""

    torch: str
    numpy: str
    python: str
    fails: Mapping[str, str] = {}
    warns: Mapping[str, str] = {}


@cache
def torch_numpy_runs() -> tuple[PairRun, ...]:
    """Return every run, by torch, then by NumPy."""
    return tuple(msgspec.convert(entry, PairRun) for entry in table("torch_numpy")["run"])


def torch_numpy_uses() -> tuple[str, ...]:
    """Return what each run tried."""
    return tuple(table("torch_numpy")["uses"])


def torch_numpy_evidence() -> Evidence:
    """Return how the runs were made."""
    return stated(table("torch_numpy"))
