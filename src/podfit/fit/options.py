"""How to fit: everything that steers a plan beside the project and the templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from podfit.model import InputError


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit.

    extras and groups of the project to plan for; only_imported drops what is declared but never imported;
    include_optional plans for guarded imports too. hold and release add and remove names from what may never change.
    index_url is the index that has what no other has (empty: pip's and uv's variables, else PyPI), extra_index_urls
    are asked before it, find_links are further directories or pages of files. exclude_newer is an ISO date or time:
    files uploaded later do not exist. Raises InputError for an exclude_newer that is no date.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    only_imported: bool = False
    include_optional: bool = False
    hold: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    exclude_newer: str = ""

    def __post_init__(self) -> None:
        """Check the date."""
        try:
            if self.exclude_newer:
                datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", self.exclude_newer))
        except ValueError:
            raise InputError(
                f"--exclude-newer {self.exclude_newer!r} is no date",
                remedy="write one like 2024-08-14 or 2024-08-14T12:00:00Z",
            ) from None
