"""Does a plan still hold on its template as it is now? Pure: the plan and a newer list of the template.

The parts of a plan that lean on the template are looked at one by one: Python and machine, the wheels that were chosen,
what is held, what was to stay, what was to come; then every requirement of the environment that it would lead to now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from podfit.audit.consistency import Violation, final_environment, template_walk, walk
from podfit.model import (
    Action,
    Decision,
    Evidence,
    EvidenceKind,
    Finding,
    Plan,
    Release,
    TargetPlatform,
    Template,
    Verdict,
)
from podfit.model.cuda import torch_cuda
from podfit.model.versions import same_version
from podfit.model.words import shortened

_AGAIN = "plan again: podfit fit"
_NAMED = 8
"""How many distributions one sentence lists."""


def recheck(plan: Plan, now: Template) -> tuple[Finding, ...]:
    """Return what became of the plan on its template as it is now; any FAILED one means that it does not hold.

    What changed and does no harm is a WARNING, what nobody can tell UNKNOWN; a plan that holds has an OK.
    """
    found = [
        *_interpreter(plan, now),
        *_wheels(plan, now),
        *(finding for decision in plan.decisions for finding in _decision(decision, now)),
        *_needs(plan, now),
        *_torch(plan, now),
        *_beside(plan, now),
        *_settings(plan, now),
        *_consistency(plan, now),
    ]
    if not any(finding.verdict is Verdict.FAILED for finding in found):
        text = f"the plan of {plan.created or 'another time'} holds on {_named(now)}"
        found.append(Finding("drift", "template", Verdict.OK, text, _seen(now, "everything that the plan leans on")))
    return tuple(found)


def fits_target(filename: str, target: TargetPlatform) -> bool:
    """Tell whether one of a wheel's tags is accepted; a name that is no wheel's is for the installer to judge."""
    try:
        return target.fits(frozenset(map(str, parse_wheel_filename(filename)[3])))
    except InvalidWheelFilename:
        return True


def _named(now: Template) -> str:
    """Return the template's name and the date of its list."""
    return f"{now.name} as of {now.captured}" if now.captured else now.name


def _seen(now: Template, detail: str = "") -> Evidence:
    """Return the evidence for what the newer list says."""
    return Evidence(now.evidence.kind, now.evidence.source, detail or now.evidence.detail)


def _drifted(subject: str, text: str, now: Template) -> Finding:
    """Return a failure whose remedy is a new plan."""
    return Finding("drift", subject, Verdict.FAILED, text, _seen(now), _AGAIN)


def _interpreter(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield what differs in Python and platform."""
    before, after = plan.template.interpreter, now.interpreter
    was, became = (f"{p.implementation} {p.version}{'t' * p.free_threaded}" for p in (before, after))
    same = (before.series, before.implementation, before.free_threaded)
    if same != (after.series, after.implementation, after.free_threaded):
        text = f"the plan is for {was}, and the template has {became} now"
        yield Finding("interpreter", "python", Verdict.FAILED, text, _seen(now), _AGAIN)
    elif before.version != after.version:
        text = f"Python was {before.version} and is {after.version} now; the wheels are for both"
        yield Finding("interpreter", "python", Verdict.WARNING, text, _seen(now))
    one, other = plan.template.platform, now.platform
    if one.machine != other.machine:
        text = f"the plan is for {one.machine}, and the template is for {other.machine} now"
        yield Finding("interpreter", "machine", Verdict.FAILED, text, _seen(now), _AGAIN)
    older, newer = plan.template.target.glibc, now.target.glibc
    if older and newer and older != newer:
        yield Finding("interpreter", "glibc", Verdict.WARNING, f"glibc was {older} and is {newer} now", _seen(now))


def _wheels(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield the planned wheels that the template's Python would not accept any more."""
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        files = plan.artefacts.get(decision.name, ())
        if files and not any(file.kind != "wheel" or fits_target(file.filename, now.target) for file in files):
            text = f"{files[0].filename} does not fit the template any more ({now.target})"
            seen = _seen(now, "the wheel tags that its Python accepts")
            yield Finding("wheels", decision.name, Verdict.FAILED, text, seen, _AGAIN)


def _decision(decision: Decision, now: Template) -> Iterator[Finding]:
    """Yield what became of one distribution of the plan."""
    name, before, action = decision.name, decision.template, decision.action
    present = now.distributions.get(name)
    version = present.version if present is not None else ""
    if action is Action.INSTALL:
        if version and same_version(version, decision.planned):
            text = f"{name} {version} is in the template now; the plan would install it"
            yield Finding("drift", name, Verdict.WARNING, text, _seen(now), "a new plan has less to do: podfit fit")
        elif version:
            text = f"the template has {name} {version} now, and the plan would put {decision.planned} in its place"
            yield _drifted(name, text, now)
    elif action in (Action.KEEP, Action.CHANGE) and before and not same_version(before, version or "0"):
        needed = decision.held or decision.direct or bool(decision.required_by)
        became = f"is {version} now" if version else "is not in the template any more"
        if decision.held:
            text = f"{name}, which is held, was {before} and {became}"
            yield _drifted(name, text, now)
        elif action is Action.CHANGE and version and same_version(version, decision.planned):
            text = f"{name} was {before} and is {version} now, as the plan wants it"
            yield Finding("drift", name, Verdict.WARNING, text, _seen(now), "a new plan has less to do: podfit fit")
        elif not version and needed and action is Action.KEEP:
            why = "the project uses it" if decision.direct else f"{shortened(decision.required_by, 4)} require it"
            yield _drifted(name, f"{name} was {before} and {became}; {why}", now)
        elif needed:
            yield Finding("drift", name, Verdict.WARNING, f"{name} was {before} and {became}", _seen(now))


def _needs(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield the needs of the project that the template's changed version does not meet."""
    kept = {decision.name for decision in plan.with_action(Action.KEEP) if not decision.held}
    for need in plan.needs:
        present = now.distributions.get(need.name)
        before = plan.template.distributions.get(need.name)
        if need.name not in kept or present is None or before is None or same_version(present.version, before.version):
            continue
        if need.specifier and _excludes(need.specifier, present.version):
            text = f"the project needs {need.name}{need.specifier}, and the template has {present.version} now"
            yield _drifted(need.name, text, now)


def _excludes(specifier: str, version: str) -> bool:
    """Tell whether a specifier excludes a version; one that cannot be read excludes nothing."""
    try:
        return not SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False


def _torch(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield that torch is built for another CUDA, where its version does not tell."""
    before, after = torch_cuda(plan.template), torch_cuda(now)
    if before is not None and after is not None and before.value != after.value:
        was, became = (f"for CUDA {fact.value}" if fact.value else "without CUDA" for fact in (before, after))
        text = f"torch was built {was} and is built {became} now"
        yield Finding("drift", "torch", Verdict.FAILED, text, after.evidence, _AGAIN)


def _beside(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield one sentence on what changed in the template that the plan does not lean on."""
    leant = {d.name for d in plan.decisions if d.held or d.direct or d.required_by or d.action is not Action.KEEP}
    changed = []
    for name in sorted({*plan.template.distributions, *now.distributions} - leant):
        before, after = plan.template.distributions.get(name), now.distributions.get(name)
        if before is None and after is not None:
            changed.append(f"{name} {after.version} is new")
        elif before is not None and after is None:
            changed.append(f"{name} {before.version} is gone")
        elif before is not None and after is not None and not same_version(before.version, after.version):
            changed.append(f"{name} {before.version} is {after.version}")
    if changed:
        text = f"beside what the plan leans on, {len(changed)} distributions changed: {shortened(changed, _NAMED)}"
        yield Finding("drift", "template", Verdict.WARNING, text, _seen(now))


def _settings(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield what changed in how the template steers pip and uv."""
    before, after = _steering(plan.template), _steering(now)
    told = [
        f"{name} {f'was {before[name]}' if name in before else 'was not set'} and "
        f"{f'is {after[name]}' if name in after else 'is not set'} now"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    if told and plan.template.origin is now.origin:  # a list that somebody wrote down states no variables
        text = f"the template steers installers otherwise: {shortened(told, 4)}"
        yield Finding("drift", "settings", Verdict.WARNING, text, _seen(now))


def _steering(template: Template) -> Mapping[str, str]:
    """Return a template's variables for pip and uv."""
    return {name: value for name, value in template.environment.items() if name.startswith(("PIP_", "UV_"))}


def _consistency(plan: Plan, now: Template) -> Iterator[Finding]:
    """Yield the requirements that hold in the template as it is now, and would not with the plan."""
    planned = {d.name: d for d in plan.with_action(Action.INSTALL, Action.CHANGE)}
    unknown = sorted(name for name in planned if name not in plan.releases)
    added: dict[str, Release] = {name: plan.releases[name] for name in planned if name in plan.releases}
    after = walk(final_environment(now, added), now, plan.needs)
    own = {(v.name, v.version, v.requirement, v.present) for v in template_walk(now).violations}
    before = {(v.name, v.requirement) for v in _violations(plan, added)}
    for violation in after.violations:
        key = (violation.name, violation.version, violation.requirement, violation.present)
        if key not in own and (violation.name, violation.requirement) not in before:
            yield Finding("consistency", violation.name, Verdict.FAILED, str(violation), violation.evidence, _AGAIN)
    if unknown:
        text = f"the plan does not say what {shortened(unknown, _NAMED)} require: an older podfit wrote it"
        source = Evidence(EvidenceKind.ASSUMED, "the plan", "it has no releases")
        yield Finding("consistency", "plan", Verdict.UNKNOWN, text, source, _AGAIN)


def _violations(plan: Plan, added: Mapping[str, Release]) -> tuple[Violation, ...]:
    """Return what the planned environment violated when the plan was made."""
    return walk(final_environment(plan.template, added), plan.template, plan.needs).violations
