"""What `podfit why` answers: the whole story of one decision, from the plan alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from podfit.model import Action, Decision, Evidence, EvidenceKind, Finding, Plan, Verdict, canonical
from podfit.model.times import earliest_upload
from podfit.report.answer import Answer
from podfit.report.model import Block, Report, Section, Span, Style, Text, items, section, text

SCHEMA = "podfit.why/1"


class Asker(msgspec.Struct, frozen=True):
    """Who asks for a distribution: a place in the project, or another distribution."""

    who: str
    evidence: Evidence


class Refused(msgspec.Struct, frozen=True):
    """Versions that were not taken, why, and on what evidence.

    proof is the resolver's own explanation, empty where it gave none. gave_way tells that the reason was overruled:
    nothing else could be had.
    """

    versions: str
    reason: str
    evidence: Evidence
    proof: str = ""
    gave_way: bool = False


class Story(msgspec.Struct, frozen=True):
    """One decision with all that led to it.

    uploaded is the ISO time of the planned release, empty where the index does not tell. otherwise says what the plan
    with the fewest changes to the template has, empty where that is the same.
    """

    project: str
    package: str
    on: str
    action: str
    reason: str
    template: str
    held: bool
    local: str
    planned: str
    uploaded: str
    drift: str
    asked_by: tuple[Asker, ...]
    refused: tuple[Refused, ...]
    otherwise: str
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]


def story(plan: Plan, package: str) -> Story | None:
    """Return the story of a distribution in a plan, or of the need that provides an import of that name; else None."""
    name = canonical(package)
    by_name = {decision.name: decision for decision in plan.decisions}
    if name not in by_name:
        name = next((need.name for need in plan.needs if package in need.import_names), name)
    decision = by_name.get(name)
    if decision is None:
        return None
    files = plan.artefacts.get(name, ())
    return Story(
        project=plan.project,
        package=name,
        on=plan.template.name,
        action=decision.action.value,
        reason=decision.reason,
        template=decision.template,
        held=decision.held,
        local=decision.local,
        planned=decision.planned,
        uploaded=earliest_upload(files),
        drift=decision.drift,
        asked_by=tuple(_askers(plan, decision)),
        refused=tuple(_refused(plan, decision)),
        otherwise=_otherwise(plan, decision),
        findings=tuple(each for each in plan.findings if each.subject == name and each.verdict is not Verdict.OK),
        evidence=decision.evidence,
    )


def names_in(plans: Sequence[Plan]) -> list[str]:
    """Return every name that a story can be told of, for who misspells one."""
    return sorted({decision.name for plan in plans for decision in plan.decisions})


def why_answer(stories: Sequence[Story]) -> Answer:
    """Return the answer: a distribution's story on each template."""
    return Answer(
        "podfit why",
        lambda details: Report((), tuple(s for each in stories for s in _sections(each, details=details))),
        lambda: Report(
            text(f"Why {stories[0].package}"), tuple(s for each in stories for s in _sections(each, details=True))
        ),
        lambda: {"schema": SCHEMA, "stories": [_data(each) for each in stories]},
    )


def _data(told: Story) -> dict[str, Any]:
    """Return a story for programs."""
    plain: dict[str, Any] = msgspec.to_builtins(told)
    return plain


def _askers(plan: Plan, decision: Decision) -> Iterator[Asker]:
    """Yield the places of the project that ask, then the distributions, each with its requirement."""
    for need in plan.needs:
        if need.name == decision.name:
            for evidence in need.evidence:
                yield Asker(evidence.source, evidence)
    planned = {each.name: each.planned or each.template for each in plan.decisions}
    known = {each.source: each for each in decision.evidence}
    for other in decision.required_by:
        who = f"{other} {planned.get(other, '')}".strip()
        yield Asker(who, known.get(who, Evidence(EvidenceKind.METADATA, who, "Requires-Dist")))


def _refused(plan: Plan, decision: Decision) -> Iterator[Refused]:
    """Yield the versions that something stands against, from what was learned to what the resolver says."""
    name = decision.name
    for bound in plan.bounds:
        if bound.name == name:
            yield Refused(bound.filename or _outside(bound.specifier), bound.reason, bound.evidence)
    for limit in plan.timely:
        if limit.name == name:
            evidence = Evidence(EvidenceKind.ASSUMED, "of the template's time", limit.reason)
            versions = f"published from {limit.until[:10]} on"
            reason = f"{limit.reason}; whether later ones work with it is not known"
            yield Refused(versions, reason, evidence, gave_way=limit.gave_way)
    for passed in plan.passed_over:
        if passed.name == name:
            evidence = Evidence(EvidenceKind.METADATA, "uv's resolution", passed.sought)
            versions = f"{passed.sought} (such as {passed.version})" if passed.version else passed.sought
            yield Refused(versions, passed.reason or "the resolver finds no solution", evidence, passed.explanation)
    for change in plan.changes:
        if change.name == name:
            evidence = Evidence(EvidenceKind.METADATA, "uv's resolution", change.conflict)
            yield Refused(f"the template's {change.before}", change.conflict, evidence)


def _outside(specifier: str) -> str:
    """Return the versions outside of a specifier: `2.0` for `!=2.0`, `newer than 1.2` for `<=1.2`."""
    for operator, words in (("!=", ""), ("<=", "newer than "), ("<", "from "), (">=", "older than ")):
        if specifier.startswith(operator) and "," not in specifier:
            version = specifier.removeprefix(operator)
            return f"{words}{version}{' on' if operator == '<' else ''}"
    return f"outside of {specifier}"


def _otherwise(plan: Plan, decision: Decision) -> str:
    """Return what the solution with the fewest changes has in place of the planned version."""
    other = plan.alternative
    if other is None:
        return ""
    count = len(other.changes)
    how = f"with {'changes' if count > 1 else 'a change'} to {', '.join(other.changes)}" if count else "without changes"
    for need in other.needs:
        if need.name == decision.name:
            of = f" of {need.uploaded[:7]}" if need.uploaded else ""
            return (
                f"{how} to the template it would be {need.version}{of}"
                if not count
                else (f"{how} alone it would be {need.version}{of}")
            )
    if decision.action is Action.CHANGE and decision.name not in other.changes:
        needs = " and ".join(f"{need.name} {need.version}" for need in other.needs)
        return f"with {needs} it would stay {decision.template}"
    return ""


def _sections(told: Story, *, details: bool) -> tuple[Section, ...]:
    """Return a story for people."""
    return (
        *section(f"{told.package} on {told.on}", *_head(told)),
        *section("Who asks for it", *items(*(_asker(each) for each in told.asked_by))),
        *section("What was not taken, and why", *items(*(_one(each, details=details) for each in told.refused))),
        *section("What is to know of it", *items(*(_finding(each) for each in told.findings))),
        *(section("Evidence", *items(*(text(str(each)) for each in told.evidence))) if details else ()),
    )


def _head(told: Story) -> Iterator[Block]:
    """Yield what was chosen and what there was before."""
    of = f" of {told.uploaded[:10]}" if told.uploaded else ""
    what = f"{told.action} {told.planned}{of}" if told.planned else told.action
    lines = [text(Span(what, Style(told.action)), f": {told.reason}")]
    held = ", never changed" if told.held else ""
    lines.append(text(f"the template has {told.template}{held}" if told.template else "the template does not have it"))
    lines.append(text(f"tested locally: {told.local}" if told.local else "not tested locally"))
    lines += [text(f"different from what was tested: {told.drift}")] if told.drift else []
    lines += [text(f"{told.otherwise}; --prefer template plans that")] if told.otherwise else []
    yield from items(*lines)


def _asker(asker: Asker) -> Text:
    """Return who asks, with what is asked."""
    detail = f": {asker.evidence.detail}" if asker.evidence.detail else ""
    return text(Span(asker.who, Style.NAME), detail, Span(f" [{asker.evidence.kind.value}]", Style.ASIDE))


def _one(refused: Refused, *, details: bool) -> Text:
    """Return versions that were not taken; with details the resolver's proof as well."""
    gave_way = "; this gave way, for nothing else can be had" if refused.gave_way else ""
    proof = f" uv: {refused.proof}" if details and refused.proof else ""
    kind = refused.evidence if details and not proof else refused.evidence.kind.value
    return text(
        Span(refused.versions, Style.NAME), f": {refused.reason}{gave_way}", Span(f" [{kind}]{proof}", Style.ASIDE)
    )


def _finding(finding: Finding) -> Text:
    """Return a finding on the distribution."""
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return text(
        Span(f"{finding.verdict.value}", Style(finding.verdict.value)),
        f": {finding.message}{remedy}",
        Span(f" [{finding.evidence.kind.value}]", Style.ASIDE),
    )
