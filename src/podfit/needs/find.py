"""Find a project's needs for one template: declared, imported and implied."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet

from podfit.catalogue import imports as catalogue
from podfit.catalogue.held import held_rule
from podfit.catalogue.torch_pairs import partner
from podfit.catalogue.unstated import unstated
from podfit.model import (
    Call,
    Declaration,
    Evidence,
    EvidenceKind,
    Finding,
    ImportSite,
    Need,
    OpenQuestion,
    Project,
    Template,
    Verdict,
    canonical,
)
from podfit.needs.asked import Asked
from podfit.needs.checks import with_checks
from podfit.needs.declared import Declared, of_another_host, read_declarations
from podfit.needs.implicit import Implied, implied_needs
from podfit.needs.offers import only_unselected
from podfit.needs.providers import Provider, Providers, Unknown, WheelModules, standard_library
from podfit.needs.questions import about_another, about_module, about_offer, statement
from podfit.needs.spare import asking, dispensable, in_manifest, unsure

SHOWN_SITES = 5
"""Import sites that a need's evidence lists one by one; one more line counts the rest."""


@dataclass(frozen=True, slots=True)
class NeedReport:
    """The needs of a project on a template, sorted by name, and what was noticed on the way.

    unresolved are imports that no distribution could be named for. constraints are the lines of `-c` files that hold
    on the template: they limit versions and ask for nothing. questions are what only a person can answer: imports
    that no distribution is known for, unless the code survives without them.
    """

    needs: tuple[Need, ...]
    findings: tuple[Finding, ...]
    unresolved: tuple[ImportSite, ...]
    constraints: tuple[Declaration, ...]
    questions: tuple[OpenQuestion, ...] = ()


@dataclass
class _Used:
    """How the sources use one distribution: import sites, modules taken, what named it, calls that imply it."""

    sites: list[ImportSite] = field(default_factory=list)
    modules: dict[str, None] = field(default_factory=dict)
    named: dict[Evidence, None] = field(default_factory=dict)
    implied: list[Implied] = field(default_factory=list)
    limits: dict[str, None] = field(default_factory=dict)
    url: str = ""

    @property
    def required(self) -> bool:
        """Whether some use is unguarded."""
        return bool(self.implied) or any(not site.optional for site in self.sites)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The import sites, what names the distribution, and the rules of the calls."""
        sites = sorted(self.sites, key=lambda site: site.optional)
        shown = [Evidence(EvidenceKind.METADATA, str(site), statement(site)) for site in sites[:SHOWN_SITES]]
        if len(sites) > SHOWN_SITES:
            files = len({site.path for site in sites})
            rest = f"{len(sites) - SHOWN_SITES} more imports, in {files} files altogether"
            shown.append(Evidence(EvidenceKind.METADATA, str(sites[SHOWN_SITES]), rest))
        for implied in self.implied[:SHOWN_SITES]:
            shown.append(Evidence(EvidenceKind.METADATA, str(implied.call), _done(implied)))
            shown.append(implied.rule.evidence)
        return tuple(dict.fromkeys((*shown, *self.named)))


def find_needs(
    project: Project,
    template: Template,
    *,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    only_imported: bool = False,
    include_optional: bool = False,
    calls: Sequence[Call] = (),
    wheel_modules: WheelModules | None = None,
) -> NeedReport:
    """Return what project needs on template.

    Needed are the runtime requirements it declares (markers judged for the template) with those of the selected extras
    and groups, the distributions that it imports, and those that calls imply. only_imported leaves out what is
    declared and never imported; include_optional adds what only guarded imports, functions and examples use.
    wheel_modules tells the modules in a declared distribution's own wheel; it is asked where nothing else names the
    provider of a module. A module without a known distribution is a question, never a guess; so are declarations
    that exclude each other, of which the first is followed. Raises InputError for requirements that cannot be parsed.
    """
    declared = read_declarations(project, template, extras, groups)
    stated = {name: one for name, one in declared.offered.items() if not only_unselected(one)}
    urls = {name: asked.url for name, asked in (*stated.items(), *declared.asked.items())}
    modules = {site.module for site in project.imports}
    providers = Providers(template, project.local, urls, wheel_modules, modules, declared.elsewhere)
    used, unresolved, found = _imported(project, template, providers)
    importing: dict[str, set[str]] = {}
    for site in project.imports:
        importing.setdefault(site.path, set()).add(site.top_level)
    spare = set() if include_optional else {n for n, use in used.items() if not use.required} - declared.asked.keys()
    for implied in implied_needs(calls, importing):
        if any(implied.rule.module.partition(".")[0] in used[name].modules for name in spare):
            continue  # nobody runs that call where what it calls is left out
        name = _choice(implied, declared, used, template)
        if name != canonical(project.name):
            used.setdefault(name, _Used()).implied.append(implied)
    questions = [*project.questions, *declared.questions, *(one for one in found if isinstance(one, OpenQuestion))]
    asked_for = dict(declared.asked)
    for name, offered in declared.offered.items():
        wanted = name in used and (used[name].required or include_optional)
        if wanted or any(declaration.asks for declaration, _ in offered.parts):
            asked_for[name] = offered
    declaring = any(in_manifest(asked) for asked in declared.asked.values())
    several = not declaring and len(asking(project.declarations)) > 1
    imported = {site.top_level for site in project.imports}
    for name in sorted(asked_for):
        other = catalogue.another(name)
        if other and other.module in imported and not asked_for[name].url and name not in template.distributions:
            questions.append(about_another(other, asked_for.pop(name)))
            used.pop(name, None)
    certain = {name for name, use in used.items() if use.required or include_optional}
    checked = with_checks(project.checks, providers, asked_for, certain)
    findings = [*declared.findings, *checked, *(one for one in found if isinstance(one, Finding))]
    needs = []
    for name in sorted({*asked_for, *used}):
        asked, use = asked_for.get(name), used.get(name)
        if brought := _brought(name, asked, template):
            findings.append(brought)
            continue
        if asked is None and name not in template.distributions:
            surely = Verdict.WARNING if use is not None and use.required else Verdict.OK
            if note := of_another_host(name, surely):
                findings.append(note)
                continue
        finding = _judged(name, asked, use, declared.apart.get(name, ""), only_imported, include_optional)
        if finding is not None:
            findings.append(finding)
        if asked is None and use is not None and not use.required and not include_optional:
            if (offer := declared.offered.get(name)) is not None and offer.url:
                questions.append(about_offer(name, offer, use.sites))
            continue
        if asked is not None and use is None and only_imported:
            continue
        if name in declared.apart and asked is None and _unsure(use) and not include_optional:
            continue
        needs.append(_need(name, asked, use, providers, importing, declaring, several))
    needs += _unstated(needs, template)
    return NeedReport(tuple(needs), tuple(findings), tuple(unresolved), declared.constraints, tuple(questions))


def _brought(name: str, asked: Asked | None, template: Template) -> Finding | None:
    """Return the note that a held framework brought what an incomplete list lacks; None for all others.

    And for what a manifest asks for in a range that leaves out the version which such a framework goes with.
    """
    rule = held_rule(name)
    framework = template.distributions.get(rule.brought) if rule is not None else None
    listed = name in template.distributions or not template.incomplete
    if rule is None or framework is None or listed or framework.requires_dist is not None:
        return None
    wanted = SpecifierSet(asked.specifier if asked is not None and in_manifest(asked) else "")
    given = not all(each.operator in ("==", "===") for each in wanted)  # an exact one is what somebody had
    version = partner(name, framework.version) if given else ""
    if version and not wanted.contains(version, prereleases=True):
        return None
    message = (
        f"left out: {rule.brought} {framework.version} brought it, and the template's list lacks it ({rule.reason})"
    )
    if given and not version:
        message += f"; whether that is {wanted} is not known"
        return Finding("declared", name, Verdict.UNKNOWN, message, rule.evidence, "podfit probe on the machine")
    return Finding("declared", name, Verdict.OK, message, rule.evidence)


def _unstated(needs: Sequence[Need], template: Template) -> list[Need]:
    """Return what needs cannot be imported without and do not require, where neither they nor the template have it."""
    there = {need.name for need in needs} | template.distributions.keys()
    asked = {name: why for need in needs for name, why in unstated().get(need.name, {}).items()}
    return [Need(name, (why,)) for name, why in sorted(asked.items()) if name not in there]


def _imported(
    project: Project, template: Template, providers: Providers
) -> tuple[dict[str, _Used], list[ImportSite], list[Finding | OpenQuestion]]:
    """Return the use of each imported distribution, the imports without one, and what is to say about those."""
    standard = standard_library(template.interpreter.series)
    used: dict[str, _Used] = {}
    unresolved: list[ImportSite] = []
    reasons: dict[tuple[str, Unknown], list[ImportSite]] = {}
    answers: dict[tuple[str, tuple[str, ...]], Provider | Unknown] = {}
    for site in project.imports:
        top = site.top_level
        if top in standard or top in project.own_modules:
            continue
        key = (site.module, site.names)
        if key not in answers:
            answers[key] = _provider(site, template, providers)
        answer = answers[key]
        if isinstance(answer, Unknown):
            unresolved.append(site)
            if not any(member.name == canonical(top) for member in project.members):  # asked about as a member
                reasons.setdefault((top, answer), []).append(site)
        elif answer.distribution != canonical(project.name):
            use = used.setdefault(answer.distribution, _Used())
            use.sites.append(site)
            use.modules[answer.module] = None
            use.named[answer.evidence] = None
            use.url = use.url or answer.url
            if not site.optional:
                limits = (f"<{answer.below}" if answer.below else "", f">={answer.since}" if answer.since else "")
                use.limits.update(dict.fromkeys(filter(None, limits)))
    told = [about_module(top, unknown, sites, project.missing) for (top, unknown), sites in reasons.items()]
    return used, unresolved, told


def _provider(site: ImportSite, template: Template, providers: Providers) -> Provider | Unknown:
    """Return the provider of an import; a module that other Pythons have in their standard library is named as such."""
    answer = providers.find(site.module, site.names)
    if isinstance(answer, Unknown) and (brought := catalogue.stand_in(site.top_level)):
        return Provider(brought.distribution, site.top_level, brought.evidence, since=brought.since)
    if isinstance(answer, Unknown) and site.top_level in standard_library("ALL"):
        series = template.interpreter.series
        return Unknown(f"{site.top_level} is in the standard library of other Pythons, not of the template's {series}")
    return answer


def _choice(implied: Implied, declared: Declared, used: dict[str, _Used], template: Template) -> str:
    """Return the alternative that serves an implied need: one declared, imported or in the template, else the first."""
    for there in (declared.asked, used, template.distributions):
        for name in implied.alternatives:
            if name in there:
                return name
    return implied.distribution


def _need(
    name: str,
    asked: Asked | None,
    use: _Used | None,
    providers: Providers,
    importing: Collection[str],
    declaring: bool,
    several: bool,
) -> Need:
    imported = bool(use and use.sites)
    specifier = asked.specifier if asked else ""
    for limit in use.limits if use else ():
        if not SpecifierSet(f"{specifier},{limit}").is_unsatisfiable():
            specifier = f"{specifier},{limit}".lstrip(",")
    return Need(
        name=name,
        evidence=(*(asked.evidence if asked else ()), *(use.evidence if use else ())),
        specifier=specifier,
        extras=asked.extras if asked else (),
        url=(asked.url if asked else "") or (use.url if use and not asked else ""),
        optional=asked is None and use is not None and not use.required,
        declared=asked is not None,
        imported=imported,
        import_names=tuple(use.modules) if use and use.modules else providers.modules_of(name),
        aside=_aside(asked),
        dispensable=dispensable(asked, use.sites, importing, declaring=declaring, several=several)
        if use and not use.implied
        else "",
        beside=not in_manifest(asked),
    )


def _aside(asked: Asked | None) -> str:
    """Return the place that gives a range where none of those that do is the project's own manifest."""
    limiting = [d for d, requirement in asked.parts if requirement.specifier] if asked else []
    if any(d.group and d.scope == d.group for d in limiting):
        return ""  # a manifest's own extra or group
    return str(limiting[0].where) if limiting and not any(d.asks for d in limiting) else ""


def _unsure(use: _Used | None) -> bool:
    """Tell whether no import of a distribution is sure to run, and nothing else implies it."""
    return use is not None and not use.implied and unsure(use.sites)


def _judged(
    name: str, asked: Asked | None, use: _Used | None, place: str, only_imported: bool, include_optional: bool
) -> Finding | None:
    """Return the finding about how one distribution is declared and used; None when both agree.

    place is where it is declared for other environments alone, empty where it is not.
    """
    if asked is not None:
        if use is not None:
            return None
        message = "declared, yet nothing imports it: " + ("left out" if only_imported else "kept as declared")
        return Finding("declared", name, Verdict.OK, message, asked.evidence[0])
    if use is None:
        return None
    if place and _unsure(use) and not include_optional:
        said = f"left out: {place} declares it for other environments, and no import of it is sure to run"
        return Finding("imports", name, Verdict.OK, said, use.evidence[0], "--include-optional plans it")
    if not use.required:
        reasons = "; ".join(dict.fromkeys(f"{site}: {site.reason}" for site in use.sites[:SHOWN_SITES]))
        taken = "taken as asked for" if include_optional else "not planned (--include-optional plans it)"
        message = f"only imported where the code can do without, {taken} ({reasons})"
        return Finding(
            "imports",
            name,
            Verdict.OK,
            f"only imported where the code can do without, {taken} ({reasons})",
            use.evidence[0],
        )
    if any(not site.optional for site in use.sites):
        site = next(site for site in use.sites if not site.optional)
        message = "imported but not declared"
        evidence = Evidence(EvidenceKind.METADATA, str(site), statement(site))
    else:
        message = f"needed by {_called(use.implied[0])} but not declared: {use.implied[0].rule.fact}"
        evidence = Evidence(EvidenceKind.METADATA, str(use.implied[0].call), _done(use.implied[0]))
    return Finding("imports", name, Verdict.WARNING, message, evidence, f"declare {name}")


def _done(implied: Implied) -> str:
    """Return what the place of a call does: call a function, or give it a keyword from a configuration file."""
    if implied.call.path.endswith((".yaml", ".yml")):
        return f"sets {implied.rule.keyword}"
    return f"calls {_called(implied)}"


def _called(implied: Implied) -> str:
    """Return what needs the distribution, as the subject of a sentence."""
    target = implied.call.target
    if implied.call.path.endswith((".yaml", ".yml")):
        return f"{implied.rule.keyword} in {implied.call.path}"
    return f"{implied.rule.module}'s {target[1:]}" if target.startswith(".") else target
