"""When each series of Python was released: pythons.toml."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from podfit.catalogue.table import table


class Python(msgspec.Struct, frozen=True):
    """A series (`3.10`), the day of its first final release (ISO), and the PEP that says so."""

    series: str
    released: str
    source: str


@lru_cache(maxsize=1)
def pythons() -> dict[str, Python]:
    """Return what is known of each series, by its name."""
    return {each.series: each for each in msgspec.convert(table("pythons")["python"], list[Python])}
