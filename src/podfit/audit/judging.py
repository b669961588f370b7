"""What one release is judged in, and what a judge says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from podfit.audit.binary.facts import WheelBinaries
from podfit.model import Evidence, Release, Template
from podfit.model.requirement import Markers


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a release is judged in: the template, the planned environment by name, and what the project needs itself.

    brought are the libraries of the wheels that were read: one may load those of another.
    """

    template: Template
    environment: Mapping[str, Release]
    held: frozenset[str]
    needed: frozenset[str]
    markers: Markers = field(compare=False)
    brought: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Objection:
    """What stands against a release in its surroundings: the check, a sentence, the evidence.

    fatal tells that it does not run; otherwise it runs and may be wrong. advice tells that somebody says so, and that
    nobody saw it: where no other release can be had, it is a warning. whole tells that it stands against every release
    of the distribution, so that no other one need be looked for. unknown tells that it may be so and that nothing on
    hand tells; remedy is what to do, empty where another release is the remedy.
    """

    check: str
    reason: str
    evidence: Evidence
    fatal: bool = True
    advice: bool = False
    whole: bool = False
    unknown: bool = False
    remedy: str = ""


Judge = Callable[[Release, WheelBinaries | None, Surroundings], Iterator[Objection]]
"""Yields what stands against one release; the binaries are None where nobody read them."""
