"""What measured runs showed of releases beside what is there: bounds-*.toml, a file for each environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from podfit.catalogue.table import table

_NAMES = "bounds-"


@dataclass(frozen=True, slots=True)
class MeasuredBound:
    """Which versions of a distribution ran beside others, or on a Python: those of a range.

    allowed is a PEP 440 specifier; what lies beyond did not run. against maps names to the versions beside which that
    was seen (`python` is the interpreter's). happens is what was seen, failed and ran are the versions that were run,
    run says where and with which command.
    """

    name: str
    allowed: str
    against: Mapping[str, str]
    happens: str
    failed: tuple[str, ...]
    ran: tuple[str, ...]
    run: str


@lru_cache(maxsize=1)
def all_bounds() -> tuple[MeasuredBound, ...]:
    """Return everything that was measured, in the order of the files."""
    found: list[MeasuredBound] = []
    names = (each.name for each in files(__package__).iterdir())
    for name in sorted(name for name in names if name.startswith(_NAMES) and name.endswith(".toml")):
        read = table(name[: -len(".toml")])
        run: Mapping[str, Any] = read["run"]
        for each in read["bound"]:
            where = f"{run['command']}, {run['date']}, over {run['on']}"
            seen = (each["happens"], tuple(each["failed"]), tuple(each["ran"]), where)
            found.append(MeasuredBound(each["name"], each["allowed"], each["against"], *seen))
    return tuple(found)
