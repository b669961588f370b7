"""Fit one project onto templates: the whole way from what was read to plans, all templates at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from podfit.catalogue.held import is_held
from podfit.fit.indexes import index_arguments
from podfit.fit.options import Options
from podfit.fit.source import IndexReleases
from podfit.model import (
    Call,
    Distribution,
    NoPlanError,
    Origin,
    Plan,
    Project,
    Release,
    Reporter,
    SilentReporter,
    Template,
    canonical,
)
from podfit.model.versions import same_release
from podfit.needs import find_needs
from podfit.plan.build import build_plan, planned_releases
from podfit.solve import Uv, solve_overlay
from podfit.solve.turns import Turns

if TYPE_CHECKING:
    from podfit.index import Index

_CONCURRENT = 8
"""Templates that are worked on at the same time; most of the time is spent waiting for uv and the index."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The result for one template: a plan, or the reason why there is none."""

    template: Template
    plan: Plan | None
    refusal: NoPlanError | None = None


def fit(
    project: Project,
    calls: Sequence[Call],
    templates: Sequence[Template],
    *,
    index: Index,
    uv: Uv,
    options: Options | None = None,
    reporter: Reporter | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
) -> tuple[Fitted, ...]:
    """Return one result per template, in the order given.

    Raises InputError when something that was given cannot be used: an index that cannot be reached, a package that
    does not exist. A template that nothing fits is a result, not an error.
    """
    options = options or Options()
    reporter = reporter or SilentReporter()

    turns = Turns()
    uv.waiting = turns.waiting

    def one(template: Template) -> Fitted:
        with turns.mine():
            try:
                plan = _fit_one(project, calls, template, index, uv, options, reporter, now(), turns)
                return Fitted(template, plan)
            except NoPlanError as error:
                return Fitted(template, None, error)

    _tell_unknown_names(options, templates, reporter)
    if len(templates) == 1:
        return (one(templates[0]),)
    with ThreadPoolExecutor(max_workers=min(_CONCURRENT, max(1, len(templates)))) as pool:
        return tuple(pool.map(one, templates))


def _tell_unknown_names(options: Options, templates: Sequence[Template], reporter: Reporter) -> None:
    """Warn about names to hold or to release that no template has: a slip would change what may be changed."""
    for option, names in (("hold", options.hold), ("release", options.release)):
        for name in names:
            if not any(canonical(name) in template.distributions for template in templates):
                reporter.warn(f"--{option} {name} has no effect: no template has a distribution of that name")


def _fit_one(
    project: Project,
    calls: Sequence[Call],
    template: Template,
    index: Index,
    uv: Uv,
    options: Options,
    reporter: Reporter,
    now: datetime,
    turns: Turns,
) -> Plan:
    """Return the plan for one template."""
    source = IndexReleases(index, template)
    report = find_needs(
        project,
        template,
        extras=options.extras,
        groups=options.groups,
        only_imported=options.only_imported,
        include_optional=options.include_optional,
        calls=calls,
        wheel_modules=source.wheel_modules,
    )
    template = _with_metadata(template, index, reporter, turns)
    released = {canonical(name) for name in options.release}
    wanted = {canonical(name) for name in options.hold}
    held = {
        name
        for name, distribution in template.distributions.items()
        if (is_held(name, distribution.version) or name in wanted) and name not in released
    }
    reporter.step(f"solving over {template.name}")
    overlay = solve_overlay(
        template,
        report.needs,
        uv,
        held=held,
        preferences=_tested_versions(project),
        constraints=[declaration.requirement for declaration in report.constraints],
        index_arguments=index_arguments(options),
        exclude_newer=options.exclude_newer,
        reporter=reporter,
    )
    planned = planned_releases(overlay, template)
    tested = _tested_versions(project)
    wanted_metadata = [(n, p.version) for n, p in planned.items() if not p.url and not source.knows(p)]
    wanted_metadata += [  # what the reasons of drift are read from
        (name, tested[name])
        for name, package in planned.items()
        if name in tested and not same_release(tested[name], package.version)
    ]
    with turns.waiting():
        source.prefetch(wanted_metadata)
    added = {
        name: source.planned(package) or Release(name, package.version, None, "", source.unknown(name))
        for name, package in planned.items()
    }
    plan = build_plan(
        project,
        template,
        report.needs,
        report.findings,
        overlay,
        added,
        held=held,
        source=source,
        created=now.isoformat(timespec="seconds"),
    )
    return replace(plan, questions=report.questions)


def _tested_versions(project: Project) -> dict[str, str]:
    """Return the local environment's versions of what an index can have."""
    if project.local is None:
        return {}
    return {
        name: distribution.version
        for name, distribution in project.local.distributions.items()
        if distribution.version and not distribution.editable and not distribution.direct_url
    }


def _with_metadata(template: Template, index: Index, reporter: Reporter, turns: Turns) -> Template:
    """Return template with the requirements of distributions whose metadata was not seen, from the index.

    The catalogue's templates are taken as they are: when they were made, the index was asked.
    """
    if template.origin in (Origin.PUBLISHED, Origin.RECONSTRUCTED):
        return template
    missing = [
        (name, distribution.version)
        for name, distribution in template.distributions.items()
        if distribution.requires_dist is None and distribution.version and not distribution.direct_url
    ]
    if not missing:
        return template
    reporter.step(f"reading the metadata of {len(missing)} distributions of {template.name}")
    source = IndexReleases(index, template)
    with turns.waiting():
        source.prefetch(missing)
    completed: dict[str, Distribution] = dict(template.distributions)
    for name, version in missing:
        release = source.release(name, version)
        if release is not None and release.requires_dist is not None:
            completed[name] = replace(
                completed[name], requires_dist=release.requires_dist, requires_python=release.requires_python
            )
    return replace(template, distributions=completed)


def plans_of(results: Sequence[Fitted]) -> tuple[Plan, ...]:
    """Return the plans among results."""
    return tuple(result.plan for result in results if result.plan is not None)
