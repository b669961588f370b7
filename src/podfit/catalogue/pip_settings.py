"""Settings of pip that change what an installation does (pip_settings.toml)."""

from __future__ import annotations

from functools import cache

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence


class PipSetting(msgspec.Struct, frozen=True):
    """One setting: its key as pip writes it, when it counts (`flag`, `value`), what it does and what to do."""

    key: str
    kind: str
    said: str
    remedy: str


@cache
def pip_settings() -> tuple[PipSetting, ...]:
    """Return every setting of the catalogue."""
    return tuple(msgspec.convert(entry, PipSetting) for entry in table("pip_settings")["setting"])


def pip_evidence() -> Evidence:
    """Return where it is stated what the settings do."""
    return stated(table("pip_settings"))
