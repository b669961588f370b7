"""Plan, run, learn, plan again: until the plan runs or nothing is left to try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from podfit.model import Bound, Finding, Plan, Reporter, Verdict
from podfit.pod.apply import Applied
from podfit.pod.prove.search import Failure, Lesson, Older, lesson

MOST_ROUNDS = 12
"""So often at most a plan is made and run."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a plan ran: what failed by running, all findings, and how it was applied when it stays."""

    failed: tuple[Failure, ...]
    findings: tuple[Finding, ...] = ()
    applied: Applied | None = None

    @property
    def other(self) -> tuple[Finding, ...]:
        """The failed findings that nothing can be learned from: versions, files, requirements."""
        mine = {id(failure.finding) for failure in self.failed}
        return tuple(f for f in self.findings if f.verdict is Verdict.FAILED and id(f) not in mine)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: the plan, how it ran (None when nothing could be planned), and what that taught."""

    plan: Plan
    tried: Tried
    lessons: tuple[Lesson, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: the rounds in their order, and why it stopped when the last plan does not run."""

    rounds: tuple[Round, ...]
    reason: str = ""

    @property
    def plan(self) -> Plan:
        """The plan of the last round."""
        return self.rounds[-1].plan

    @property
    def runs(self) -> bool:
        """Whether the last plan runs."""
        last = self.rounds[-1].tried
        return not last.failed and not last.other


Attempt = Callable[[Plan], Tried]
"""Applies a plan and runs what is to run; what does not stay is put back before it returns."""

Replan = Callable[[tuple[Bound, ...]], "tuple[Plan | None, str]"]
"""Plans again under bounds: a plan that can work, or None and the reason."""


def until_it_runs(
    plan: Plan, attempt: Attempt, replan: Replan, older: Older, *, source: str, reporter: Reporter
) -> Ending:
    """Run plan, learn from what fails, plan again; every round is told to reporter.

    A distribution whose older releases do not help is left as it was, and the next one that the failure ran through is
    tried. source names the run, for the evidence of what is learned.
    """
    rounds: list[Round] = []
    learned: tuple[Bound, ...] = ()
    given_up: set[str] = set()
    while True:
        number = len(rounds) + 1
        reporter.step(f"round {number}: running the plan")
        tried = attempt(plan)
        if not tried.failed or tried.other or number == MOST_ROUNDS:
            return Ending((*rounds, Round(plan, tried)), _reason(tried, number))
        while True:
            lessons = tuple(
                lesson(failure, plan, older, source=f"{source}, round {number}", learned=learned, given_up=given_up)
                for failure in tried.failed
            )
            new = tuple(dict.fromkeys(each.bound for each in lessons if each.bound is not None))
            if not new:
                rounds.append(Round(plan, tried, lessons))
                return Ending(tuple(rounds), lessons[0].reason)
            stuck = {name for each in lessons if each.bound for name in _before(each, new) if name not in given_up}
            bounds = tuple(bound for bound in (*learned, *new) if bound.name not in stuck)
            found, why = replan(bounds)
            if found is not None:
                break
            # Under the new bounds nothing fits: what they are about does not help.
            given_up |= {bound.name for bound in new}
            reporter.step(f"round {number}: {new[0]}; under that nothing fits: {why}")
        for bound in new:
            reporter.step(f"round {number}: learned {bound}")
        rounds.append(Round(plan, tried, lessons))
        given_up |= stuck
        learned, plan = bounds, found


def _before(each: Lesson, new: Sequence[Bound]) -> list[str]:
    """Return the owners that come before the one that a lesson is about: those that did not help."""
    assert each.bound is not None  # noqa: S101 - the caller looked
    mine = {bound.name for bound in new}
    owners = each.failure.owners
    return [name for name in owners[: owners.index(each.bound.name)] if name not in mine]


def _reason(tried: Tried, number: int) -> str:
    """Return why no further round is made, empty when the plan runs."""
    if tried.other:
        return f"{tried.other[0].subject}: {tried.other[0].message}"
    return f"after {number} rounds something still fails" if tried.failed else ""
