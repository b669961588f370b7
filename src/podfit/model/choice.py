"""How the versions of the needs that a template lacks were chosen, and what else there was to choose."""

from __future__ import annotations

from dataclasses import dataclass

from podfit.model.evidence import Evidence

NEEDS, TEMPLATE = "needs", "template"
PREFERABLE = (NEEDS, TEMPLATE)
"""What may come first in a plan: the versions of what is asked for, or the template as it is."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What of a need could not be had (`2.11.7`, `newer than 0.11.0`), and how the resolver explains that.

    version is the best of these, empty where the index does not tell; reason a sentence on what keeps that one out.
    """

    name: str
    sought: str
    explanation: str
    version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """A need in another version than the planned one. uploaded is the ISO time of its first file, empty if unknown."""

    name: str
    version: str
    uploaded: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """The solution with the fewest changes to the template, where the plan has another one.

    needs are those that it has in other versions; changes are the names of the template's distributions that it
    changes. Nobody audited it.
    """

    needs: tuple[OtherVersion, ...]
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slimmer:
    """A smaller build that can stand in a need's place: every module that the project imports is in its wheel.

    name is the need's, slim the build's, version both releases'. loses says what is not in it, saves the
    bytes that need not be fetched. taken tells that the plan has it; evidence is its wheel's and the catalogue's.
    """

    name: str
    slim: str
    version: str
    loses: str
    saves: int
    evidence: tuple[Evidence, ...]
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Timely:
    """Releases of a package from a time on were left out, for nothing says that they work with what is older.

    until is that time (ISO 8601), reason what it is (`half a year after torch 2.4.0 of 2024-07-24`). gave_way tells
    that this left nothing that can be had, so that they count after all.
    """

    name: str
    until: str
    reason: str
    gave_way: bool = False
