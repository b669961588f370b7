"""What has to hold of a plan so that it can be applied, each as a sentence where it does not.

They are judged from the plan alone: one that was written, changed by hand and read again is judged as it is now.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from podfit.model.decision import Action, Decision
from podfit.model.finding import Verdict
from podfit.model.versions import same_version

if TYPE_CHECKING:
    from podfit.model.plan import Plan

SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
"""The only hash that apply, uv and pip all check."""

COMMIT = re.compile(r"git\+(?P<url>[^#]+)@(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})(?:#(?P<fragment>.*))?")
"""The URL of a commit as pip writes it: the commit's name is a hash of what it holds."""


def verdicts(plan: Plan) -> Iterator[str]:
    """Yield each conflict and each failed finding of plan."""
    for decision in plan.with_action(Action.CONFLICT):
        yield f"{decision.name} conflicts: {decision.reason}"
    for finding in plan.findings:
        if finding.verdict is Verdict.FAILED:
            yield f"{finding.subject}: {finding.message}"


def contradictions(plan: Plan) -> Iterator[str]:
    """Yield what plan says against itself or its template, and what it plans that nobody could install."""
    yield from _decisions(plan)
    yield from _changes(plan)
    yield from _names(plan)
    planned = plan.with_action(Action.INSTALL, Action.CHANGE)
    for decision in planned:
        yield from _files(decision, plan)
    expected = {decision.name for decision in (*planned, *plan.with_action(Action.CONFLICT))}
    for name in sorted(plan.artefacts.keys() - expected):
        yield f"the plan has files of {name}, and does not install it"


def _decisions(plan: Plan) -> Iterator[str]:
    """Yield decisions that are made twice, that the template contradicts, or that move what is held."""
    for name, count in sorted(Counter(decision.name for decision in plan.decisions).items()):
        if count > 1:
            yield f"there are {count} decisions about {name}"
    for decision in plan.decisions:
        name, there = decision.name, plan.template.distributions.get(decision.name)
        version = there.version if there else ""
        if decision.action in (Action.KEEP, Action.CHANGE) and there is None:
            yield f"{name} is to {decision.action.value}, and the template does not have it"
        if decision.action is Action.INSTALL and there is not None:
            yield f"{name} is to install, and the template has {version or 'it'}"
        if there is not None and not same_version(decision.template, version):
            yield f"the template has {name} {version}, and the decision says {decision.template or 'none'}"
        if decision.held and decision.action in (Action.CHANGE, Action.INSTALL):
            yield f"{name} is held, and the plan replaces {decision.template or 'it'} by {decision.planned}"
        kept = decision.action is Action.KEEP and decision.planned and decision.template
        if kept and not same_version(decision.planned, decision.template):
            yield f"{name} {decision.template} is to keep, and {decision.planned} is planned"


def _changes(plan: Plan) -> Iterator[str]:
    """Yield where the list of changes and the decisions to change disagree."""
    decided = {decision.name: decision for decision in plan.with_action(Action.CHANGE)}
    conflicts = {decision.name for decision in plan.with_action(Action.CONFLICT)}
    for change in plan.changes:
        decision = decided.pop(change.name, None)
        if change.name in conflicts:
            continue
        if decision is None:
            yield f"{change.name} is listed as a change, and no decision changes it"
        elif not same_version(change.before, decision.template) or not same_version(change.after, decision.planned):
            yield (
                f"{change.name} is listed as a change from {change.before} to {change.after}, and decided from "
                f"{decision.template} to {decision.planned}"
            )
    for name in sorted(decided):
        yield f"{name} is decided to change, and is not among the changes"


def _names(plan: Plan) -> Iterator[str]:
    """Yield requirements and needs that lead to nothing that is decided on."""
    known = {decision.name for decision in plan.decisions} | plan.template.distributions.keys()
    for name, targets in sorted(plan.edges.items()):
        for unknown in sorted({name, *targets} - known):
            yield (
                f"{name} requires {unknown}, which the plan does not decide on"
                if unknown != name
                else (f"the plan has requirements of {name}, and does not decide on it")
            )
    for need in plan.needs:
        if need.name not in known:
            yield f"the project needs {need.name}, which the plan does not decide on"


def _files(decision: Decision, plan: Plan) -> Iterator[str]:
    """Yield why the files of one planned distribution could not be installed."""
    what = f"{decision.name} {decision.planned}".strip()
    files = plan.artefacts.get(decision.name, ())
    if not decision.planned:
        yield f"{decision.name} is to {decision.action.value}, and no version is planned"
    elif "://" in decision.planned and not any(file.kind == "commit" for file in files):
        yield f"which version of {decision.name} there is at {decision.planned} is known only once it is built"
    if not files:
        if "/" in decision.planned:
            yield f"{decision.name} comes from {decision.planned}, which is no file with a hash: nothing can bring it"
        else:
            yield f"the plan names no file for {what}"
        return
    target = plan.template.target
    usable = False
    for file in files:
        if file.kind == "commit":
            usable = True
            if not COMMIT.fullmatch(file.url):
                yield f"{what} comes from {file.url}, which names no commit in full"
            continue
        if not any(SHA256.fullmatch(text) for text in file.hashes):
            yield f"the plan has no sha256 for {decision.name}'s {file.filename}"
        if file.kind == "sdist":
            usable = True
            continue
        try:
            name, version, _, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            yield f"{file.filename} is no name of a wheel"
            continue
        usable = usable or target.fits(frozenset(map(str, tags)))
        if name != decision.name or not same_version(str(version), decision.planned):
            yield f"{what} is planned, and its file is {file.filename}"
    if not usable:
        yield f"no file of {what} fits {plan.template.name} ({target})"
