"""`podfit apply --repair`: apply, check, and where something does not run, plan an older release and apply again.

Every round is an apply of its own into the overlay: what fails is put back before the next begins, so that a failed end
leaves the environment as it was.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from podfit.model import Plan, Reporter, Where
from podfit.model.serial import plan_to_dict
from podfit.pod.apply import Applied, ApplyError, Options
from podfit.pod.apply.answer import answer as applied_answer
from podfit.pod.machine import Machine
from podfit.pod.prove.answer import rounds_data, told
from podfit.pod.prove.replan import of_plan
from podfit.pod.prove.rounds import Ending, Tried, until_it_runs
from podfit.pod.prove.run import older_on, tried
from podfit.pod.verify import examine
from podfit.report.answer import Answer
from podfit.report.model import Literal, Report, section


def repair(machine: Machine, plan: Plan, options: Options, reporter: Reporter) -> tuple[Applied, Ending]:
    """Apply plan, or the nearest to it that runs on machine; return how it was applied, and the rounds.

    Raises ApplyError, with the environment as it was, when no plan runs; else as `podfit.pod.apply.apply`.
    """
    replan, index = of_plan(plan, reporter)

    def attempt(plan: Plan) -> Tried:
        """Apply a plan and check it; it stays when all is good."""
        return tried(
            machine, plan, options, lambda python: examine(machine, plan, python=python, reporter=reporter), reporter
        )

    ending = until_it_runs(
        plan,
        attempt,
        replan,
        older_on(index, plan.template),
        source=f"podfit apply --repair on {machine.label}",
        reporter=reporter,
    )
    last = ending.rounds[-1].tried
    if not ending.runs or last.applied is None:
        seen = last.failed[0].sentence if last.failed else last.other[0].message
        raise ApplyError(
            f"no plan runs, so everything was put back: {seen}; {ending.reason}",
            where=Where(machine.label),
            remedy="podfit prove says more, on another machine",
            findings=last.findings,
        )
    return last.applied, ending


def answer(done: Applied, ending: Ending, ssh: str, written: str) -> Answer:
    """Return the answer: the rounds before what apply says; written is the file of the plan that runs, or empty."""
    base = applied_answer(done, ssh)
    lines = (*told(ending), *([f"the plan that runs is {written}"] if written else []))
    shown = section("", Literal(lines)) if len(ending.rounds) > 1 else ()

    def with_rounds(report: Report) -> Report:
        """Return a report with the rounds in front."""
        return Report(report.title, (*shown, *report.sections))

    def data() -> dict[str, Any]:
        """Return apply's JSON object with the rounds."""
        return {**base.data(), "plan": written, "rounds": rounds_data(ending)}

    return Answer(
        "podfit apply",
        lambda details: with_rounds(base.screen(details)),
        lambda: with_rounds(base.document()),
        data,
        base.judged,
        base.seconds,
    )


def repaired_path(path: str) -> Path:
    """Return where the plan that runs is written: `plan-T.repaired.json` beside `plan-T.json`."""
    given = Path(path)
    return given.with_name(f"{given.stem}.repaired.json")


def plan_text(plan: Plan) -> str:
    """Return the text of a plan's file."""
    return json.dumps(plan_to_dict(plan), indent=1) + "\n"
