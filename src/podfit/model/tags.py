"""The wheel tags that an interpreter on a machine accepts, worked out without it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podfit.model.template import Template

OLDEST_GLIBC = 17
"""The second number of the oldest glibc that the resolver knows and that wheels are built for today (PEP 599)."""

_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""The names that PEP 600 gives as aliases of manylinux_2_17, 2_12 and 2_5; the older two exist for x86 alone."""


def platform_tags(template: Template) -> tuple[str, ...]:
    """Return the wheel tags that template accepts, best first (`cp311-cp311-manylinux_2_35_x86_64`)."""
    return template.target.tags


@lru_cache(maxsize=64)
def wheel_tags(implementation: str, series: str, abi: str, machine: str, glibc_minor: int | None) -> tuple[str, ...]:
    """Return the tags of an interpreter (`cpython`, `3.11`, `cp311`) on a machine, best first.

    glibc_minor is 35 for glibc 2.35; None, where the C library is not known, leaves out all wheels for one.
    """
    from packaging.tags import compatible_tags, cpython_tags, generic_tags

    major, minor = (int(part) for part in series.split("."))
    platforms = [f"linux_{machine}", *_manylinux(glibc_minor, machine)] if glibc_minor is not None else []
    digits = f"{major}{minor}"
    if implementation == "cpython":
        # ABIs and platforms are named: left out, packaging would add those of the interpreter that runs podfit.
        own = [str(tag) for tag in cpython_tags((major, minor), abis=[abi], platforms=platforms)]
        name = f"cp{digits}"
    else:
        name = f"pp{digits}"
        own = [str(tag) for tag in generic_tags(name, abis=[abi], platforms=platforms)]
    return (*own, *(str(tag) for tag in compatible_tags((major, minor), interpreter=name, platforms=platforms)))


def _manylinux(glibc_minor: int, machine: str) -> Iterator[str]:
    """Yield the platform tags of glibc 2.N on a machine, the newest first (PEP 600)."""
    lowest = 5 if machine in ("x86_64", "i686") else OLDEST_GLIBC
    for minor in range(glibc_minor, lowest - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{machine}"
