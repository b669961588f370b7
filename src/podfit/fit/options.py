"""How to fit: everything that steers a plan beside the project and the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from podfit.model import Bound, InputError
from podfit.model.check import ignorable
from podfit.model.choice import NEEDS, PREFERABLE


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit.

    bounds are what is known before the first solution, from runs; of what is held they say nothing.
    extras and groups of the project to plan for; only_imported drops what is declared but never imported;
    include_optional plans for guarded imports too. hold and release add and remove names from what may never change.
    index_url is the index that has what no other has (empty: pip's and uv's variables, else PyPI), extra_index_urls are
    asked before it, find_links are further directories or pages of files. exclude_newer is an ISO date or time: files
    uploaded later do not exist. ignore maps codes of checks to the reasons why their failures are ignored. prefer says
    what comes first: "needs" (their best versions, then the fewest changes to the template) or "template" (the fewest
    changes, whatever the needs' versions). slim takes smaller builds that have all that the project imports.
    allow_build names what may be built from source while planning, which runs its code on this machine (`:all:` for
    everything; by default nothing is). unasked are indexes that cannot be asked, by label, with the reason. gpu (`RTX
    5090`, `sm_120`, or `probed`: the template's own) and driver (`570`) name the machine; empty: what the template
    itself says of one counts.
    Raises InputError for an exclude_newer that is no date, another prefer, and for a check that there is not or that
    cannot be ignored.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()
    only_imported: bool = False
    include_optional: bool = False
    hold: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    exclude_newer: str = ""
    allow_build: tuple[str, ...] = ()
    prefer: str = NEEDS
    slim: bool = False
    gpu: str = ""
    driver: str = ""
    ignore: Mapping[str, str] = field(default_factory=dict)
    unasked: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the codes, the date and what is preferred."""
        if self.prefer not in PREFERABLE:
            raise InputError(f"prefer={self.prefer!a} is no choice", remedy=f"take one of {', '.join(PREFERABLE)}")
        for code in self.ignore:
            ignorable(code)
        try:
            if self.exclude_newer:
                datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", self.exclude_newer))
        except ValueError:
            raise InputError(
                f"--exclude-newer {self.exclude_newer!r} is no date",
                remedy="write one like 2024-08-14 or 2024-08-14T12:00:00Z",
            ) from None
