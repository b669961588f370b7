"""Fit one project onto templates: the whole way from what was read to plans, all templates at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from podfit.audit import AUDITS, Audit
from podfit.fit.binaries import WheelReader
from podfit.fit.drive import finish_all
from podfit.fit.indexes import with_project_indexes, without_place
from podfit.fit.known import relevant
from podfit.fit.loop import clean_solution
from podfit.fit.machines import on_machine
from podfit.fit.options import Options
from podfit.fit.phases import Given, needs_phase, plan_phase
from podfit.fit.remembered import Remembered
from podfit.fit.secrets import without_secrets
from podfit.fit.slim import with_slimmer
from podfit.fit.source import IndexReleases
from podfit.model import (
    Call,
    InputError,
    NoPlanError,
    Plan,
    Project,
    Reporter,
    SilentReporter,
    Template,
    canonical,
)
from podfit.model.secrets import hidden
from podfit.model.steps import Steps, finish
from podfit.solve import Uv

if TYPE_CHECKING:
    from podfit.fit.ahead import Ahead
    from podfit.index import Index
    from podfit.plan.bloat import Bloat
    from podfit.plan.sizes import Sizes
    from podfit.readers.project import ProjectReading

_SIDE_BY_SIDE = 8
"""Templates that wait at the same time for uv and the index; most of the time is spent so."""


def _now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The result for one template: a plan, or the reason why there is none.

    error is what cannot be used where that is the reason; refusal then says the same.
    """

    template: Template
    plan: Plan | None
    refusal: NoPlanError | None = None
    error: InputError | None = None


class Warned:
    """A reporter that hands on, and remembers whether there was a warning."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.warned = False

    def step(self, text: str) -> None:
        """Hand on what is being done."""
        self._reporter.step(text)

    def warn(self, text: str) -> None:
        """Hand on a warning."""
        self.warned = True
        self._reporter.warn(text)


class Session:
    """Where to ask, and how: made once from options, for any number of projects (the composition root).

    cache is podfit's cache directory (None: PODFIT_CACHE_DIR, else the platform's); offline asks nobody; refresh asks
    again for what was read minutes ago; audits judge each solution; reporter gets progress and warnings.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        cache: Path | None = None,
        offline: bool = False,
        refresh: bool = False,
        audits: Sequence[Audit] = AUDITS,
        reporter: Reporter | None = None,
    ) -> None:
        from podfit.index import default_cache

        self.options = options or Options()
        self.cache = cache or default_cache()
        self.offline = offline
        self.refresh = refresh
        self.audits = tuple(audits)
        self.reporter = reporter or SilentReporter()

    def fit(self, reading: ProjectReading, templates: Sequence[Template]) -> tuple[Fitted, ...]:
        """Return one result per template, in the order given; the indexes that the project names are asked, too.

        One of these that cannot be used is an open question, and the rest is planned without it. What ends one
        template's fit (an answer that cannot be read, an index that is silent) is that template's refusal; InputError
        is raised where it ends all of them.
        """
        templates = [on_machine(each, self.options.gpu, self.options.driver) for each in templates]
        while True:
            try:
                results = self._fit(reading, templates)
            except InputError as error:
                project = without_place(reading.project, error)
                if project is None:
                    raise
            else:
                projects = (without_place(reading.project, one.error) for one in results if one.error is not None)
                project = next((one for one in projects if one is not None), None)
                if project is None:
                    return results
            reading = replace(reading, project=project)

    def bloat(self, reading: ProjectReading, plan: Plan) -> Bloat:
        """Return what of the local environment the project does not need on a plan's template, weighed by the index.

        Raises InputError when the project has no local environment, and for an index that cannot be used.
        """
        from podfit.fit.surplus import bloat_steps

        _, index = self.asked(reading)
        return finish(bloat_steps(reading.project, plan, index, self.reporter))

    def sizes(self, reading: ProjectReading, plan: Plan) -> Sizes:
        """Return what all ways onto a plan's template cost: the laptop's packages, pip's, the plan's.

        What pip would do is resolved with nothing held and nothing tested; where that has no answer, its place says
        why. Raises InputError for an index that cannot be used.
        """
        from podfit.fit.measure import sizes_steps
        from podfit.fit.pace import measured_pace

        options, index = self.asked(reading)
        template = plan.template
        uv = self._uv(index)
        given = Given(
            *(reading.project, reading.calls, template, index, uv, options, self.reporter, _now),
            source=IndexReleases(index, template),
            wheels=WheelReader(index, template),
            audits=(),
        )
        try:
            return finish(sizes_steps(given, plan, measured_pace(self.cache)))
        finally:
            uv.close()

    def _uv(self, index: Index, reporter: Reporter | None = None) -> Uv:
        """Return the resolver as this session asks it."""
        from podfit.index.reach import silent

        reporter = reporter or self.reporter
        return Uv(
            self.cache,
            offline=self.offline,
            refresh=self.refresh,
            reporter=reporter,
            doubt=index.too_slow,
            serving=index.serving(),
            reach=lambda urls: silent(index.transport, urls),
        )

    def asked(self, reading: ProjectReading, reporter: Reporter | None = None) -> tuple[Options, Index]:
        """Return the options with every index and link that the project names, and these indexes.

        reporter gets what the indexes have to tell, in place of the session's.
        """
        from podfit.index import Index, default_index_urls, environment_index_urls

        options = with_project_indexes(self.options, reading.project, self.reporter)
        extra = dict.fromkeys((*options.extra_index_urls, *environment_index_urls()))
        options = replace(
            options,
            index_url=options.index_url or default_index_urls()[0],
            extra_index_urls=tuple(extra),
            ignore={**reading.ignored, **options.ignore},
        )
        return options, Index(
            (*options.extra_index_urls, options.index_url),
            cache=self.cache,
            offline=self.offline,
            find_links=options.find_links,
            reporter=reporter or self.reporter,
            refresh=self.refresh,
        )

    def _fit(self, reading: ProjectReading, templates: Sequence[Template]) -> tuple[Fitted, ...]:
        """Return the results with every index and link that the project names; errors as `fit_templates`.

        What was planned minutes ago from the same facts is not planned again.
        """
        begun = time.time()
        reporter = Warned(self.reporter)
        options, index = self.asked(reading, reporter)
        uv = self._uv(index, reporter)
        memory = Remembered(self.cache, reading.project, reading.calls, options)
        whole = self.audits == AUDITS and not (self.offline or options.hold or options.release)
        known = {} if self.refresh or not whole else self._known(memory, templates)
        new = [place for place in range(len(templates)) if place not in known]
        fitted = fit_templates(
            *(reading.project, reading.calls, [templates[place] for place in new]),
            index=index,
            uv=uv,
            ahead=None if self.offline else _ahead(options, index, self.cache),
            options=options,
            audits=self.audits,
            reporter=reporter,
        )
        results = dict(zip(new, fitted, strict=True))
        if whole and not reporter.warned:
            since = min(begun, index.oldest, uv.oldest)
            for result in fitted:
                if result.plan is not None:
                    memory.keep(result.template, result.plan, since, uv.commits)
        results |= {place: Fitted(templates[place], plan) for place, plan in known.items()}
        return tuple(results[place] for place in range(len(templates)))

    def _known(self, memory: Remembered, templates: Sequence[Template]) -> dict[int, Plan]:
        """Return the plans that were made minutes ago, by the places of their templates."""
        found = {place: plan for place, each in enumerate(templates) if (plan := memory.find(each)) is not None}
        for plan in found.values():
            self.reporter.step(f"planned for {plan.template.name} minutes ago from the same facts")
        return found


def fit_templates(
    project: Project,
    calls: Sequence[Call],
    templates: Sequence[Template],
    *,
    index: Index,
    uv: Uv,
    ahead: Ahead | None = None,
    options: Options | None = None,
    reporter: Reporter | None = None,
    audits: Sequence[Audit] = AUDITS,
    now: Callable[[], datetime] = _now,
) -> tuple[Fitted, ...]:
    """Return one result per template, in the order given; uv and ahead are closed then.

    Every template is answered by itself: one that nothing fits is a result, and so is one whose fit an error ends.
    Raises InputError when something that was given cannot be used and no template has another answer.
    """
    options = options or Options()
    reporter = reporter or SilentReporter()
    _tell_unknown_names(options, templates, reporter)
    jobs = [
        _fit_one(
            Given(
                project,
                calls,
                template,
                index,
                uv,
                options,
                reporter,
                now,
                source=IndexReleases(index, template),
                wheels=WheelReader(index, template, ahead.share if ahead is not None else None),
                audits=audits,
                ahead=ahead,
            )
        )
        for template in templates
    ]
    try:
        results = finish_all(jobs, _SIDE_BY_SIDE)
    finally:
        uv.close()
        if ahead is not None:
            ahead.stop()
    errors = [result.error for result in results if result.error is not None]
    if errors and len(errors) == len(results):
        raise errors[0]
    return results


def _ahead(options: Options, index: Index, cache: Path) -> Ahead:
    """Return what reads wheels ahead from the indexes that a session asks."""
    from podfit.fit.ahead import Ahead
    from podfit.fit.reading import Place

    return Ahead(Place((*options.extra_index_urls, options.index_url), options.find_links, str(cache)), index)


def _fit_one(given: Given) -> Steps[Fitted]:
    """Return the result for one template."""
    try:
        plan = yield from _planned(given)
        plan = yield from with_slimmer(given, plan, _planned)
        return Fitted(given.template, without_secrets(plan))
    except (NoPlanError, InputError) as error:
        told = NoPlanError(hidden(error.message), where=error.where, remedy=hidden(error.remedy))
        return Fitted(given.template, None, told, error if isinstance(error, InputError) else None)


def _planned(given: Given) -> Steps[Plan]:
    """Return the plan for one template. Errors as `needs_phase` and `clean_solution`."""
    needed = yield from needs_phase(given)
    subject, said = yield from clean_solution(given, needed)
    known = needed.known(given.options.bounds)
    asked = (*subject.overlay.packages, *(each.name for each in subject.overlay.refused))
    subject = replace(subject, bounds=relevant(subject.bounds, known, asked))
    return (yield from plan_phase(given, needed, subject, said))


def _tell_unknown_names(options: Options, templates: Sequence[Template], reporter: Reporter) -> None:
    """Warn about names to hold or to release that no template has: a slip would change what may be changed."""
    for option, names in (("hold", options.hold), ("release", options.release)):
        for name in names:
            if not any(canonical(name) in template.distributions for template in templates):
                reporter.warn(f"--{option} {name} has no effect: no template has a distribution of that name")


def plans_of(results: Sequence[Fitted]) -> tuple[Plan, ...]:
    """Return the plans among results."""
    return tuple(result.plan for result in results if result.plan is not None)
