"""What an audit looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from podfit.audit.consistency import Walk, final_environment, walk
from podfit.audit.judging import Surroundings
from podfit.model import Bound, Finding, Need, Overlay, Release, Template, Timely
from podfit.model.requirement import Markers

if TYPE_CHECKING:
    from podfit.audit.binary.facts import WheelBinaries


def _nobody(_: str) -> Sequence[str]:
    """Name no template."""
    return ()


@dataclass(frozen=True)
class Subject:
    """A solution as the audits see it: a template, the needs, the overlay, and the metadata of all that it adds.

    added are the releases that the overlay installs or changes, by name; held are the template's distributions that may
    never change; bounds are what it was solved under: known, and what earlier rounds taught. binaries are what was read
    of the compiled modules of planned wheels, by name; unread says of others why they were not read. ignored are the
    codes of checks whose failures somebody ignores: these teach nothing. waived are releases, by name and version,
    against which there is advice that no other release meets either; unimported those without which all that requires
    them works, of which it is known. files are the paths that distributions bring, of those that may collide. code_for
    returns, for a compute capability, the first templates whose torch has code for it: asked where one is to be named.
    """

    template: Template
    needs: Sequence[Need]
    overlay: Overlay
    added: Mapping[str, Release]
    held: frozenset[str]
    bounds: tuple[Bound, ...] = ()
    known: tuple[Bound, ...] = ()
    binaries: Mapping[str, WheelBinaries] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    waived: frozenset[tuple[str, str]] = frozenset()
    unimported: frozenset[str] = frozenset()
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    timely: tuple[Timely, ...] = ()
    code_for: Callable[[str], Sequence[str]] = _nobody

    @cached_property
    def environment(self) -> Mapping[str, Release]:
        """The planned environment: the template's distributions with the added ones put over them, by name."""
        return final_environment(self.template, self.added)

    @cached_property
    def walk(self) -> Walk:
        """One pass over every requirement of the planned environment."""
        return walk(self.environment, self.template, self.needs)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What a single release is judged in."""
        return Surroundings(
            self.template,
            self.environment,
            self.held,
            frozenset(need.name for need in self.needs),
            Markers(self.template.marker_environment),
            frozenset(name for found in self.binaries.values() for name in found.names),
        )


@dataclass(frozen=True, slots=True)
class Audited:
    """What audits said of one subject.

    bounds are what its violations teach: with them the next solution may be a clean one. A finding stands for what
    this solution is; a bound for what no solution may be.
    """

    findings: tuple[Finding, ...] = ()
    bounds: tuple[Bound, ...] = ()


Audit = Callable[[Subject], Audited]
"""An independent check of a solution. Pure: what it needs to know is in the subject."""


def audited(subject: Subject, audits: Sequence[Audit]) -> Audited:
    """Return what all audits say together, in their order."""
    said = [audit(subject) for audit in audits]
    return Audited(
        tuple(finding for each in said for finding in each.findings),
        tuple(dict.fromkeys(bound for each in said for bound in each.bounds)),
    )
