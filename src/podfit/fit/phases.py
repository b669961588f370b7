"""The phases of a fit as functions from value to value: needs, overlay, audit, plan. Each yields what it waits for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podfit.audit import Audit, Audited, Subject, audited
from podfit.catalogue.anchors import anchor_bounds, anchored
from podfit.catalogue.for_gpus import with_code_for
from podfit.catalogue.held import is_held
from podfit.catalogue.store import well_known_first
from podfit.fit.ahead import Foreseen
from podfit.fit.binaries import WheelReader
from podfit.fit.brought import brought
from podfit.fit.indexes import index_arguments
from podfit.fit.jobs import Share
from podfit.fit.provenance import provenance
from podfit.fit.source import IndexReleases, unknown
from podfit.fit.stated import stated_hashes
from podfit.fit.unimported import unimported
from podfit.model import (
    Bound,
    Call,
    Distribution,
    Finding,
    Origin,
    Plan,
    Project,
    Release,
    Reporter,
    Template,
    Verdict,
    canonical,
)
from podfit.model.secrets import needs_credentials
from podfit.model.steps import Steps, Wait
from podfit.model.versions import same_release, within
from podfit.needs import NeedReport, find_needs
from podfit.plan.build import build_plan, planned_releases
from podfit.plan.ignore import with_ignored
from podfit.plan.members import planned_members
from podfit.plan.refused import open_questions
from podfit.solve import Earlier, Uv, overlay_steps
from podfit.solve.addresses import of_another_machine
from podfit.solve.sources import Sources

if TYPE_CHECKING:
    from podfit.fit.ahead import Ahead
    from podfit.fit.options import Options
    from podfit.index import Index, IndexFile


@dataclass(frozen=True, slots=True)
class Given:
    """What one fit starts from: the project with its calls, one template, where to ask, how to fit.

    memory is what was found out on the way and stays true: the files of releases that fit the template. ahead reads
    wheels meanwhile. swaps maps needs to the smaller builds that take their place.
    """

    project: Project
    calls: Sequence[Call]
    template: Template
    index: Index
    uv: Uv
    options: Options
    reporter: Reporter
    now: Callable[[], datetime]
    source: IndexReleases
    wheels: WheelReader
    audits: Sequence[Audit]
    memory: dict[tuple[str, str], tuple[IndexFile, ...]] = field(default_factory=dict)
    ahead: Ahead | None = None
    swaps: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> Share | None:
        """What hands readings of wheels to another process, None without one."""
        return self.ahead.share if self.ahead is not None else None

    @property
    def tested(self) -> dict[str, str]:
        """The local environment's versions of what an index can have, by name."""
        if self.project.local is None:
            return {}
        found = {
            name: distribution.version
            for name, distribution in self.project.local.distributions.items()
            if distribution.version and not distribution.editable and not distribution.direct_url
        }
        return {**{slim: found[name] for name, slim in self.swaps.items() if name in found}, **found}


@dataclass(frozen=True, slots=True)
class Needed:
    """What the project needs on the template, whose distributions all have their metadata now; held never change.

    bounds are known before anything is solved: what the binaries of the held distributions allow.
    """

    template: Template
    report: NeedReport
    held: frozenset[str]

    def known(self, given: Sequence[Bound] = ()) -> tuple[Bound, ...]:
        """Return the bounds that are known before the first solution: those given, and what runs taught."""
        from podfit.fit.known import known_bounds

        return known_bounds(self.template, self.held, given)

    bounds: tuple[Bound, ...] = ()


def needs_phase(given: Given) -> Steps[Needed]:
    """Return the needs; import names that nobody knows are looked up in the index. Errors as `find_needs`."""
    options = given.options
    while True:
        report = find_needs(
            given.project,
            given.template,
            extras=options.extras,
            groups=options.groups,
            only_imported=options.only_imported,
            include_optional=options.include_optional,
            calls=given.calls,
            wheel_modules=given.source.wheel_modules,
        )
        if given.ahead is not None:
            given.ahead.begin([need.name for need in report.needs])
        if not given.source.incomplete:
            break
        yield from given.source.learn(soon=_likely(given, report))
    if given.swaps:
        swapped = (replace(need, name=given.swaps.get(need.name, need.name)) for need in report.needs)
        report = replace(report, needs=tuple(sorted(swapped, key=lambda need: need.name)))
    report = _by_name(report, given.template)
    template = yield from _with_metadata(given)
    released = {canonical(name) for name in options.release}
    wanted = {canonical(name) for name in options.hold}
    held = frozenset(
        name for name in template.distributions if (is_held(name) or name in wanted) and name not in released
    )
    return Needed(template, report, held, tuple(anchor_bounds(template, held)))


def _likely(given: Given, report: NeedReport) -> Iterator[tuple[str, str]]:
    """Yield each need, and the local environment's version of it where the template lacks it and the need allows it."""
    tested = given.tested
    for need in report.needs:
        version = tested.get(need.name, "")
        taken = need.name not in given.template.distributions and within(need.specifier, version)
        yield need.name, version if taken else ""


def _by_name(report: NeedReport, template: Template) -> NeedReport:
    """Return the needs, by their names those for which a place beside the manifests names a wheel that does not fit."""
    strange = {each.name: each.message for each in of_another_machine((n for n in report.needs if n.beside), template)}
    if not strange:
        return report
    told = tuple(
        Finding(
            "declared",
            need.name,
            Verdict.WARNING,
            f"{strange[need.name].partition(': ')[0]}: what the index has is taken in its place",
            need.evidence[0],
            "name a wheel that fits",
        )
        for need in report.needs
        if need.name in strange
    )
    needs = tuple(replace(need, url="") if need.name in strange else need for need in report.needs)
    return replace(report, needs=needs, findings=(*report.findings, *told))


def overlay_phase(
    given: Given,
    needed: Needed,
    bounds: tuple[Bound, ...] = (),
    earlier: Earlier | None = None,
    until: Mapping[str, str] | None = None,
    *,
    settle: bool = True,
) -> Steps[Subject]:
    """Return the solution under bounds, with the metadata of all that it adds: what the audits look at.

    until has by name an ISO time from which on the files of a package do not count; settle as in `overlay_steps`.

    Raises InputError and NoPlanError as `podfit.solve.overlay_steps`.
    """
    given.reporter.step(f"solving over {needed.template.name}")
    tested = given.tested
    sources = Sources(
        *(given.index, needed.template, given.uv.cache, given.options.allow_build, given.options.exclude_newer),
        until=until,
        memory=given.memory,
    )
    if given.ahead is not None:
        sources.likely = Foreseen(given.ahead, given.index, needed, given.project, tested)
    overlay = yield from overlay_steps(
        needed.template,
        needed.report.needs,
        given.uv,
        held=needed.held,
        preferences=tested,
        constraints=[declaration.requirement for declaration in needed.report.constraints],
        bounds=(*needed.bounds, *bounds),
        index_arguments=index_arguments(given.options),
        exclude_newer=given.options.exclude_newer,
        sources=sources,
        unasked=given.options.unasked,
        reporter=given.reporter,
        earlier=earlier,
        anchors=anchored(needed.template, needed.held),
        prefer=given.options.prefer,
        settle=settle,
    )
    planned = planned_releases(overlay, needed.template)
    added: dict[str, Release | None] = {name: given.source.planned(package) for name, package in planned.items()}
    compared = [  # what the reasons of drift are read from
        (name, tested[name])
        for name, package in planned.items()
        if name in tested and not same_release(tested[name], package.version)
    ]
    yield from given.source.learn(compared)
    gone = {each.name: each.without for each in overlay.refused if each.without}
    return Subject(
        needed.template,
        tuple(need.without(gone.get(need.name, ())) for need in needed.report.needs),
        overlay,
        {name: added[name] or given.source.planned(package) or unknown(package) for name, package in planned.items()},
        needed.held,
        (*needed.bounds, *bounds),
        needed.bounds,
        code_for=partial(with_code_for, besides=needed.template.name, family=needed.template.family),
    )


def audit_phase(
    given: Given, solved: Subject, waived: frozenset[tuple[str, str]] = frozenset()
) -> Steps[tuple[Subject, Audited]]:
    """Return the solution with what was read of its wheels and what is waived, and what the audits say of it."""
    given.reporter.step(f"auditing the solution for {solved.template.name}")
    if given.ahead is not None:
        yield Wait(given.ahead.wait)
    packages = {name: solved.overlay.packages[name] for name in solved.added}
    binaries, unread = yield from given.wheels.of_packages(packages, solved.added)
    files = yield from given.wheels.files_of(solved)
    subject = replace(
        solved,
        binaries=binaries,
        unread=unread,
        files=files,
        ignored=frozenset(given.options.ignore),
        waived=waived,
    )
    said = audited(subject, given.audits)
    spared = yield from unimported(given.index, subject, said.findings)
    if spared:
        subject = replace(subject, unimported=spared)
        said = audited(subject, given.audits)
    return subject, said


def plan_phase(given: Given, needed: Needed, subject: Subject, said: Audited) -> Steps[Plan]:
    """Return the plan; what its reasons ask of the index is fetched until nothing is left to ask."""
    created = given.now().isoformat(timespec="seconds")
    while True:
        plan = build_plan(
            given.project,
            subject,
            said.findings,
            needed.report.findings,
            source=given.source,
            created=created,
            known=well_known_first,
        )
        if not given.source.incomplete:
            members, told = planned_members(
                given.project, plan, extras=given.options.extras, groups=given.options.groups
            )
            elsewhere = yield from _homes(given, plan)
            questions, answered = yield from brought(given.index, subject, needed.report.questions)
            hashes = stated_hashes(plan, given.project.declarations)
            every = (*plan.findings, *told, *elsewhere, *answered, *hashes)
            findings = tuple(with_ignored(every, given.options.ignore))
            return replace(
                plan,
                findings=findings,
                notes=(*plan.notes, *_guarded(given, plan)),
                questions=(*questions, *open_questions(subject.overlay, subject.needs)),
                provenance=provenance(given.options, given.template, given.index, given.uv),
                members=members,
                directory=os.path.realpath(given.project.root) if members else "",
            )
        yield from given.source.learn()


def _guarded(given: Given, plan: Plan) -> Iterator[str]:
    """Yield a note on the hosts of planned files that were asked with credentials, which no plan holds."""
    hosts = {urlsplit(file.url).netloc.rpartition("@")[2] for files in plan.artefacts.values() for file in files}
    if guarded := sorted(hosts & given.index.transport.guarded):
        yield needs_credentials(guarded)


def _homes(given: Given, plan: Plan) -> Steps[tuple[Finding, ...]]:
    """Return the findings about planned distributions that several indexes have."""
    from podfit.fit.homes import Home, asked_names, findings

    names = asked_names(plan)
    found = yield Wait(lambda: given.index.homes(names))
    return findings(plan, {name: [Home(*each) for each in homes] for name, homes in found.items() if len(homes) > 1})


def _with_metadata(given: Given) -> Steps[Template]:
    """Return the template with the requirements of distributions whose metadata was not seen, from the index.

    The catalogue's templates are taken as they are: when they were made, the index was asked.
    """
    template = given.template
    if template.origin in (Origin.PUBLISHED, Origin.RECONSTRUCTED):
        return template
    missing = [
        (name, distribution.version)
        for name, distribution in template.distributions.items()
        if distribution.requires_dist is None and distribution.version and not distribution.direct_url
    ]
    if not missing:
        return template
    given.reporter.step(f"reading the metadata of {len(missing)} distributions of {template.name}")
    yield from given.source.learn(missing)
    completed: dict[str, Distribution] = dict(template.distributions)
    for name, version in missing:
        release = given.source.release(name, version)
        if release is not None and release.requires_dist is not None:
            completed[name] = replace(
                completed[name], requires_dist=release.requires_dist, requires_python=release.requires_python
            )
    return replace(template, distributions=completed)
