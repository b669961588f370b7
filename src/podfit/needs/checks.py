"""Versions that code insists on when it is imported: evidence for what is asked of a distribution."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.held import is_held
from podfit.model import Declaration, Evidence, EvidenceKind, Finding, Verdict, VersionCheck
from podfit.needs.asked import Asked
from podfit.needs.providers import Provider, Providers


def with_checks(
    checks: Sequence[VersionCheck], providers: Providers, asked: dict[str, Asked], used: Collection[str]
) -> list[Finding]:
    """Add to asked what assertions say of the versions, and return the findings about those that cannot be followed.

    used are the distributions that the code cannot do without. An assertion about any other asks for nothing.
    """
    findings: list[Finding] = []
    for check in checks:
        provider = providers.find(check.module, ())
        if not isinstance(provider, Provider):
            continue
        name = provider.distribution
        if name not in asked and name not in used:
            continue
        there = asked.get(name) or Asked(name)
        text = f"{name}{check.specifier}"
        evidence = Evidence(EvidenceKind.METADATA, str(check.where), f"asserts {check.module} {check.specifier}")
        excluded = (SpecifierSet(there.specifier) & SpecifierSet(check.specifier)).is_unsatisfiable()
        if excluded or is_held(name):
            said = f"what is declared ({there.specifier}) excludes that" if excluded else "the template's own stays"
            message = f"{check.where} asserts {check.module} {check.specifier}; {said}"
            findings.append(Finding("imports", name, Verdict.WARNING, message, evidence, "change the assertion"))
            continue
        there.parts.append((Declaration(text, check.where, scope=check.where.path), Requirement(text)))
        asked[name] = there
    return findings
