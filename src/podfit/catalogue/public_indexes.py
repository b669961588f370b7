"""Indexes on which anybody may publish (public_indexes.toml)."""

from __future__ import annotations

from urllib.parse import urlsplit

from podfit.catalogue.table import table


def is_public(url: str) -> bool:
    """Tell whether anybody may publish under a free name on the index of this address; False for what is unknown."""
    try:
        return (urlsplit(url).hostname or "") in table("public_indexes")["hosts"]
    except ValueError:
        return False
