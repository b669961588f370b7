"""Declared requirements: those that hold on the template, merged by distribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.freezes import host_bound, system_bound
from podfit.catalogue.held import is_held
from podfit.catalogue.imports import backport, meant, module_named
from podfit.model import (
    Declaration,
    Evidence,
    EvidenceKind,
    Finding,
    InputError,
    Member,
    OpenQuestion,
    Project,
    Template,
    Verdict,
    canonical,
)
from podfit.needs.asked import Asked
from podfit.needs.offers import offers, unselected, waiting_for
from podfit.needs.providers import standard_library


@dataclass(frozen=True)
class Declared:
    """What the project declares for the template: asked by normalized name, constraints, and what was set aside.

    offered is what notebooks, scripts, Dockerfiles and the like say of distributions that no manifest names. elsewhere
    gives, for names that only extras and groups declare which were not selected, the option that selects one; where the
    code imports such a distribution, it is offered in the range that is declared there. questions are about
    declarations that exclude each other, of which the first is followed.
    """

    asked: Mapping[str, Asked]
    constraints: tuple[Declaration, ...]
    findings: tuple[Finding, ...]
    offered: Mapping[str, Asked] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[OpenQuestion, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    """For names that are declared for other environments alone (a marker that is false here), the first place."""


def read_declarations(project: Project, template: Template, extras: Sequence[str], groups: Sequence[str]) -> Declared:
    """Return the declarations of project that hold on template, with those of the selected extras and groups.

    Markers are judged against the template's environment. The project itself is left out; extras of its own that it
    asks for (`moola[api]` in another extra) count as selected, those that a README offers do not. Raises InputError
    for a requirement that cannot be parsed. Of two that exclude each other the first is followed, and an open question
    names both places.
    """
    chosen_extras, chosen_groups = {canonical(e) for e in extras}, {canonical(g) for g in groups}
    asked: dict[str, Asked] = {}
    constraints: list[Declaration] = []
    elsewhere: dict[str, str] = {}
    apart: dict[str, str] = {}
    beside: list[tuple[Declaration, Requirement]] = []
    findings: list[Finding] = []
    waiting = [(declaration, _parsed(declaration)) for declaration in project.declarations]
    findings += _unknown((*project.declarations, *project.members), "extra", extras)
    findings += _unknown((*project.declarations, *project.members), "group", groups)
    later: list[tuple[Declaration, Requirement]] = []
    while waiting:
        later = []
        grown = False
        for declaration, requirement in waiting:
            if not _selected(declaration.group, chosen_extras, chosen_groups):
                later.append((declaration, requirement))
                continue
            if not _holds(declaration, requirement, template, chosen_extras, findings):
                apart.setdefault(canonical(requirement.name), str(declaration.where))
                continue
            name = canonical(requirement.name)
            if left_out := _left_out(name, requirement, template):
                findings.append(left_out)
                continue
            requirement = _meant(declaration, requirement, template, findings)
            name = canonical(requirement.name)
            if _is_own(declaration, requirement, project):
                new = {canonical(extra) for extra in requirement.extras} - chosen_extras if declaration.asks else set()
                chosen_extras |= new
                grown = grown or bool(new)
            elif declaration.constraint:
                constraints.append(declaration)
            elif declaration.scope:
                beside.append((declaration, requirement))
            else:
                asked.setdefault(name, Asked(name)).parts.append((declaration, requirement))
        waiting = later if grown else []
        elsewhere = _elsewhere(later)
    questions = tuple(question for one in asked.values() for question in _agreed(one))
    offered, told = offers(asked, beside, template)
    for declaration, requirement in waiting_for(later, asked, template):
        if _holds(declaration, requirement, template, chosen_extras, []):
            unselected(declaration, requirement, offered)
    apart = {name: place for name, place in apart.items() if name not in asked and name not in offered}
    return Declared(asked, tuple(constraints), (*findings, *told), offered, elsewhere, questions, apart)


def _parsed(declaration: Declaration) -> Requirement:
    try:
        return Requirement(declaration.requirement)
    except InvalidRequirement as error:
        reason = str(error).split("\n", 1)[0]
        raise InputError(
            f"{declaration.requirement!r} is not a requirement: {reason}",
            where=declaration.where,
            remedy="write it as PEP 508 says, such as `pandas>=2,<3`",
        ) from None


def _selected(group: str, extras: Collection[str], groups: Collection[str]) -> bool:
    kind, _, name = group.partition(":")
    if not group:
        return True
    return canonical(name) in (extras if kind == "extra" else groups)


def _elsewhere(unselected: Sequence[tuple[Declaration, Requirement]]) -> dict[str, str]:
    """Return, for each name that only unselected extras and groups declare, the option of the smallest of these."""
    sizes = Counter(declaration.group for declaration, _ in unselected)
    found: dict[str, str] = {}
    for declaration, requirement in sorted(unselected, key=lambda each: sizes[each[0].group]):
        found.setdefault(canonical(requirement.name), _option(declaration.group))
    return found


def _option(group: str) -> str:
    """Return the option that selects an extra or a group."""
    kind, _, name = group.partition(":")
    return f"--{kind} {name}"


def _unknown(declarations: Iterable[Declaration | Member], kind: str, names: Sequence[str]) -> list[Finding]:
    """Return a warning for each selected extra or group that no declaration belongs to."""
    there = {canonical(d.group.partition(":")[2]) for d in declarations if d.group.startswith(f"{kind}:")}
    known = ", ".join(sorted(there)) or "none"
    return [
        Finding(
            "declared",
            name,
            Verdict.WARNING,
            f"nothing is declared for the {kind} {name}",
            Evidence(EvidenceKind.METADATA, "the project's declarations", f"{kind}s with requirements: {known}"),
            f"check the {kind}'s name",
        )
        for name in names
        if canonical(name) not in there
    ]


def _holds(
    declaration: Declaration,
    requirement: Requirement,
    template: Template,
    extras: Collection[str],
    findings: list[Finding],
) -> bool:
    """Return whether the requirement's marker is true on the template; note it when it is not or cannot be judged."""
    marker = requirement.marker
    if marker is None:
        return True
    evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
    name = canonical(requirement.name)
    try:
        if any(_true(marker, template, extra) for extra in ("", *sorted(extras))):
            return True
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError) as error:
        message = f"the marker `{marker}` cannot be judged ({error}); the requirement is taken as needed"
        findings.append(Finding("declared", name, Verdict.UNKNOWN, message, evidence))
        return True
    message = f"not needed on Python {template.interpreter.version}, {template.platform.machine}: `{marker}` is false"
    findings.append(Finding("declared", name, Verdict.OK, message, evidence))
    return False


def _meant(
    declaration: Declaration, requirement: Requirement, template: Template, findings: list[Finding]
) -> Requirement:
    """Return the requirement that people mean by a name such as sklearn or pytorch, every other one as it is."""
    name = canonical(requirement.name)
    known = meant(name)
    if known is None or requirement.url or name in template.distributions:
        return requirement
    right = known.distribution
    limits = str(requirement.specifier) if known.same_versions else ""
    taken = f"{right}{limits} is taken" if known.same_versions else f"{right} is meant, and taken in any version"
    message = f"{declaration.where} asks for {declaration.requirement}; {taken}"
    findings.append(Finding("declared", right, Verdict.WARNING, message, known.evidence, f"declare {right}{limits}"))
    return Requirement(f"{right}{limits}")


def of_another_host(name: str, verdict: Verdict = Verdict.OK) -> Finding | None:
    """Return the note about a distribution that serves another host or accelerator alone, None for all others."""
    host = host_bound(name)
    return Finding("declared", name, verdict, f"left out: {host.reason}", host.evidence) if host is not None else None


def _left_out(name: str, requirement: Requirement, template: Template) -> Finding | None:
    """Return the note about a distribution that the template has no use for, None for all others.

    It serves another operating system or another host alone, or a held framework has its module by now, or its module
    is the standard library's: `typing`, and what is written like a module (`json`, `random`), which comes before
    everything installed, so that nobody could import it.
    """
    if name in template.distributions:
        return None
    if bound := system_bound(name):
        message = f"left out: it is for {bound.system} alone, and the template runs Linux"
        return Finding("declared", name, Verdict.OK, message, bound.evidence)
    if elsewhere := of_another_host(name):
        return elsewhere
    if requirement.url:
        return None
    if brought := _within_a_framework(name, template):
        return brought
    series = template.interpreter.series
    module, told = requirement.name, Evidence(EvidenceKind.PUBLISHED, "the package stdlibs", f"modules of {series}")
    if known := backport(name):
        module, told = known.module, known.evidence
    if module.partition(".")[0] not in standard_library(series):
        return None
    message = f"left out: {module} is in the standard library of the template's Python {series}"
    return Finding("declared", name, Verdict.OK, message, told)


def _within_a_framework(name: str, template: Template) -> Finding | None:
    """Return the note about a distribution whose module a held framework of the template brings, None for others."""
    entry = module_named(name)
    if entry is None or name in (entry.distribution, *entry.also) or not is_held(entry.distribution):
        return None
    framework = template.distributions.get(entry.distribution)
    if framework is None:
        return None
    message = f"left out: {entry.module} comes with the template's {framework.name} {framework.version}"
    return Finding("declared", name, Verdict.OK, message, entry.evidence)


def _true(marker: Marker, template: Template, extra: str) -> bool:
    return marker.evaluate({**template.marker_environment, "extra": extra})


def _is_own(declaration: Declaration, requirement: Requirement, project: Project) -> bool:
    """Return whether a requirement means the project itself: by its name, or as a path to its directory."""
    if project.name and canonical(requirement.name) == canonical(project.name):
        return True
    if declaration.scope:  # a notebook or a README installs the project: from its own repository, or from the index
        names = (*project.own_modules, project.directory if requirement.url else "")
        return canonical(requirement.name) in {canonical(name) for name in names if name}
    if declaration.editable and requirement.url:
        parts = urlsplit(requirement.url)
        if parts.scheme == "file":
            return Path(unquote(parts.path)).resolve() == Path(project.root).resolve()
    return False


def _agreed(asked: Asked) -> Iterator[OpenQuestion]:
    """Leave what can hold at once of what is declared of a distribution, the earliest first; ask about the rest."""
    kept: list[tuple[Declaration, Requirement]] = []
    merged = SpecifierSet("")
    for declaration, requirement in asked.parts:
        both = merged & requirement.specifier
        urls = [part for part in kept if requirement.url and part[1].url not in (None, requirement.url)]
        if requirement.specifier.is_unsatisfiable():
            yield _about(declaration, None, asked.name)
            kept.append((declaration, _in_any_version(requirement)))
        elif urls or both.is_unsatisfiable():
            against = urls or [part for part in kept if (part[1].specifier & requirement.specifier).is_unsatisfiable()]
            yield _about(declaration, (against or kept)[0][0], asked.name)
        else:
            merged = both
            kept.append((declaration, requirement))
    asked.parts[:] = kept


def _in_any_version(requirement: Requirement) -> Requirement:
    """Return a requirement without its range."""
    free = Requirement(str(requirement))
    free.specifier = SpecifierSet("")
    return free


def _about(declaration: Declaration, first: Declaration | None, name: str) -> OpenQuestion:
    """Return the question about a declaration that nothing satisfies, by itself or beside an earlier one."""
    evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
    if first is None:
        text = f"{declaration.where}: no version of {name} can satisfy {declaration.requirement!r}; it is taken in any"
        return OpenQuestion(name, text, (evidence,), "widen the range")
    text = (
        f"{declaration.where}: {declaration.requirement!r} and {first.requirement!r} at {first.where} exclude each "
        f"other; {first.requirement!r} is followed"
    )
    other = Evidence(EvidenceKind.METADATA, str(first.where), first.requirement)
    return OpenQuestion(name, text, (evidence, other), "make them agree, or drop one")
