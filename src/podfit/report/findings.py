"""Findings for people: grouped by what the reader can do about them, each told once for all templates."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import Enum

import msgspec

from podfit.model import Action, Evidence, Finding, Plan, Verdict
from podfit.model.check import check_named
from podfit.report.model import Span, Style, Text, text
from podfit.report.words import MARK


class CheckSummary(msgspec.Struct, frozen=True):
    """The findings of one check in a plan: how many of each verdict, and the worst of them."""

    check: str
    verdicts: dict[Verdict, int]

    @property
    def worst(self) -> Verdict:
        """Failed before unknown before warning before ok."""
        severity = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.WARNING, Verdict.OK)
        return next(verdict for verdict in severity if self.verdicts.get(verdict))

    def __str__(self) -> str:
        """Return `PF101 consistency: ok (212 ok)`, `PF103 python: failed (1 failed, 14 ok)`."""
        parts = [f"{count} {verdict.value}" for verdict, count in self.verdicts.items()]
        return f"{check_named(self.check).code} {self.check}: {self.worst.value} ({', '.join(parts)})"


def holds(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing failed."""
    return all(finding.verdict is not Verdict.FAILED for finding in findings)


def judged_line(finding: Finding, *, details: bool) -> Text:
    """Return a finding with its mark, code and remedy; details adds the evidence."""
    mark = Span(f"{MARK[finding.verdict]} {finding.code}", Style(finding.verdict.value))
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    proof = Span(f" [{finding.evidence}]" if details else "", Style.ASIDE)
    return text(mark, f" {finding.message}{remedy}", proof)


def checks(findings: Sequence[Finding]) -> tuple[CheckSummary, ...]:
    """Return one summary per check, in the order in which they were made."""
    found: dict[str, dict[Verdict, int]] = {}
    for finding in findings:
        verdicts = found.setdefault(finding.check, {})
        verdicts[finding.verdict] = verdicts.get(finding.verdict, 0) + 1
    return tuple(CheckSummary(check, verdicts) for check, verdicts in found.items())


class Concern(str, Enum):
    """What a finding asks of the reader, in the order of telling."""

    FAILED = "failed"
    """The plan cannot work while it stands."""
    TO_DO = "to do"
    """There is something to do about it."""
    TO_KNOW = "to know"
    """It comes with the plan, and nothing is to be done."""
    TEMPLATE = "template"
    """The template is so by itself; the project does not use it and the plan leaves it."""
    UNDECIDED = "undecided"
    """It is not known, and nothing depends on it."""
    GOOD = "good"
    """All is well."""


class Told(msgspec.Struct, frozen=True):
    """A finding that holds on some templates, by their place among the plans, with the evidence of each."""

    concern: Concern
    finding: Finding
    plans: tuple[int, ...]
    evidence: tuple[Evidence, ...]


def concern(finding: Finding, plan: Plan) -> Concern:
    """Return what a finding of plan asks of the reader.

    Warnings and unknowns about the template itself, or about one of its distributions that the project does not use
    and the plan does not touch, are the template's own affair. About a failure that somebody ignores, nothing is to do.
    """
    return _concern(finding, _untouched(plan))


def _untouched(plan: Plan) -> frozenset[str]:
    """Return the subjects that are the template's own affair."""
    stay = (d for d in plan.decisions if d.template and not d.direct and d.action in (Action.KEEP, Action.SKIP))
    return frozenset({plan.template.name, *(decision.name for decision in stay)})


def _concern(finding: Finding, untouched: AbstractSet[str]) -> Concern:
    """Return what a finding asks of the reader, given the subjects that are the template's own affair."""
    if finding.verdict is Verdict.OK:
        return Concern.GOOD
    if finding.verdict is Verdict.FAILED:
        return Concern.FAILED
    if finding.subject in untouched:
        return Concern.UNDECIDED if finding.verdict is Verdict.UNKNOWN else Concern.TEMPLATE
    return Concern.TO_DO if finding.remedy and not finding.ignored else Concern.TO_KNOW


def told(plans: Sequence[Plan]) -> tuple[Told, ...]:
    """Return the findings of all plans by concern, equal ones of several templates made one."""
    places: dict[tuple[Concern, str, str, Verdict, str, str], dict[int, Finding]] = {}
    for number, plan in enumerate(plans):
        untouched = _untouched(plan)
        for finding in plan.findings:
            at = _concern(finding, untouched)
            key = (at, finding.check, finding.subject, finding.verdict, finding.message, finding.remedy)
            places.setdefault(key, {}).setdefault(number, finding)
    order = list(Concern)
    severity = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)
    made = [
        Told(key[0], next(iter(found.values())), tuple(found), tuple(dict.fromkeys(f.evidence for f in found.values())))
        for key, found in places.items()
    ]
    return tuple(sorted(made, key=lambda one: (order.index(one.concern), severity.index(one.finding.verdict))))
