"""Which of the project's own distributions have to be on the pod, and what building them there asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.catalogue.held import is_held
from podfit.model import (
    Action,
    Content,
    Evidence,
    EvidenceKind,
    Finding,
    Member,
    MemberBuild,
    Plan,
    PlannedMember,
    Project,
    Template,
    Verdict,
    canonical,
)
from podfit.model.requirement import Markers, RequiresDist, parse_requires_dist

_TOOLS = {
    "C": "a C compiler",
    "C++": "a C++ compiler",
    "Cython": "a C compiler",
    "CUDA": "nvcc",
    "Rust": "cargo",
    "Fortran": "a Fortran compiler",
}
_BINARY = ("torch", "numpy")
"""What compiled code is built against: the pod's own, never another one."""
_BUNDLED = "setuptools>=70.1"
"""The first setuptools that makes wheels without the distribution wheel (its changelog, 70.1)."""


def planned_members(
    project: Project, plan: Plan, *, extras: Collection[str] = (), groups: Collection[str] = ()
) -> tuple[tuple[PlannedMember, ...], tuple[Finding, ...]]:
    """Return the members that plan's environment has to have, and what there is to say about them.

    extras and groups are those that the plan was made for. What stands against a member is a failed finding.
    """
    wanted = {"", *(f"extra:{canonical(name)}" for name in extras), *(f"group:{canonical(name)}" for name in groups)}
    markers = Markers(plan.template.marker_environment)
    there = {
        decision.name: decision.planned or decision.template
        for decision in plan.with_action(Action.KEEP, Action.INSTALL, Action.CHANGE)
    }
    found: list[PlannedMember] = []
    findings: list[Finding] = []
    for member in project.members:
        kind, colon, name = member.group.partition(":")
        group = f"{kind}:{canonical(name)}" if colon else member.group
        if not member.asked or group not in wanted or not _applies(member, markers):
            continue
        against = _against(member, plan.template)
        findings += against
        build = member.build
        if build is None or build.content is Content.NOTHING:
            continue
        asked = _asked(build, markers, there)
        fetched, told = _fetched(member, asked, there)
        findings += told
        one = PlannedMember(
            name=member.name,
            path=member.path,
            content=build.content,
            evidence=build.evidence,
            editable=member.editable,
            backend=build.backend,
            requires=build.requires,
            fetched=fetched,
            tools=tuple(dict.fromkeys(_TOOLS[language] for language in build.languages)),
            against=tuple(name for name in _BINARY if any(each.target == name for each in asked)),
        )
        found.append(one)
        findings += _compiled(one, build)
    return tuple(found), tuple(findings)


def _applies(member: Member, markers: Markers) -> bool:
    """Tell whether the marker of a member's requirement holds on the template."""
    return not parse_requires_dist(member.requirement) or bool(list(markers.active([member.requirement])))


def _against(member: Member, template: Template) -> Iterator[Finding]:
    """Yield what makes a member impossible."""
    evidence = Evidence(EvidenceKind.METADATA, str(member.where), member.requirement)
    build = member.build
    if build is None:
        text = f"{member.where} asks for {member.name} as the directory {member.path}, which is not there"
        remedy = "check out the directory (a git submodule?), correct the path, or take the line out"
        yield Finding("member", member.name, Verdict.FAILED, text, evidence, remedy)
    elif build.content is Content.NOTHING:
        text = f"{member.where} asks for {member.name} as the directory {member.path}, which nobody can build: "
        remedy = "give the directory a pyproject.toml, or take the line out"
        yield Finding("member", member.name, Verdict.FAILED, text + build.evidence.detail, build.evidence, remedy)
    elif build.requires_python and not _admits(build.requires_python, template.interpreter.version):
        text = f"{member.path} requires Python {build.requires_python}, the template has {template.interpreter.version}"
        remedy = "choose a template with that Python, or widen requires-python"
        yield Finding("member", member.name, Verdict.FAILED, text, build.evidence, remedy)


def _admits(specifier: str, version: str) -> bool:
    """Tell whether a Python may be used; an unreadable specifier limits nobody."""
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def _asked(build: MemberBuild, markers: Markers, there: Mapping[str, str]) -> tuple[RequiresDist, ...]:
    """Return what a build asks for on the template, what its setup.py imports among it."""
    asked = tuple(markers.active((*build.requires, *build.imports)))
    bundled = parse_requires_dist(_BUNDLED)
    old = bundled is not None and "setuptools" in there and not bundled.allows(there["setuptools"])
    if build.backend.startswith("setuptools") and old:
        asked += tuple(markers.active(["wheel"]))
    return asked


def _fetched(
    member: Member, asked: tuple[RequiresDist, ...], there: Mapping[str, str]
) -> tuple[tuple[str, ...], list[Finding]]:
    """Return what has to be fetched for the build alone; what is held is never fetched, and what that means."""
    fetched: dict[str, None] = {}
    findings = []
    for each in asked:
        have = there.get(each.target)
        if have is not None and each.allows(have):
            continue
        if not is_held(each.target):
            fetched.setdefault(f"{each.short} @ {each.requirement.url}" if each.requirement.url else each.short)
            continue
        evidence = Evidence(
            EvidenceKind.METADATA, f"{member.path}/pyproject.toml", f"build-system.requires {each.line}"
        )
        if have is None:
            text = f"the build of {member.name} asks for {each.short}, which neither the template nor the plan has"
            findings.append(
                Finding("member", member.name, Verdict.FAILED, text, evidence, f"declare {each.target} as a dependency")
            )
        else:
            text = f"the build of {member.name} asks for {each.short}; it gets the template's {have}, which stays"
            findings.append(Finding("member", member.name, Verdict.WARNING, text, evidence))
    return tuple(fetched), findings


def _compiled(member: PlannedMember, build: MemberBuild) -> Iterator[Finding]:
    """Yield a warning for a member that compiles, or may: whether that works shows on the pod."""
    if member.content is Content.PURE:
        return
    languages = " and ".join(build.languages)
    does = f"compiles {languages}" if member.content is Content.COMPILED and languages else "compiles"
    does = does if member.content is Content.COMPILED else f"may compile {languages}".rstrip()
    need = f"{' and '.join(member.tools) or 'a compiler'} {'have' if len(member.tools) > 1 else 'has'} to be there"
    using = f"; it is built against the pod's own {' and '.join(member.against)}" if member.against else ""
    text = f"{member.name} in {member.path} {does} on the pod: {need}{using}"
    remedy = "see that the image has it (an image for development), or build a wheel elsewhere and name that"
    yield Finding("member", member.name, Verdict.WARNING, text, member.evidence, remedy)
