"""Bounds that are tried and give way: what they rest on may never run, or is somebody's word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from podfit.audit import Subject
from podfit.fit.fallen import FAR
from podfit.fit.times import first_upload
from podfit.model import Bound, EvidenceKind, Finding, Verdict
from podfit.model.times import instant
from podfit.model.versions import parsed
from podfit.solve import Earlier
from podfit.solve.unsolvable import words_of

MOST_HALVINGS = 6
"""So often at most half of what was tried together gives way, to find what is in the way of the rest."""


@dataclass(slots=True)
class Wishes:
    """Bounds that give way where they leave a need without a release, or move NumPy: what they rest on may never run.

    And what is assumed alone, where it costs a need years. What the project's own code imports may move NumPy: without
    it the need is not had. owed are the bounds for that. standing are those that are tried, fresh the last of them,
    refused the needs that were refused before these and anchor NumPy's version then, stubborn the names for which
    nothing is wished any more, failures how often some gave way. before is what solving had found when there was none
    of them yet. times has when the needs' releases were published (ISO 8601) that the last of them have not cost, where
    nothing else was learned with these.
    """

    standing: tuple[Bound, ...] = ()
    fresh: tuple[Bound, ...] = ()
    failures: int = 0
    refused: frozenset[str] = frozenset()
    anchor: str = ""
    stubborn: set[str] = field(default_factory=set)
    before: Earlier = field(default_factory=Earlier)
    times: Mapping[str, str] = field(default_factory=dict)
    owed: set[Bound] = field(default_factory=set)

    @property
    def names(self) -> frozenset[str]:
        """The names of the bounds that are tried."""
        return frozenset(bound.name for bound in self.fresh or self.standing)

    def may(self, bound: Bound) -> bool:
        """Tell whether a bound may be wished: nothing of its name was given up before."""
        return bound.name not in self.stubborn

    def new(
        self, bounds: Iterable[Bound], subject: Subject, earlier: Earlier, *, alone: bool = False
    ) -> tuple[Bound, ...]:
        """Return which of bounds are to be tried next; subject is the solution and earlier what was found until now.

        alone tells that nothing else is learned with them.
        """
        found = tuple(bound for bound in bounds if self.may(bound) and bound not in self.standing)
        if found:
            if not self.standing:
                self.before = earlier.copied()
            self.standing += found
            self.fresh = found
            self.refused = frozenset(need.name for need in subject.overlay.refused)
            self.anchor = anchor_of(subject)
            needs = [need.name for need in subject.needs if need.name in subject.added]
            self.times = {name: first_upload(subject, name) for name in needs} if alone else {}
        return found

    def lost(self, subject: Subject) -> str | None:
        """Return what is told of what a solution with what was tried has lost and it is not worth, None for nothing.

        A need that is refused for something else is none of that. NumPy may move for what is owed for a single need:
        where more was tried, nobody knows what it moved for. But to no later major version: what was compiled for that
        runs with the one before, and not the other way round.
        """
        moved = anchor_of(subject) != self.anchor
        before, now = parsed(self.anchor), parsed(anchor_of(subject))
        owed = self.owed.issuperset(self.fresh) and len({bound.name for bound in self.fresh}) == 1
        owed = owed and before is not None and now is not None and now.major <= before.major
        refused = [each for each in subject.overlay.refused if each.name not in self.refused]
        told = " ".join(f"{each.name} {each.message}" for each in refused)
        if refused and words_of(told).isdisjoint(bound.name for bound in self.standing):
            self.refused |= {each.name for each in refused}
            told, refused = "", []
        return told if refused or (moved and not owed) or self._cost(subject, moved) else None

    def _cost(self, subject: Subject, moved: bool) -> bool:
        """Tell whether the first solution with what is assumed has a release of a need from long before the last one.

        Or the first for which NumPy moved. A wish that is for that need itself is meant so.
        """
        own = {bound.name for bound in self.standing}
        dear = moved or any(_strength(bound) == 0 for bound in self.fresh)
        return dear and any(
            instant(before) - instant(now) > FAR
            for name, before in self.times.items()
            if name not in own and before and (now := first_upload(subject, name))
        )

    def paid(self, subject: Subject) -> None:
        """Take it that what was tried last costs nothing more than what a solution has lost."""
        self.times = {}
        self.anchor = anchor_of(subject)

    def given_up(
        self, bounds: tuple[Bound, ...], earlier: Earlier, told: str = ""
    ) -> tuple[tuple[Bound, ...], Earlier]:
        """Return bounds without some of those that were tried last, and what was found before any.

        All but what is owed for one need gives way first; then what is assumed, and what maintainers say last. Half of
        several gives way, and may be wished again: one may be in the way of all. Of one nothing is wished any more.
        Where what is told of what was lost names some of them, it is these that give way.
        What was learned since stays in force, so that what was found before stays true; unless limits gave way since.
        """
        self.failures += 1
        words = words_of(told)
        tried = self.fresh or self.standing
        tried = tuple(bound for bound in tried if bound.name in words) or tried
        alone = next((bound.name for bound in tried if bound in self.owed), "")
        beside = [bound for bound in tried if alone and bound.name != alone]
        weakest = min(map(_strength, tried))
        lost = beside or [bound for bound in tried if _strength(bound) == weakest]
        if len(lost) > 1 and not beside and self.failures <= MOST_HALVINGS:
            lost = lost[len(lost) // 2 :]
        elif not beside:
            self.stubborn |= {bound.name for bound in lost}
        self.fresh = tuple(bound for bound in self.fresh if bound not in lost)
        self.standing = tuple(bound for bound in self.standing if bound not in lost)
        left = tuple(bound for bound in bounds if bound not in lost)
        return left, self.before.copied() if self.before.cleared == earlier.cleared else earlier.anew()

    def unmet(
        self, bounds: Iterable[Bound], remedy: str, fatal: Collection[Bound] = frozenset()
    ) -> tuple[Finding, ...]:
        """Return what the solution breaks of bounds, as warnings; remedy is what to do, with a blank for the name.

        Of fatal as failures: the project cannot use what is planned.
        """
        return tuple(
            Finding(
                "bounds",
                bound.name,
                Verdict.FAILED if bound in fatal else Verdict.WARNING,
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
