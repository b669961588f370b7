"""The answer of `podfit fit` and `podfit matrix`: one project on any number of templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podfit.model import Action, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.report.ahead import Ahead
from podfit.report.answer import Answer, Judged
from podfit.report.data import matrix_data
from podfit.report.document import document
from podfit.report.places import askers, place_of
from podfit.report.screen import screen


def comparison(plans: Sequence[Plan], refused: Mapping[str, str] | None = None, ahead: Ahead | None = None) -> Answer:
    """Return the answer about the plans of one project.

    refused names the templates without any plan, with the reason; ahead says which commands come next.
    """
    return Answer(
        "podfit fit",
        lambda details: screen(plans, refused, details=details, ahead=ahead),
        lambda: document(plans, refused),
        lambda: matrix_data(plans, refused),
        lambda: tuple(_judged(plans, refused or {}, ahead.project if ahead else "")),
    )


def _judged(plans: Sequence[Plan], refused: Mapping[str, str], folder: str) -> Iterator[Judged]:
    """Yield what decides whether the plans can work, and what is open: conflicts and questions as findings, too.

    folder is the project's, which the places are below.
    """
    nobody = Evidence(EvidenceKind.ASSUMED, "none given")
    for plan in plans:
        suite = f"{plan.project} on {plan.template.name}"
        asking = askers(plan)
        for decision in plan.with_action(Action.CONFLICT):
            evidence = (*decision.evidence, nobody)[0]
            conflict = Finding("conflict", decision.name, Verdict.FAILED, decision.reason, evidence)
            place = place_of((*decision.evidence, *asking.get(decision.name, ())), folder)
            yield Judged(suite, conflict, place=place)
        for finding in plan.findings:
            place = place_of((finding.evidence, *asking.get(finding.subject, ())), folder)
            yield Judged(suite, finding, place=place)
        for asked in plan.questions:
            evidence = (*asked.evidence, nobody)[0]
            unknown = Finding("question", asked.subject, Verdict.UNKNOWN, asked.message, evidence, asked.remedy)
            yield Judged(suite, unknown, place=place_of(asked.evidence, folder))
    for name, reason in refused.items():
        yield Judged(name, Finding("plan", name, Verdict.FAILED, reason, nobody))
