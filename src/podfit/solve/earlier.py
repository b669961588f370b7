"""What one solve of the needs leaves for the next one, which has more bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from podfit.model import PassedOver, RefusedNeed
from podfit.solve.alternative import Unsought
from podfit.solve.conflicts import Core, Impossible

if TYPE_CHECKING:
    from podfit.solve.uv import Question

FEWEST, FIXED = "fewest", "fixed"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The versions that needs came to over what stays (PEP 508 lines), and what they could not have."""

    lines: tuple[str, ...]
    staying: frozenset[str]
    passed_over: tuple[PassedOver, ...]


@dataclass(slots=True)
class Earlier:
    """What solving the same needs under fewer bounds found: all of it stays true under more.

    relaxed are needs whose limits gave way, dropped those that cannot be had at all, refused says why; cores are the
    sets of pins that cannot all stay, fixed has those that cannot with needs in exact versions (PEP 508 lines),
    impossible has what they could not have together, near maps relaxed needs to the versions near their pins, floors
    to the oldest release that can take their place, plain has the extras without which needs are asked for. hard has
    the searches for the fewest changes that QUICK_RUNS resolutions did not end: FEWEST whatever the needs'
    versions, FIXED with them. witnesses has the pins that solutions moved, by the question and the needs' versions.
    chosen has the versions that the needs came to: under more bounds none is better, where these can be had still.
    unsought is the search that is left. cleared is how often it was cleared. base is what was found under nothing but
    what stays in force, and begun are the questions that uv began with and that may never be asked.
    """

    relaxed: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    refused: list[RefusedNeed] = field(default_factory=list)
    cores: tuple[Core, ...] = ()
    near: dict[str, str] = field(default_factory=dict)
    floors: dict[str, str] = field(default_factory=dict)
    plain: dict[str, tuple[str, ...]] = field(default_factory=dict)
    impossible: dict[tuple[object, ...], list[Impossible]] = field(default_factory=dict)
    witnesses: dict[tuple[str, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)
    fixed: dict[tuple[str, ...], tuple[Core, ...]] = field(default_factory=dict)
    chosen: dict[tuple[object, ...], Chosen] = field(default_factory=dict)
    hard: set[str] = field(default_factory=set)
    unsought: Unsought | None = None
    cleared: int = 0
    base: Earlier | None = None
    begun: list[Question] = field(default_factory=list)

    def copied(self) -> Earlier:
        """Return the same in containers of its own: what one of them takes up, the other does not."""
        impossible = {place: list(found) for place, found in self.impossible.items()}
        return replace(
            self,
            relaxed=set(self.relaxed),
            dropped=set(self.dropped),
            refused=list(self.refused),
            near=dict(self.near),
            floors=dict(self.floors),
            plain=dict(self.plain),
            impossible=impossible,
            witnesses=dict(self.witnesses),
            fixed=dict(self.fixed),
            chosen=dict(self.chosen),
            hard=set(self.hard),
            begun=list(self.begun),
        )

    def found_under_nothing_else(self) -> None:
        """Keep what was found as what stays true whatever gives way later: all that it rests on stays in force."""
        if self.base is None:
            self.base = self.copied()

    def anew(self) -> Earlier:
        """Return what is true whatever limits are in force and whatever more is asked for."""
        if self.base is None:
            return Earlier(begun=self.begun)
        return replace(self.base.copied(), base=self.base, hard=set(), begun=self.begun)

    def clear(self) -> None:
        """Forget everything but what is hard and the base: it was found under limits that are none any more."""
        known = self.anew()
        self.relaxed, self.dropped, self.refused = known.relaxed, known.dropped, known.refused
        self.cores, self.fixed, self.near, self.plain = known.cores, known.fixed, known.near, known.plain
        self.impossible, self.witnesses, self.chosen = known.impossible, known.witnesses, known.chosen
        self.cleared += 1

    def take(
        self,
        relaxed: Collection[str],
        dropped: Collection[str],
        refused: Iterable[RefusedNeed],
        cores: tuple[Core, ...],
    ) -> None:
        """Keep what one more solution found."""
        self.relaxed.update(relaxed)
        self.dropped.update(dropped)
        self.refused = list(refused)
        self.cores = cores
