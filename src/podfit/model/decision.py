"""A decision: what happens to one distribution on one template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from podfit.model.evidence import Evidence


class Action(str, Enum):
    """What podfit does with a distribution on a template."""

    KEEP = "keep"
    """The template has it and it stays as it is."""
    INSTALL = "install"
    """It is missing on the template and gets installed."""
    CHANGE = "change"
    """The template's version has to be replaced; the conflict that forces it is the reason."""
    CONFLICT = "conflict"
    """What the project asks cannot be had on this template."""
    SKIP = "skip"
    """It is not needed there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One template distribution that has to change, and the conflict that forced it.

    before and after are exact versions; conflict is the resolver's explanation for the pinned version.
    """

    name: str
    before: str
    after: str
    conflict: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One distribution on one template.

    local, template and planned are exact versions, empty where there is none. direct tells a direct need from a
    dependency; required_by names the distributions that ask for it. drift is the sentence about a planned version
    that differs from the local one, empty where they agree or where there is no local one. held tells that the
    template's version may never change.
    """

    name: str
    action: Action
    reason: str
    evidence: tuple[Evidence, ...]
    local: str = ""
    template: str = ""
    planned: str = ""
    direct: bool = False
    held: bool = False
    required_by: tuple[str, ...] = ()
    drift: str = ""
    download_bytes: int = 0
