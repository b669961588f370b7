"""Does every Requires-Dist of every distribution in (template + changes) hold? Judged by `packaging` alone.

The resolver is not asked: this pass would notice if it, or what podfit told it, were wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from podfit.model import Evidence, EvidenceKind, Finding, Need, Release, Template, Verdict, canonical
from podfit.model.kept import kept_with
from podfit.model.requirement import Markers, RequiresDist
from podfit.model.versions import admits
from podfit.model.words import shortened

CHECK = "consistency"


@dataclass(frozen=True, slots=True)
class Violation:
    """A requirement that does not hold: name states it, present is the version there is of what it asks, or empty."""

    name: str
    version: str
    requirement: str
    present: str
    evidence: Evidence

    def __str__(self) -> str:
        """Return one sentence."""
        have = f"there is {self.present}" if self.present else "it is absent"
        return f"{self.name} {self.version} requires {self.requirement}, and {have}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What one pass over an environment saw: requirements judged, violations, releases whose metadata is unknown.

    edges maps each release to the names that it requires there.
    """

    judged: int
    violations: tuple[Violation, ...]
    unknown: tuple[str, ...]
    edges: Mapping[str, tuple[str, ...]]


def final_environment(template: Template, added: Mapping[str, Release]) -> dict[str, Release]:
    """Return the template's distributions with added put over them, by name."""
    present = {
        name: Release(name, d.version, d.requires_dist, d.requires_python, d.evidence)
        for name, d in template.distributions.items()
    }
    return {**present, **added}


def template_walk(template: Template) -> Walk:
    """Return the walk over the untouched template, for nobody's needs."""
    return _template_walk((template,))


@kept_with
def _template_walk(templates: tuple[Template, ...]) -> Walk:
    (template,) = templates
    return walk(final_environment(template, {}), template)


def walk(environment: Mapping[str, Release], template: Template, needs: Iterable[Need] = ()) -> Walk:
    """Judge every requirement of environment under the template's markers, with the extras that are asked for."""
    markers = Markers(template.marker_environment)
    extras: dict[str, set[str]] = {name: {""} for name in environment}
    for need in needs:
        if need.name in extras:
            extras[need.name].update(canonical(extra) for extra in need.extras)
    active: dict[str, list[RequiresDist]] = {}
    queue = list(environment)
    while queue:  # an extra that is asked for may ask for others
        name = queue.pop()
        active[name] = list(markers.active(environment[name].requires_dist or (), extras[name]))
        for asked in active[name]:
            wanted = {canonical(extra) for extra in asked.requirement.extras}
            if asked.target in extras and not wanted <= extras[asked.target]:
                extras[asked.target] |= wanted
                queue.append(asked.target)
    judged, violations, edges = 0, [], {}
    for name, release in environment.items():
        judged += len(active[name])
        for asked in active[name]:
            present = environment.get(asked.target)
            if present is None or not asked.allows(present.version):
                version = present.version if present else ""
                violations.append(Violation(name, release.version, asked.short, version, release.evidence))
        python = template.interpreter.version
        if release.requires_python and not admits(release.requires_python, python):
            asked_python = f"Python {release.requires_python}"
            violations.append(Violation(name, release.version, asked_python, python, release.evidence))
        edges[name] = tuple(sorted({asked.target for asked in active[name] if asked.target in environment}))
    unknown = tuple(sorted(name for name, release in environment.items() if release.requires_dist is None))
    return Walk(judged, tuple(violations), unknown, edges)


def check_consistency(
    template: Template, added: Mapping[str, Release], needs: Sequence[Need]
) -> tuple[list[Finding], Walk]:
    """Return findings about the planned environment, and the walk over it.

    What the untouched template breaks already is a warning; what only the plan breaks is a failure.
    """
    after = walk(final_environment(template, added), template, needs)
    return judge(template, added, after), after


def judge(template: Template, added: Mapping[str, Release], after: Walk) -> list[Finding]:
    """Return findings about the planned environment, over which after is the walk."""
    before = template_walk(template)
    own = {(v.name, v.version, v.requirement) for v in before.violations}
    new = [v for v in after.violations if (v.name, v.version, v.requirement) not in own]
    old = [v for v in after.violations if (v.name, v.version, v.requirement) in own]
    findings = list(_failures(new))
    if not findings:
        total = len(template.distributions.keys() | added.keys())
        findings.append(
            Finding(
                CHECK,
                template.name,
                Verdict.OK,
                f"{after.judged} requirements of {total} distributions judged: the plan breaks none",
                Evidence(EvidenceKind.METADATA, "Requires-Dist of every distribution, judged by packaging"),
            )
        )
    findings += _old(old)
    if after.unknown:
        findings.append(
            Finding(
                CHECK,
                template.name,
                Verdict.UNKNOWN,
                f"the requirements of {shortened(after.unknown, 6)} are not known",
                Evidence(EvidenceKind.ASSUMED, "no metadata was seen", "they count as requiring nothing"),
                "probe the template: podfit probe",
            )
        )
    return findings


def _failures(violations: Iterable[Violation]) -> Iterator[Finding]:
    """Yield one failed finding per violation."""
    for violation in violations:
        yield Finding(
            CHECK,
            violation.name,
            Verdict.FAILED,
            str(violation),
            violation.evidence,
            "report this with the plan file: the resolver and the metadata disagree",
        )


def _old(violations: Iterable[Violation]) -> Iterator[Finding]:
    """Yield one warning per template distribution whose requirements the untouched template breaks."""
    by_name: dict[str, list[Violation]] = {}
    for violation in violations:
        by_name.setdefault(violation.name, []).append(violation)
    for name, found in by_name.items():
        absent = [v.requirement for v in found if not v.present]
        other = [f"{v.requirement}, and there is {v.present}" for v in found if v.present]
        said = [f"{shortened(absent, 6)}, absent there"] if absent else []
        message = f"in the template as it is, {name} {found[0].version} requires {'; '.join(other + said)}"
        yield Finding(CHECK, name, Verdict.WARNING, message, found[0].evidence, "podfit leaves it so")
