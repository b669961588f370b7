"""Bloat of a local environment: the metadata and weights are fetched, the rest is the plan's business."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from podfit.fit.scales import Scales
from podfit.model import InputError, LocalEnvironment, Plan, Project, Reporter
from podfit.model.steps import Steps
from podfit.plan.bloat import Bloat, bloat, local_releases

if TYPE_CHECKING:
    from podfit.index import Index


def bloat_steps(project: Project, plan: Plan, index: Index, reporter: Reporter) -> Steps[Bloat]:
    """Return what of the project's local environment its plan does not need.

    Weights are those of the files that the template's platform would get. Raises InputError when there is no local
    environment to look at.
    """
    local = with_content(project)
    scales = Scales(index, plan.template.target.tags)
    pairs = {name: (name, one.version) for name, one in local.distributions.items() if one.version}
    reporter.step(f"weighing the {len(pairs)} distributions of the local environment")
    weighed = yield from scales.weigh(pairs.values())
    found = {name: weighed[pair] for name, pair in pairs.items()}
    releases = local_releases(local, {name: each.release for name, each in found.items()})
    return bloat(
        plan,
        local,
        releases,
        {name: each.about for name, each in found.items()},
        {name: each.weight for name, each in found.items()},
    )


def with_content(project: Project) -> LocalEnvironment:
    """Return the project's local environment without the project itself.

    Raises InputError when there is none or nothing is in it.
    """
    if project.local is None or not project.local.distributions:
        raise InputError(
            "there is no local environment to compare with",
            remedy="name one with --local: a freeze, a lock file, an interpreter or its directory",
        )
    own = {project.name, *(member.name for member in project.members)}
    others = {name: each for name, each in project.local.distributions.items() if name not in own}
    return replace(project.local, distributions=others)
