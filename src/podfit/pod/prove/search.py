"""What the failures of a run teach: who is to blame, and which older release is tried next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from podfit.model import Action, Bound, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.model.versions import public

MOST_STEPS = 5
"""So many older releases of one distribution are tried for one failure: one, two, four ... minor series back."""

_RUN = frozenset(["import", "function"])
"""The checks whose failures say that something does not run."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One check that failed by running: its finding, and whose files the failure ran through, the nearest first."""

    finding: Finding
    owners: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What it was about, and what was seen."""
        return f"{self.finding.subject} {self.finding.message}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one failure comes to: a bound to plan under, or why there is none."""

    failure: Failure
    bound: Bound | None = None
    reason: str = ""


Older = Callable[[str, str], Sequence[str]]
"""Returns the older final releases of a distribution that fit the template, newest first: (name, version)."""


def failures(findings: Sequence[Finding], owners: Sequence[Sequence[str]]) -> tuple[Failure, ...]:
    """Return what failed by running, of a verification's findings and the owners beside them."""
    beside = [*owners, *([()] * (len(findings) - len(owners)))]
    return tuple(
        Failure(finding, tuple(whose))
        for finding, whose in zip(findings, beside, strict=True)
        if finding.verdict is Verdict.FAILED and finding.check in _RUN
    )


def movable(plan: Plan) -> frozenset[str]:
    """Return what another version may be planned of: what the plan adds or changes and does not hold."""
    own = {member.name for member in plan.members}
    return frozenset(
        d.name for d in plan.with_action(Action.INSTALL, Action.CHANGE) if not d.held and d.name not in own
    )


def lesson(
    failure: Failure, plan: Plan, older: Older, *, source: str, learned: Sequence[Bound], given_up: Collection[str]
) -> Lesson:
    """Return what a failure of a plan teaches.

    learned are the bounds of earlier rounds, given_up the names whose older releases did not help.
    The first owner decides whose fault it is: of what is held, of the template and of the project's own nothing is
    learned, unless a distribution that the plan adds lies behind it.
    """
    own = {member.name for member in plan.members}
    if failure.owners and failure.owners[0] in own:
        return Lesson(failure, reason=f"it is in {failure.owners[0]}, which is the project's own: no package is blamed")
    may = movable(plan)
    decisions = {decision.name: decision for decision in plan.decisions}
    tried: list[str] = []
    for name in failure.owners:
        if name not in may:
            continue
        version = decisions[name].planned
        before = sum(bound.name == name for bound in learned)
        found = (
            None if name in given_up or before >= MOST_STEPS else next_release(older(name, version), version, before)
        )
        if found is None:
            tried.append(name)
            continue
        said = failure.finding
        evidence = Evidence(EvidenceKind.MEASURED, source, said.evidence.detail or said.message)
        reason = f"{name} {version} does not run: {said.message}"
        return Lesson(failure, Bound(name, reason, evidence, f"<={public(found)}"))
    if tried:
        return Lesson(failure, reason=f"no older release of {' or '.join(tried)} is left to try")
    if failure.owners:
        first = decisions.get(failure.owners[0])
        what = "is held" if first is not None and first.held else "is the template's own"
        return Lesson(
            failure, reason=f"it is in {failure.owners[0]}, which {what}: nothing that is planned is to blame"
        )
    why = "nothing tells whose fault it is: no package is blamed"
    return Lesson(failure, reason=f"{why}; {failure.finding.remedy}" if failure.finding.remedy else why)


def next_release(older: Sequence[str], version: str, before: int) -> str | None:
    """Return the release to try next: 1, 2, 4 ... minor series back, the newest of its series; None for none left.

    before is how often an older one was tried. Of a series with the version itself only other series count, unless
    there is no other.
    """
    try:
        own = _series(version)
    except InvalidVersion:
        return None
    newest: dict[tuple[int, int, int], str] = {}
    for text in older:
        newest.setdefault(_series(text), text)
    steps = [text for series, text in newest.items() if series != own]
    if not steps:
        return older[0] if older else None
    taken = min(1 << before, len(steps)) - 1
    return steps[taken]


def _series(version: str) -> tuple[int, int, int]:
    """Return epoch, major and minor number of a version. Raises InvalidVersion."""
    parsed = Version(version)
    return (parsed.epoch, parsed.major, parsed.minor)
