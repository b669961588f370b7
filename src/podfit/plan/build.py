"""From a solution to decisions: every distribution, what happens to it, why, and on what evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet

from podfit.audit import Subject
from podfit.model import (
    Action,
    Artefact,
    Bound,
    Change,
    Decision,
    Evidence,
    EvidenceKind,
    Finding,
    LockedPackage,
    Need,
    Overlay,
    PassedOver,
    Plan,
    Project,
    Template,
    Timely,
    Verdict,
)
from podfit.model.invariants import contradictions
from podfit.model.requirement import Markers
from podfit.model.versions import same_version
from podfit.model.words import shortened
from podfit.plan.arriving import arriving
from podfit.plan.drift import Situation, drift
from podfit.plan.files import planned_files
from podfit.plan.refused import Known, bare, given_way, in_order, refusal, same_module
from podfit.plan.releases import ReleaseSource


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decisions are made from."""

    project: Project
    template: Template
    needs: Mapping[str, Need]
    overlay: Overlay
    held: Collection[str]
    situation: Situation
    artefacts: Mapping[str, tuple[Artefact, ...]]
    timely: tuple[Timely, ...] = ()
    known: Known = tuple


def build_plan(
    project: Project,
    subject: Subject,
    audited: Iterable[Finding],
    findings: Iterable[Finding],
    *,
    source: ReleaseSource,
    created: str,
    known: Known = tuple,
) -> Plan:
    """Return the plan for one template.

    subject is the solution, audited what the audits found about it, findings what was noticed before; source answers
    for releases that are nowhere installed; created is an ISO time (UTC); known are templates that a conflict may name.
    Raises NoPlanError for a release without a
    file that fits the template.
    """
    template, needs, overlay = subject.template, subject.needs, subject.overlay
    requirers: dict[str, list[str]] = {}
    for name, targets in subject.walk.edges.items():
        for target in targets:
            requirers.setdefault(target, []).append(name)
    by_name = {need.name: need for need in needs}
    artefacts = {name: planned_files(name, overlay.packages[name], template) for name in subject.added}
    facts = _Facts(
        project,
        template,
        by_name,
        overlay,
        subject.held,
        Situation(
            template,
            subject.held,
            subject.environment,
            {name: tuple(sorted(found)) for name, found in requirers.items()},
            by_name,
            Markers(template.marker_environment),
            source,
            subject.bounds,
        ),
        artefacts,
        subject.timely,
        known,
    )
    names = (
        set(template.distributions) | set(overlay.packages) | {each.name for each in overlay.refused if not each.open}
    )
    if project.local is not None:
        names |= set(project.local.distributions)
    decisions = tuple(_decide(name, facts) for name in sorted(names))
    without = {each.name for each in overlay.refused if each.open or (each.gave_way and not each.fitting)}
    shown = {decision.name for decision in decisions if decision.action is not Action.SKIP}
    plan = Plan(
        project=project.title,
        template=template,
        needs=tuple(sorted((need for need in needs if need.name not in without), key=lambda need: need.name)),
        decisions=decisions,
        artefacts=artefacts,
        changes=tuple(replace(change, conflict=_forced(change, facts)) for change in overlay.changes),
        edges={name: targets for name, targets in sorted(subject.walk.edges.items()) if name in shown},
        findings=(
            *_python(project, template, known),
            *given_way(facts.overlay, facts.needs, facts.template, facts.held, subject.bounds),
            *bare(facts.overlay, facts.needs, facts.template, facts.held),
            *audited,
            *_built(facts),
            *_immovable(facts),
            *arriving(subject, artefacts),
            *findings,
        ),
        bounds=subject.bounds,
        builds=tuple(build for build in overlay.builds if build.name in artefacts),
        passed_over=tuple(_explained(passed, facts) for passed in overlay.passed_over),
        alternative=overlay.alternative,
        timely=subject.timely,
        releases=dict(sorted(subject.added.items())),
        notes=(*overlay.notes, *_learned(subject), *_left_out(overlay)),
        created=created,
        local_python=project.local.python_version if project.local else "",
    )
    return replace(plan, findings=(*plan.findings, *_contradictory(plan)))


def _contradictory(plan: Plan) -> Iterable[Finding]:
    """Yield a failure for each invariant of a plan that this one does not hold."""
    evidence = Evidence(EvidenceKind.METADATA, "the plan itself")
    for sentence in contradictions(plan):
        yield Finding("plan", plan.template.name, Verdict.FAILED, sentence, evidence, "podfit apply would refuse it")


def _decide(name: str, facts: _Facts) -> Decision:
    """Return the decision for one distribution."""
    present = facts.template.distributions.get(name)
    local = facts.project.local.distributions.get(name) if facts.project.local else None
    package = facts.overlay.packages.get(name)
    need = facts.needs.get(name)
    before = present.version if present else ""
    tested = local.version if local else ""
    planned = (package.version or package.url) if package else before
    required_by = facts.situation.requirers.get(name, ())
    refused = next((r for r in facts.overlay.refused if r.name == name and not (r.gave_way or r.open)), None)
    refused = None if refused is not None and refused.without_extras_alone(need) else refused
    change = next((c for c in facts.overlay.changes if c.name == name), None)
    evidence: list[Evidence] = []
    if refused is not None:
        ruled = "; ".join(
            bound.reason for bound in facts.situation.bounds if bound.name == name and _rules(bound, need)
        )
        action = Action.CONFLICT
        reason = refusal(refused, need, facts.template, facts.held, facts.known, ruled)
        evidence = [Evidence(EvidenceKind.METADATA, "uv's resolution", refused.message)]
    elif change is not None:
        action, reason = Action.CHANGE, f"{before} cannot stay: {_forced(change, facts)}{_from_source(name, facts)}"
        evidence = [Evidence(EvidenceKind.METADATA, "uv's resolution", change.conflict)]
        evidence += [Evidence(EvidenceKind.METADATA, *_requires(other, name, facts)) for other in required_by]
    elif present is not None:
        action, reason = Action.KEEP, _kept(name, facts, before, need, required_by)
        evidence = [present.evidence]
    elif package is not None:
        action, reason = Action.INSTALL, f"{_installed(need, required_by)}{_from_source(name, facts)}"
        evidence = [Evidence(EvidenceKind.METADATA, *_requires(other, name, facts)) for other in required_by]
    else:
        left = next((r for r in facts.overlay.refused if r.name == name), None)
        said = f"it cannot be had, and is left out, for {left.gave_way}" if left is not None else ""
        said = "its repository could not be asked: it is an open question" if left is not None and left.open else said
        action, reason = Action.SKIP, said or "nothing that the project uses needs it on this template"
        planned = ""
        evidence = [local.evidence] if local else []
    if need is not None:
        evidence = [*need.evidence, *evidence]
    evidence += [ground for build in facts.overlay.builds if build.name == name for ground in build.grounds]
    evidence += [bound.evidence for bound in facts.situation.bounds if bound.name == name]
    evidence += [_of_its_time(limit) for limit in facts.timely if limit.name == name]
    files = facts.artefacts.get(name, ())
    needed = package is not None and action is not Action.SKIP
    return Decision(
        name=name,
        action=action,
        reason=reason,
        evidence=tuple(dict.fromkeys(evidence)),
        local=tested,
        template=before,
        planned=planned if action is not Action.CONFLICT else "",
        direct=need is not None,
        held=present is not None and name in facts.held,
        required_by=required_by,
        drift=drift(name, tested, planned, facts.situation) if needed and action is not Action.CONFLICT else "",
        download_bytes=files[0].size if files else 0,
    )


def _rules(bound: Bound, need: Need | None) -> bool:
    """Tell whether a bound may rule out what a need asks for: not where it admits the one version that this names."""
    clauses = list(SpecifierSet(need.specifier)) if need is not None else []
    pins = [each.version for each in clauses if each.operator == "==" and not each.version.endswith(".*")]
    return not pins or any(bound.excludes(bound.name, version) for version in pins) or bool(bound.filename)


def _requires(other: str, name: str, facts: _Facts) -> tuple[str, str]:
    """Return who of the planned environment asks for a distribution, and with which line."""
    release = facts.situation.environment[other]
    lines = [
        asked.short for asked in facts.situation.markers.active(release.requires_dist or ()) if asked.target == name
    ]
    return f"{other} {release.version}", f"Requires-Dist: {lines[0]}" if lines else "Requires-Dist"


def _explained(passed: PassedOver, facts: _Facts) -> PassedOver:
    """Return what could not be had with what keeps the best of it out, as far as metadata tell."""
    planned = facts.overlay.packages.get(passed.name)
    told = drift(passed.name, passed.version, planned.version if planned else "", facts.situation)
    return replace(passed, reason=told.partition(": ")[2])


def _kept(name: str, facts: _Facts, version: str, need: Need | None, required_by: Sequence[str]) -> str:
    """Return why a template distribution stays."""
    if name in facts.held:
        return f"the template has {version}, and it is never changed"
    if need is not None:
        asked = f"the template's {version} meets {need.specifier}" if need.specifier else f"the template has {version}"
        return f"{asked}: nothing to install"
    if name in facts.overlay.packages and required_by:
        return f"the template has {version}, which {shortened(required_by, 4)} can use"
    return "part of the template"


def _installed(need: Need | None, required_by: Sequence[str]) -> str:
    """Return why a distribution is installed."""
    if need is None and not required_by:
        return "absent from the template, and the resolver needs it for something whose requirements are not known here"
    if need is None:
        return f"absent from the template, required by {shortened(required_by, 4)}"
    how = [word for word, true in (("declared", need.declared), ("imported", need.imported)) if true]
    return f"absent from the template, {' and '.join(how) or 'used'} by the project"


def _from_source(name: str, facts: _Facts) -> str:
    """Return that a release is built from source and what can be hoped of it, empty for all others."""
    build = next((build for build in facts.overlay.builds if build.name == name), None)
    return f"; built from source on the pod, whether that works: {build.chance}" if build is not None else ""


def _forced(change: Change, facts: _Facts) -> str:
    """Return in one sentence what forces a change: the planned distributions that exclude the template's version.

    The resolver's whole proof, which may run over pages, stays in the decision's evidence.
    """
    said: list[str] = []
    need = facts.needs.get(change.name)
    declared = SpecifierSet(need.specifier) if need is not None else SpecifierSet()
    if not declared.contains(change.before, prereleases=True):
        said.append(f"the project needs {change.name}{declared}")
    said += [bound.reason for bound in facts.situation.bounds if bound.excludes(change.name, change.before)]
    requirers = facts.situation.requirers.get(change.name, ())
    for requirer in sorted(requirers, key=lambda name: (name not in facts.needs, name)):
        release = facts.situation.environment[requirer]
        present = facts.template.distributions.get(requirer)
        if present is not None and same_version(present.version, release.version):
            continue  # what the template breaks by itself forced nothing
        for asked in facts.situation.markers.active(release.requires_dist or ()):
            if asked.target == change.name and not asked.allows(change.before):
                said.append(f"{requirer} {release.version} requires {asked.short}")
    said += _moved_along(change, facts)
    said = list(dict.fromkeys(said))
    more = f" and {len(said) - 3} more say the like" if len(said) > 3 else ""
    return "; ".join(said[:3]) + more or change.conflict or "the resolver found no solution with it"


def _moved_along(change: Change, facts: _Facts) -> Iterable[str]:
    """Yield what the template's own version of a distribution requires and no longer finds."""
    stated = facts.template.distributions[change.name].requires_dist or ()
    for asked in facts.situation.markers.active(stated):
        other, there = facts.situation.environment.get(asked.target), facts.template.distributions.get(asked.target)
        if other is not None and not asked.allows(other.version) and (there is None or asked.allows(there.version)):
            yield f"{change.name} {change.before} requires {asked.short}, planned is {other.version}"


def _of_its_time(limit: Timely) -> Evidence:
    """Return what a limit in time is: nobody measured it for this package."""
    gone = "; it gave way, for nothing before that can be had" if limit.gave_way else ""
    detail = f"not from {limit.until[:10]} on, {limit.reason}{gone}"
    return Evidence(EvidenceKind.ASSUMED, "of the template's time", detail)


def _python(project: Project, template: Template, known: Known) -> Iterable[Finding]:
    """Yield a failure when the project excludes the template's Python."""
    if not project.requires_python:
        return
    version = template.interpreter.version
    evidence = Evidence(EvidenceKind.METADATA, f"{project.title}: requires-python")
    wanted = SpecifierSet(project.requires_python)
    if not wanted.contains(version, prereleases=True):
        names = in_order((each for each in known() if each.python and wanted.contains(each.python)), template, known)
        there = f" ({shortened(names, 3)} of the catalogue)" if names else ""
        yield Finding(
            "python",
            project.title,
            Verdict.FAILED,
            f"the project requires Python {project.requires_python}, the template has {version}",
            evidence,
            f"choose a template with that Python{there}, or widen requires-python",
        )


def _built(facts: _Facts) -> Iterable[Finding]:
    """Yield a warning for each distribution that is only published as source and gets built on the pod."""
    builds = {build.name: build for build in facts.overlay.builds}
    for name, files in sorted(facts.artefacts.items()):
        package = facts.overlay.packages[name]
        if files and all(file.kind != "wheel" for file in files):
            why = f"{package.version} has no wheel that fits" if files[0].kind == "sdist" else "comes from a commit"
            text = f"{name} {why}: it is built from source on the pod"
            build, remedy = builds.get(name), ""
            if build is None:
                text += " (whether that works is not known)"
            else:
                text += f" (whether that works: {build.chance}; {build.reason})"
                assumed = build.evidence.kind is EvidenceKind.ASSUMED
                text += f"; its dependencies are assumed ({build.evidence.detail})" if assumed else ""
                remedy = _instead(name, build.with_wheel, facts)
            evidence = Evidence(EvidenceKind.PUBLISHED, files[0].url, files[0].filename)
            yield Finding("sdist", name, Verdict.WARNING, text, evidence, remedy)


def _instead(name: str, with_wheel: str, facts: _Facts) -> str:
    """Return what may be done about a source build: a version with a wheel, unless something excludes it."""
    for requirer in facts.situation.requirers.get(name, ()):
        release = facts.situation.environment[requirer]
        for asked in facts.situation.markers.active(release.requires_dist or ()):
            if with_wheel and asked.target == name and not asked.allows(with_wheel):
                return f"{requirer} {release.version} requires {asked.short}; no other release will do"
    ruled = next((bound for bound in facts.situation.bounds if bound.excludes(name, with_wheel)), None)
    if with_wheel and ruled is not None:
        return f"no release with a wheel will do ({ruled.reason})"
    if with_wheel:
        return f"take {name} {with_wheel}, which has a wheel, where it will do"
    other = same_module(name, facts.template)
    return f"{other}: ask for that where it will do" if other else ""


def _immovable(facts: _Facts) -> Iterable[Finding]:
    """Yield a warning for each change to a distribution that pip cannot uninstall."""
    for change in facts.overlay.changes:
        present = facts.template.distributions[change.name]
        if not present.uninstallable:
            yield Finding(
                "uninstall",
                change.name,
                Verdict.WARNING,
                f"pip cannot uninstall the template's {change.name} {change.before}: it left no list of its files",
                present.evidence,
                f"podfit apply's overlay stands before it; by hand: pip install --ignore-installed {change.name}",
            )


def _learned(subject: Subject) -> Iterable[str]:
    """Yield a sentence about each bound that audits taught."""
    return (f"learned: {bound} ({bound.evidence})" for bound in subject.bounds if bound not in subject.known)


def _left_out(overlay: Overlay) -> Iterable[str]:
    """Yield a sentence about the distributions that were not offered to the resolver."""
    if overlay.left_out:
        yield (
            f"{shortened(overlay.left_out, 4)}: the template states no version that PEP 440 knows, "
            "so the resolver did not see them"
        )


def planned_releases(overlay: Overlay, template: Template) -> dict[str, LockedPackage]:
    """Return the packages of overlay that template lacks or has in another version."""
    changed = {change.name for change in overlay.changes}
    return {
        name: package
        for name, package in overlay.packages.items()
        if name in changed or name not in template.distributions
    }
