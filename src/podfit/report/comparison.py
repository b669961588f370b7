"""The answer of `podfit fit` and `podfit matrix`: one project on any number of templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podfit.model import Action, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.report.ahead import Ahead
from podfit.report.answer import Answer, Judged
from podfit.report.data import matrix_data
from podfit.report.document import document
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
        lambda: tuple(_judged(plans, refused or {})),
    )


def _judged(plans: Sequence[Plan], refused: Mapping[str, str]) -> Iterator[Judged]:
    """Yield what decides whether the plans can work, and what is open: conflicts and questions as findings, too."""
    nobody = Evidence(EvidenceKind.ASSUMED, "none given")
    for plan in plans:
        suite = f"{plan.project} on {plan.template.name}"
        for decision in plan.with_action(Action.CONFLICT):
            evidence = (*decision.evidence, nobody)[0]
            yield Judged(suite, Finding("conflict", decision.name, Verdict.FAILED, decision.reason, evidence))
        for finding in plan.findings:
            yield Judged(suite, finding)
        for asked in plan.questions:
            evidence = (*asked.evidence, nobody)[0]
            unknown = Finding("question", asked.subject, Verdict.UNKNOWN, asked.message, evidence, asked.remedy)
            yield Judged(suite, unknown)
    for name, reason in refused.items():
        yield Judged(name, Finding("plan", name, Verdict.FAILED, reason, nobody))
