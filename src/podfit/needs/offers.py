"""What is declared beside the manifests gives way to them, and speaks where they are silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.held import frameworks, is_held
from podfit.model import Declaration, Evidence, EvidenceKind, Finding, Template, Verdict, canonical
from podfit.model.versions import within
from podfit.needs.asked import Asked


def offers(
    asked: Mapping[str, Asked], beside: Iterable[tuple[Declaration, Requirement]], template: Template
) -> tuple[dict[str, Asked], list[Finding]]:
    """Merge what scoped declarations say: into asked where that agrees, else into offers by name, which are returned.

    Where a manifest gives a range, a line that asks for nothing of its own narrows it no further; where a manifest asks
    for any version, an exact one of such a line is what somebody had, and moves nothing that the template has.
    A line that excludes what was taken before is a finding and not followed; so is a version of a distribution that
    belongs to the template (torch and its kin): a Dockerfile's torch is another machine's. A part of the project that
    declares a range which leaves the template's version out is warned of.
    """
    offered: dict[str, Asked] = {}
    findings: list[Finding] = []
    for declaration, requirement in beside:
        name = canonical(requirement.name)
        evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
        part = declaration.where.path.startswith(f"{declaration.scope}/")  # a folder's own files, no Dockerfile's
        if requirement.specifier and (_held(name, template) if part else is_held(name)):
            there = template.distributions.get(name)
            if part and there and not within(str(requirement.specifier), there.version):
                findings.append(_left_behind(declaration, requirement, there.version, evidence))
            elif name not in asked:
                message = f"{declaration.where} installs {declaration.requirement}; the template's own stays"
                findings.append(Finding("declared", name, Verdict.OK, message, evidence))
            requirement = Requirement(requirement.name)
        known = asked.get(name) or offered.setdefault(name, Asked(name))
        if reason := _excluded(known, requirement):
            message = f"{declaration.where} asks for {declaration.requirement}, which {reason} excludes; not followed"
            advice = declaration.scope.lower().startswith("readme") or declaration.scope.endswith(".sh")
            told = Verdict.OK if advice else Verdict.WARNING
            remedy = f"plan {declaration.scope} by itself, or make them agree" if part else "make them agree"
            findings.append(Finding("declared", name, told, message, evidence, remedy))
        else:
            limited = bool(name in asked and asked[name].specifier and not declaration.asks)
            there = template.distributions.get(name)
            if not limited and there and name in asked and not declaration.asks and _had(requirement, there.version):
                limited = True
                findings.append(_stays(declaration, asked[name], there.version, evidence))
            known.parts.append((declaration, _without_range(requirement) if limited else requirement))
    return offered, findings


def _held(name: str, template: Template) -> bool:
    """Tell whether a distribution is the template's: a framework that it has not is a package like any other."""
    return is_held(name) and (name in template.distributions or name not in frameworks())


def _left_behind(declaration: Declaration, requirement: Requirement, version: str, evidence: Evidence) -> Finding:
    """Return the warning that a part of the project is made for another version than the template has and keeps."""
    wanted = f"{requirement.name}{requirement.specifier}"
    message = f"{declaration.where} declares {wanted} for {declaration.scope}; the template's {version} stays"
    remedy = f"plan {declaration.scope} by itself, on a template that has {wanted}"
    return Finding("declared", canonical(requirement.name), Verdict.WARNING, message, evidence, remedy)


def _had(requirement: Requirement, version: str) -> bool:
    """Tell whether a requirement names one version, and another one than version."""
    clauses = list(requirement.specifier)
    exact = bool(clauses) and all(each.operator in ("==", "===") for each in clauses)
    return exact and bool(version) and not within(str(requirement.specifier), version)


def _stays(declaration: Declaration, asked: Asked, version: str, evidence: Evidence) -> Finding:
    """Return the warning that the template's version stays where a manifest asks for any and another place had one."""
    name, said = asked.name, f"{declaration.where} asks for {declaration.requirement}"
    message = f"{said}; {asked.parts[0][0].where} asks for any version, and the template's {version} stays"
    remedy = f"test with {version}, or declare {declaration.requirement} in {asked.parts[0][0].where.path}"
    return Finding("declared", name, Verdict.WARNING, message, evidence, remedy)


def _without_range(requirement: Requirement) -> Requirement:
    """Return a requirement in any version."""
    free = Requirement(str(requirement))
    free.specifier = SpecifierSet("")
    return free


def waiting_for(
    later: Iterable[tuple[Declaration, Requirement]], asked: Mapping[str, Asked], template: Template
) -> Iterator[tuple[Declaration, Requirement]]:
    """Yield what unselected extras and groups declare that nothing else asks for and that is not the template's.

    An extra that is named after what it declares (`torch = ["torch>=2.6"]`) bounds that whoever uses it.
    """
    for declaration, requirement in later:
        name = canonical(requirement.name)
        free = declaration.group == f"extra:{name}" or not _held(name, template)
        if name not in asked and free and not (declaration.constraint or declaration.instead):
            yield declaration, requirement


def unselected(declaration: Declaration, requirement: Requirement, offered: dict[str, Asked]) -> None:
    """Offer what an unselected extra or group declares, unless what is offered already excludes it."""
    there = offered.setdefault(canonical(requirement.name), Asked(canonical(requirement.name)))
    if not _excluded(there, requirement):
        there.parts.append((replace(declaration, scope=declaration.group, asks=False), requirement))


def only_unselected(offered: Asked) -> bool:
    """Tell whether nothing but unselected extras and groups declare a distribution."""
    return all(declaration.group and declaration.scope == declaration.group for declaration, _ in offered.parts)


def _excluded(there: Asked, requirement: Requirement) -> str:
    """Return the place of what excludes a requirement, empty when nothing does."""
    if not there.parts:
        return ""
    first = str(there.parts[0][0].where)
    if requirement.url and requirement.url != there.url:
        return first
    specifier = SpecifierSet(there.specifier) & requirement.specifier
    return first if specifier.is_unsatisfiable() else ""
