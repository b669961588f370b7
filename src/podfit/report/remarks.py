"""Sentences on distributions, equal ones of several templates made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from podfit.model import Action, Decision, Evidence, OpenQuestion, Plan
from podfit.model.words import listed, shortened
from podfit.report.words import plural, where

SHADOWED = (
    "podfit apply puts changes into an overlay, where they come before the template's own: nothing is replaced; "
    "apply --in-place replaces"
)
"""What a change does to a template."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence on one distribution that holds on some templates, by their place among the plans."""

    name: str
    text: str
    plans: tuple[int, ...]
    evidence: tuple[Evidence, ...] = ()
    action: Action | None = None


def _gather(
    plans: Sequence[Plan],
    pick: Callable[[Decision], str],
    wanted: Callable[[Decision], bool],
    evidence_of: Callable[[Decision], tuple[Evidence, ...]] = lambda decision: decision.evidence,
) -> tuple[Remark, ...]:
    """Return the sentences that pick takes from wanted decisions, equal ones of several templates made one."""
    found: dict[tuple[str, str, tuple[Evidence, ...], Action], list[int]] = {}
    for number, plan in enumerate(plans):
        for decision in plan.decisions:
            if wanted(decision) and (text := pick(decision)):
                found.setdefault((decision.name, text, evidence_of(decision), decision.action), []).append(number)
    remarks = [Remark(name, text, tuple(n), evidence, action) for (name, text, evidence, action), n in found.items()]
    return tuple(sorted(remarks, key=lambda remark: (remark.name, remark.plans)))


def reasons(plans: Sequence[Plan], wanted: Callable[[Decision], bool]) -> tuple[Remark, ...]:
    """Return why each wanted decision was taken, with its evidence."""
    return _gather(plans, lambda d: d.reason, wanted)


def conflicts(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return what cannot be had, and why."""
    return reasons(plans, lambda d: d.action is Action.CONFLICT)


def drifts(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return the sentences about versions that differ from the local ones, direct needs and dependencies alike.

    The evidence is the decision's, which `reasons` has: one sentence is one drift, whatever each list rests on.
    """
    return _gather(
        plans, lambda d: d.drift.removeprefix(f"{d.name} "), lambda d: d.action is not Action.SKIP, lambda _: ()
    )


def changes(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return the template distributions that are replaced, with the conflict that forced each, told once."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, plan in enumerate(plans):
        for change in plan.changes:
            text = f"{change.before or '?'} -> {change.after or '?'}: {change.conflict}"
            found.setdefault((change.name, text), []).append(number)
    remarks = (Remark(name, text, tuple(n), action=Action.CHANGE) for (name, text), n in sorted(found.items()))
    return told_once(remarks, plans)


def alternatives(plans: Sequence[Plan]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return what the needs would be with the fewest changes to a template, where the plan has more, and where."""
    found: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        other = plan.alternative
        if other is None:
            continue
        moved = f"with {plural(len(other.changes), 'change')} ({shortened(other.changes, 3)})"
        needs = listed(f"{need.name} {need.version}{_of(need.uploaded)}" for need in other.needs)
        text = f"{moved if other.changes else 'without changes'}: {needs}; --prefer template plans that"
        found.setdefault(text, []).append(number)
    return tuple((text, tuple(numbers)) for text, numbers in found.items())


def _of(uploaded: str) -> str:
    """Return the month of a release: ` of 2023-12`, nothing where it is not known."""
    return f" of {uploaded[:7]}" if uploaded else ""


def questions(plans: Sequence[Plan]) -> tuple[tuple[OpenQuestion, tuple[int, ...]], ...]:
    """Return what podfit could not decide, each question once with the places of its plans, in the plans' order."""
    found: dict[OpenQuestion, list[int]] = {}
    for number, plan in enumerate(plans):
        for question in dict.fromkeys(plan.questions):
            found.setdefault(question, []).append(number)
    return tuple((question, tuple(numbers)) for question, numbers in found.items())


def told_once(remarks: Iterable[Remark], plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return remarks with those of one distribution that begin alike made one: the ends are named per template.

    `a has 1 on X` and `a has 2 on Y` become `a has 1 on X; 2 on Y`. They begin alike when the whole first part of
    the sentence, up to its colon, and a word of what follows are equal.
    """
    by_start: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        start, colon, rest = remark.text.partition(": ")
        key = f"{start}: {rest.partition(' ')[0]}" if colon else remark.text
        by_start.setdefault((remark.name, key), []).append(remark)
    return tuple(_joined(alike, plans) for alike in by_start.values())


def _joined(alike: Sequence[Remark], plans: Sequence[Plan]) -> Remark:
    """Return the one remark that says what remarks of a common beginning say."""
    if len(alike) == 1:
        return alike[0]
    words = [remark.text.split(" ") for remark in alike]
    common = 0
    while all(common < len(each) - 1 and each[common] == words[0][common] for each in words):
        common += 1
    ends = [f"{' '.join(each[common:])}{where(remark.plans, plans)}" for each, remark in zip(words, alike, strict=True)]
    numbers = tuple(sorted({number for remark in alike for number in remark.plans}))
    return replace(alike[0], text=f"{' '.join(words[0][:common])} {'; '.join(ends)}", plans=numbers)
