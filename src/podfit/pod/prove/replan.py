"""How a plan is made again under what runs taught: from a project's session, or from a plan alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from podfit.catalogue.held import is_held
from podfit.fit.options import Options
from podfit.model import (
    Action,
    Bound,
    Declaration,
    Distribution,
    LocalEnvironment,
    Plan,
    Project,
    Reporter,
    Template,
    Where,
)
from podfit.model.provenance import HIDDEN
from podfit.pod.prove.rounds import Replan

if TYPE_CHECKING:
    from podfit.fit.session import Session
    from podfit.index import Index
    from podfit.readers.project import ProjectReading


def of_session(session: Session, reading: ProjectReading, template: Template) -> tuple[Replan, Index, Options]:
    """Return how reading is planned for template under bounds, the index that is asked, and the options with it."""
    from podfit.fit.session import Session

    def replan(bounds: tuple[Bound, ...]) -> tuple[Plan | None, str]:
        """Return a plan that can work, or the reason why there is none."""
        again = Session(
            replace(session.options, bounds=(*session.options.bounds, *bounds)),
            cache=session.cache,
            offline=session.offline,
            refresh=session.refresh and not bounds,
            audits=session.audits,
            reporter=session.reporter,
        )
        (fitted,) = again.fit(reading, [template])
        if fitted.plan is None:
            return None, str(fitted.refusal)
        problems = fitted.plan.problems()
        return (None, problems[0]) if problems else (fitted.plan, "")

    options, index = session.asked(reading)
    return replan, index, options


def of_plan(plan: Plan, reporter: Reporter) -> tuple[Replan, Index]:
    """Return how a plan is made again from itself: its needs as they were asked for, its versions as what was tested.

    So what a bound does not touch stays as it was planned. What the plan was bound by, held and asked stays in force.
    """
    from podfit.fit.session import Session
    from podfit.readers.project import ProjectReading

    evidence = plan.template.evidence
    added = plan.with_action(Action.INSTALL, Action.CHANGE)
    local = {decision.name: Distribution(decision.name, decision.planned, evidence) for decision in added}
    declared = tuple(
        Declaration(_asked(plan, number), Where("the plan", number + 1)) for number in range(len(plan.needs))
    )
    project = Project(plan.directory or "/", plan.project, (), declared, LocalEnvironment(local, evidence))
    session = Session(_options(plan), reporter=reporter)
    again, index, _ = of_session(session, ProjectReading(project, ()), plan.template)

    def replan(bounds: tuple[Bound, ...]) -> tuple[Plan | None, str]:
        """Return a plan that builds the same members, or the reason why there is none."""
        found, why = again(bounds)
        return (None if found is None else replace(found, members=plan.members, directory=plan.directory)), why

    return replan, index


def _asked(plan: Plan, number: int) -> str:
    """Return a need as somebody would declare it (PEP 508)."""
    return plan.needs[number].line


def _options(plan: Plan) -> Options:
    """Return the options that a plan was made with, as far as it tells; of hidden addresses, the environment's."""
    held = {decision.name for decision in plan.decisions if decision.held}
    made = plan.provenance
    indexes = tuple(made.indexes) if made is not None else ()
    if any(HIDDEN in address for address in indexes):
        indexes = ()
    links = tuple(link for link in made.find_links if HIDDEN not in link) if made is not None else ()
    return Options(
        hold=tuple(sorted(name for name in held if not is_held(name))),
        release=tuple(sorted(name for name in plan.template.distributions if is_held(name) and name not in held)),
        index_url=indexes[-1] if indexes else "",
        extra_index_urls=indexes[:-1],
        find_links=links,
        exclude_newer=made.exclude_newer if made is not None else "",
        bounds=plan.bounds,
    )
