"""Bounds that are tried and give way: what they rest on may never run, or is somebody's word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from podfit.audit import Subject
from podfit.model import Bound, EvidenceKind, Finding, Verdict
from podfit.solve import Earlier

MOST_HALVINGS = 6
"""So often at most half of what was tried together gives way, to find what is in the way of the rest."""


@dataclass(slots=True)
class Wishes:
    """Bounds that give way where they leave a need without a release, or move NumPy: what they rest on may never run.

    standing are those that are tried, fresh the last of them, refused the needs that were refused before these and
    anchor NumPy's version then, stubborn the names for which nothing is wished any more, failures how often some gave
    way. before is what solving had found when there was none of them yet.
    """

    standing: tuple[Bound, ...] = ()
    fresh: tuple[Bound, ...] = ()
    failures: int = 0
    refused: frozenset[str] = frozenset()
    anchor: str = ""
    stubborn: set[str] = field(default_factory=set)
    before: Earlier = field(default_factory=Earlier)

    def may(self, bound: Bound) -> bool:
        """Tell whether a bound may be wished: nothing of its name was given up before."""
        return bound.name not in self.stubborn

    def new(self, bounds: Iterable[Bound], subject: Subject, earlier: Earlier) -> tuple[Bound, ...]:
        """Return which of bounds are to be tried next; subject is the solution and earlier what was found until now."""
        found = tuple(bound for bound in bounds if self.may(bound) and bound not in self.standing)
        if found:
            if not self.standing:
                self.before = earlier.copied()
            self.standing += found
            self.fresh = found
            self.refused = frozenset(need.name for need in subject.overlay.refused)
            self.anchor = anchor_of(subject)
        return found

    def given_up(self, bounds: tuple[Bound, ...], earlier: Earlier) -> tuple[tuple[Bound, ...], Earlier]:
        """Return bounds without some of those that were tried last, and what was found before any.

        What is assumed gives way first, what maintainers say last. Half of several gives way, and may be wished again:
        one may be in the way of all. Of one nothing is wished any more. What was learned since stays in force, so that
        what was found before stays true; unless limits gave way since.
        """
        self.failures += 1
        tried = self.fresh or self.standing
        weakest = min(map(_strength, tried))
        lost = [bound for bound in tried if _strength(bound) == weakest]
        if len(lost) > 1 and self.failures <= MOST_HALVINGS:
            lost = lost[len(lost) // 2 :]
        else:
            self.stubborn |= {bound.name for bound in lost}
        self.fresh = tuple(bound for bound in self.fresh if bound not in lost)
        self.standing = tuple(bound for bound in self.standing if bound not in lost)
        left = tuple(bound for bound in bounds if bound not in lost)
        return left, self.before.copied() if self.before.cleared == earlier.cleared else Earlier()

    def unmet(self, bounds: Iterable[Bound], remedy: str) -> tuple[Finding, ...]:
        """Return what the solution breaks of bounds, as warnings; remedy is what to do, with a blank for the name."""
        return tuple(
            Finding(
                "bounds",
                bound.name,
                Verdict.WARNING,
                f"{bound.reason}, and cannot be had",
                bound.evidence,
                remedy.format(bound.name),
            )
            for bound in bounds
        )


def _strength(bound: Bound) -> int:
    """Return how firm a wish is, by its evidence: assumed, read in a wheel, or said by the maintainers."""
    return {EvidenceKind.ASSUMED: 0, EvidenceKind.METADATA: 2}.get(bound.evidence.kind, 1)


def anchor_of(subject: Subject) -> str:
    """Return the version of NumPy of a planned environment, empty where there is none."""
    numpy = subject.environment.get("numpy")
    return numpy.version if numpy is not None else ""
