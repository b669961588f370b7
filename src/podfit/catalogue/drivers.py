"""The least NVIDIA driver for a CUDA, and what a driver can run (drivers.toml)."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence


class Support(str, Enum):
    """How far a driver supports a CUDA."""

    FULL = "full"
    """It is at least the driver that this CUDA came with."""
    LIMITED = "limited"
    """It runs what was built with this CUDA, but what is compiled to PTX at run time."""
    NONE = "none"
    """It is older than any driver that runs it."""
    UNKNOWN = "unknown"
    """The catalogue does not know that CUDA."""


class LeastDriver(msgspec.Struct, frozen=True):
    """The drivers of one CUDA (Linux): least runs it under minor-version compatibility, own is the one it came with.

    Each with its evidence; own is empty where the catalogue does not know it.
    """

    cuda: str
    least: str
    least_evidence: Evidence
    own: str = ""
    own_evidence: Evidence | None = None


@cache
def least_driver(cuda: str) -> LeastDriver | None:
    """Return the drivers of a CUDA (`12.4`, `12.4.1`); None for one of which the catalogue knows nothing."""
    found = re.match(r"([0-9]+)\.([0-9]+)", cuda)
    if found is None:
        return None
    known = table("drivers")
    family, release = known["family"], known["release"]
    series = f"{found[1]}.{found[2]}"
    own = release.get(series, "")
    least = family.get(found[1], "") or own  # before CUDA 11 there was no minor-version compatibility
    if not least:
        return None
    evidence = stated(family) if found[1] in family else stated(release)
    return LeastDriver(series, least, evidence, own, stated(release) if own else None)


def support(driver: str, cuda: str) -> Support:
    """Return how far a driver (`570`, `570.86.15`) supports a CUDA.

    A driver given by its branch alone (`570`) is taken for the newest of that branch: nobody said that it is old.
    """
    known = least_driver(cuda)
    if known is None or not numbers(driver):
        return Support.UNKNOWN
    if _before(driver, known.least):
        return Support.NONE
    if not known.own:
        return Support.LIMITED
    return Support.LIMITED if _before(driver, known.own) else Support.FULL


def newest_cuda(driver: str) -> str:
    """Return the newest CUDA of the catalogue that a driver supports in full (`12.8` for 570); empty for an old one."""
    fitting = [cuda for cuda, own in _releases().items() if not _before(driver, own)]
    return max(fitting, key=numbers, default="")


def numbers(version: str) -> tuple[int, ...]:
    """Return a driver's version as numbers, to compare by; empty for a text that is none."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"[0-9]+(\.[0-9]+)*", version) else ()


def _before(driver: str, least: str) -> bool:
    """Tell whether a driver is older than least, as far as it is named: 570 is not before 570.26."""
    there, wanted = numbers(driver), numbers(least)
    return there < wanted[: len(there)]


def _releases() -> dict[str, str]:
    """Return the driver of each CUDA."""
    return {cuda: own for cuda, own in table("drivers")["release"].items() if cuda != "evidence"}
