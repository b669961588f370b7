"""Names that releases of a distribution gained or lost: moved_names.toml."""

from __future__ import annotations

from collections.abc import Mapping

from podfit.catalogue.table import table


def gone_names(distribution: str) -> Mapping[str, str]:
    """Return the names that a distribution no longer has, each with the first release without; {} for an unknown."""
    found: Mapping[str, str] = table("moved_names").get(distribution, {}).get("gone", {})
    return found
