"""Prove a plan: apply it over a stand-in of the template, import what the project imports, learn from what fails."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podfit.far.verify.processes import TIMEOUT
from podfit.model import Finding, Plan, PodfitError, Project, Reporter, Template
from podfit.pod.apply import Applied, ApplyError, Options, apply
from podfit.pod.machine import Machine
from podfit.pod.prove.facts import proof_facts
from podfit.pod.prove.machine import ProvingMachine
from podfit.pod.prove.rounds import Ending, Replan, Tried, until_it_runs
from podfit.pod.prove.search import Older, failures
from podfit.pod.prove.standin import StandIn, stand_in
from podfit.pod.verify import Report, examine

if TYPE_CHECKING:
    from podfit.index import Index

RUNS = "proofs"
"""Where the overlays of proofs lie in podfit's cache while they run."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of proving a plan: on which stand-in, in which rounds, and what of the project could not be proved."""

    template: Template
    stand_in: StandIn
    ending: Ending
    unproved: tuple[str, ...] = ()


def prove(
    plan: Plan,
    project: Project | None,
    replan: Replan,
    index: Index,
    *,
    cache: Path,
    index_words: list[str],
    timeout: float = TIMEOUT,
    reporter: Reporter,
) -> Proof:
    """Run plan on a stand-in of its template until it runs or nothing is left to try.

    cache is podfit's cache directory, where the stand-in stays; overlays are removed. index_words are uv's options that
    name the index; timeout is in seconds, for each check. Raises InputError where this machine cannot stand in, and
    PodfitError when a plan cannot be applied.
    """
    template = plan.template
    found = stand_in(template, index, cache, index_words, reporter)
    room = cache / RUNS
    room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=room, ignore_cleanup_errors=True) as folder:
        own = Path(folder)
        fetching = ProvingMachine(found.python, own, fetching=True)
        running = ProvingMachine(found.python, own)

        def attempt(plan: Plan) -> Tried:
            """Apply a plan over the stand-in and check it; the overlay goes."""
            facts = proof_facts(plan, project, absent=found.absent)
            try:
                return tried(
                    fetching,
                    plan,
                    Options(overlay=str(own / "overlay")),
                    lambda python: examine(
                        running, plan, python=python, timeout=timeout, reporter=reporter, facts=facts
                    ),
                    reporter,
                )
            finally:
                shutil.rmtree(own / "overlay", ignore_errors=True)

        ending = until_it_runs(
            plan,
            attempt,
            replan,
            older_on(index, template),
            source=f"podfit prove on a stand-in of {template.name}",
            reporter=reporter,
        )
    return Proof(template, found, ending, unproved(ending.plan, found.absent))


def tried(machine: Machine, plan: Plan, options: Options, check: Callable[[str], Report], reporter: Reporter) -> Tried:
    """Apply a plan and check the finished environment; what fails is put back. check takes its interpreter's path.

    Raises PodfitError when the plan could not be applied for another reason.
    """
    reports: list[Report] = []

    def look(_machine: Machine, python: str, _plan: Plan, _reporter: Reporter) -> tuple[Finding, ...]:
        """Check, and remember what was seen."""
        reports.append(check(python))
        return reports[-1].findings

    try:
        done = apply(machine, plan, options, reporter=reporter, verifier=look)
    except ApplyError:
        if not reports or reports[-1].passed:
            raise
        return _tried(reports[-1], None)
    if not reports:  # the plan was applied already
        reports.append(check(done.python))
    return _tried(reports[-1], done)


def _tried(report: Report, done: Applied | None) -> Tried:
    """Return what a report says of the plan."""
    return Tried(failures(report.findings, report.owners), report.findings, done)


def older_on(index: Index, template: Template) -> Older:
    """Return how the older releases of a distribution that fit template are listed; none where the index has none."""
    from podfit.fit.older import older_releases

    def older(name: str, version: str) -> tuple[str, ...]:
        """Return them, newest first."""
        try:
            return tuple(text for text, _ in older_releases(index.releases(name), template, version))
        except PodfitError:
            return ()

    return older


def unproved(plan: Plan, absent: Collection[str]) -> tuple[str, ...]:
    """Return the needs of a plan that the stand-in does not have: nothing was imported of them."""
    return tuple(sorted({need.name for need in plan.needs} & set(absent)))


__all__ = ["Proof", "older_on", "prove", "tried", "unproved"]
