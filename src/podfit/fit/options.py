"""How to fit: everything that steers a plan beside the project and the templates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit.

    extras and groups of the project to plan for; only_imported drops what is declared but never imported;
    include_optional plans for guarded imports too. hold and release add and remove names from what may never change.
    index_url is the index that has what no other has, extra_index_urls are asked before it, find_links are further
    directories or pages of files. exclude_newer is an ISO date: files uploaded later do not exist.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    only_imported: bool = False
    include_optional: bool = False
    hold: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    index_url: str = "https://pypi.org/simple/"
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    exclude_newer: str = ""
