"""What is declared beside the manifests gives way to them, and speaks where they are silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.held import is_held
from podfit.model import Declaration, Evidence, EvidenceKind, Finding, Verdict, canonical
from podfit.needs.asked import Asked


def offers(
    asked: Mapping[str, Asked], beside: Iterable[tuple[Declaration, Requirement]]
) -> tuple[dict[str, Asked], list[Finding]]:
    """Merge what scoped declarations say: into asked where that agrees, else into offers by name, which are returned.

    A line that excludes what was taken before is a finding and not followed; so is a version of a distribution that
    belongs to the template (torch and its kin): a Dockerfile's torch is another machine's.
    """
    offered: dict[str, Asked] = {}
    findings: list[Finding] = []
    for declaration, requirement in beside:
        name = canonical(requirement.name)
        evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
        if is_held(name) and requirement.specifier:
            if name not in asked:
                message = f"{declaration.where} installs {declaration.requirement}; the template's own stays"
                findings.append(Finding("declared", name, Verdict.OK, message, evidence))
            requirement = Requirement(requirement.name)
        there = asked.get(name) or offered.setdefault(name, Asked(name))
        if reason := _excluded(there, requirement):
            message = f"{declaration.where} asks for {declaration.requirement}, which {reason} excludes; not followed"
            told = Verdict.OK if declaration.scope.lower().startswith("readme") else Verdict.WARNING
            findings.append(Finding("declared", name, told, message, evidence, "make them agree"))
        else:
            there.parts.append((declaration, requirement))
    return offered, findings


def _excluded(there: Asked, requirement: Requirement) -> str:
    """Return the place of what excludes a requirement, empty when nothing does."""
    if not there.parts:
        return ""
    first = str(there.parts[0][0].where)
    if requirement.url and requirement.url != there.url:
        return first
    specifier = SpecifierSet(there.specifier) & requirement.specifier
    return first if specifier.is_unsatisfiable() else ""
