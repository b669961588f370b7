"""What `podfit prove` and `podfit apply --repair` answer: the rounds, what each taught, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from podfit.model import Action, Bound, Plan
from podfit.pod.prove.rounds import Ending, Round
from podfit.pod.prove.run import Proof
from podfit.report.answer import Answer, Judged
from podfit.report.model import Literal, Report, section

SCHEMA = "podfit.prove/1"


def answer(proof: Proof, written: str = "") -> Answer:
    """Return the answer about a proof; written is where the files of the plan that runs went, empty for nowhere."""
    lines = tuple(_lines(proof, written))
    suite = f"{proof.ending.plan.project} on a stand-in of {proof.template.name}"
    shown = Report((), section("", Literal(lines)))
    return Answer(
        "podfit prove",
        lambda _details: shown,
        lambda: shown,
        lambda: _data(proof),
        lambda: tuple(Judged(suite, finding) for finding in proof.ending.rounds[-1].tried.findings),
    )


def told(ending: Ending) -> Iterator[str]:
    """Yield the rounds, a line for the plan and for each failure and what it taught."""
    for number, each in enumerate(ending.rounds, 1):
        yield f"round {number}: {_versions(each.plan)}"
        for failure in each.tried.failed:
            yield f"  fails: {failure.sentence}"
            if failure.finding.evidence.detail:
                yield f"    seen: {failure.finding.evidence.detail}"
        for finding in each.tried.other:
            yield f"  fails: {finding.subject} {finding.message}"
        for bound in dict.fromkeys(lesson.bound for lesson in each.lessons if lesson.bound is not None):
            yield f"  learned: {bound.name}{bound.specifier} [{bound.evidence}]"
        if not each.tried.failed and not each.tried.other:
            yield "  runs"


def learned(ending: Ending) -> tuple[Bound, ...]:
    """Return the bounds under which the last plan was made and that runs taught."""
    taught = {lesson.bound for each in ending.rounds for lesson in each.lessons if lesson.bound is not None}
    return tuple(bound for bound in ending.plan.bounds if bound in taught)


def _versions(plan: Plan) -> str:
    """Return what a plan takes of the project's needs."""
    wanted = {need.name for need in plan.needs}
    planned = [d for d in plan.with_action(Action.INSTALL, Action.CHANGE) if d.name in wanted]
    return ", ".join(f"{d.name} {d.planned}" for d in planned) or "nothing is added"


def _lines(proof: Proof, written: str) -> Iterator[str]:
    """Yield the result for people."""
    own = proof.stand_in
    yield f"{proof.ending.plan.project} on a stand-in of {proof.template.name} ({own.python})"
    yield from (f"  {text}" for text in own.sentences(proof.template))
    yield ""
    yield from told(proof.ending)
    yield ""
    if proof.unproved:
        yield f"not proved, because the stand-in lacks it: {', '.join(proof.unproved)}"
    if proof.ending.runs:
        yield "it runs" + (f"; the plan is in {written}/" if written else "; -o DIR writes the plan")
    else:
        yield f"it does not run: {proof.ending.reason}"


def _data(proof: Proof) -> Mapping[str, Any]:
    """Return the JSON object, schema podfit.prove/1."""
    return {
        "schema": SCHEMA,
        "project": proof.ending.plan.project,
        "template": proof.template.name,
        "runs": proof.ending.runs,
        "reason": proof.ending.reason,
        "unproved": list(proof.unproved),
        "stand_in": msgspec.to_builtins(proof.stand_in),
        "rounds": rounds_data(proof.ending),
        "learned": msgspec.to_builtins(learned(proof.ending)),
    }


def rounds_data(ending: Ending) -> list[Mapping[str, Any]]:
    """Return the rounds as JSON has them."""
    return [_round(each) for each in ending.rounds]


def _round(each: Round) -> Mapping[str, Any]:
    """Return one round as JSON has it."""
    added = each.plan.with_action(Action.INSTALL, Action.CHANGE)
    return {
        "planned": {decision.name: decision.planned for decision in added},
        "failed": [
            {**msgspec.to_builtins(failure.finding), "owners": list(failure.owners)} for failure in each.tried.failed
        ],
        "learned": [msgspec.to_builtins(one.bound) for one in each.lessons if one.bound is not None],
        "not_learned": [one.reason for one in each.lessons if one.bound is None],
    }
