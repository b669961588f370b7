"""A fix solved over an environment: what the row asks for, in versions that resolve there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from packaging.requirements import Requirement

from podfit.diagnose.facts import Facts
from podfit.diagnose.model import Cause
from podfit.diagnose.remedies import wanted_of
from podfit.far.symptoms import case
from podfit.model import Action, Declaration, NoPlanError, Plan, PodfitError, Project, Where, canonical


class _Answer(NamedTuple):
    """A plan for a requirement, or why there is none; asked is False where the index could not say whether there is one."""

    plan: Plan | None
    why: str = ""
    asked: bool = True


MOST = 3
"""So many of the requirements that would mend a cause are tried."""


def with_solved_fix(cause: Cause, row: Mapping[str, object] | None, facts: Facts) -> Cause:
    """Return a cause whose first fix is a command with versions that resolve over the environment, where one does.

    What the environment holds (its torch) is never moved. Where nothing resolves, what was tried is told; where the
    index cannot be asked, the row's own steps stand.
    """
    if row is None:
        return cause
    refused, unasked = [], []
    for requirement, doubted in wanted_of(case(row, cause.fields), cause.fields)[:MOST]:
        plan, why, asked = _plan(requirement, facts)
        if not asked:
            unasked.append(f"{requirement}: {why}")
            continue
        command = _command(plan, facts) if plan is not None else ""
        if plan is not None and not command:
            command = _as_it_was(requirement, facts)
        if command:
            packages = [canonical(Requirement(requirement).name), *cause.packages]
            told = f"{cause.told}; " if cause.told else ""
            others = tuple(step for step in cause.fix if step != _plain(requirement))
            command = (
                f"{command}  # what fits here; whether it mends this, the log does not tell" if doubted else command
            )
            return replace(
                cause,
                fix=(*others, command) if doubted else (command, *others),
                packages=tuple(dict.fromkeys(packages)),
                told=f"{told}{requirement} was solved over {facts.source}",
            )
        refused.append(f"{requirement}: {why}" if why else f"{requirement} is there already")
    if unasked:
        told = f"{cause.told}; " if cause.told else ""
        return replace(cause, told=f"{told}not solved over {facts.source}: {'; '.join([*unasked, *refused])}")
    if not refused:
        return cause
    told = f"{cause.told}; " if cause.told else ""
    impossible = {_plain(each.partition(": ")[0]) for each in refused}
    steps = tuple(step for step in cause.fix if step not in impossible)
    steps = steps or (f"change the code, or use another template: over {facts.source} no version mends this",)
    return replace(cause, fix=steps, told=f"{told}over {facts.source}: {'; '.join(refused)}")


def _plain(requirement: str) -> str:
    """Return the step that installs a requirement without an environment's versions."""
    return shlex.join(["pip", "install", requirement])


def _as_it_was(requirement: str, facts: Facts) -> str:
    """Return the command that brings a template's own version back where that is what is asked for, empty elsewhere."""
    wanted = Requirement(requirement)
    have = facts.template.distributions.get(canonical(wanted.name))
    if facts.whole or have is None or not have.version or not wanted.specifier:
        return ""
    return f"{_plain(f'{have.name}=={have.version}')}  # as {facts.source} has it"


def _plan(requirement: str, facts: Facts) -> _Answer:
    """Return a plan for one requirement over the environment, or why there is none."""
    from podfit.fit.library import fit

    wanted = [
        requirement,
        *(
            f"{name}=={version}"
            for name, version in facts.planned.items()
            if name != canonical(Requirement(requirement).name)
        ),
    ]
    declared = tuple(Declaration(line, Where("the fix")) for line in wanted)
    project = Project(root=".", name="", imports=(), declarations=declared, directory="fix")
    try:
        (result,) = fit(project, facts.template, offline=facts.offline)
    except PodfitError as error:
        return _Answer(None, error.message, asked=isinstance(error, NoPlanError))
    if result.plan is None:
        return _Answer(None, result.refusal.message if result.refusal else "no plan", asked=result.error is None)
    problems = result.plan.problems()
    return _Answer(None, problems[0]) if problems else _Answer(result.plan)


def _command(plan: Plan, facts: Facts) -> str:
    """Return the command that makes a plan true, empty where nothing changes."""
    moved = plan.with_action(Action.INSTALL, Action.CHANGE)
    words = [f"{one.name}=={one.planned}" for one in moved if facts.planned.get(one.name) != one.planned]
    start = [facts.python, "-m", "pip", "install"] if facts.python else ["pip", "install"]
    return shlex.join([*start, *words]) if words else ""
