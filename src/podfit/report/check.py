"""What `podfit check` answers: whether a plan still holds on its template as it is now."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podfit.model import Finding, Plan, Template, Verdict
from podfit.report.answer import Answer, Judged
from podfit.report.findings import holds, judged_line
from podfit.report.model import Paragraph, Report, Section, Span, Style, items, section, text
from podfit.report.words import plural

SCHEMA = "podfit.check/1"

_TITLES = {
    Verdict.FAILED: "What does not hold any more",
    Verdict.WARNING: "What changed, and does no harm that podfit can see",
    Verdict.UNKNOWN: "What nobody can tell",
}


def check_answer(plan: Plan, now: Template, findings: Sequence[Finding]) -> Answer:
    """Return the answer about a plan that was judged over another list of its template."""
    suite = f"{plan.project} on {now.name}"
    return Answer(
        "podfit check",
        lambda details: _report(plan, now, findings, details=details),
        lambda: _report(plan, now, findings, details=True),
        lambda: {
            "schema": SCHEMA,
            "project": plan.project,
            "template": now.name,
            "planned": plan.created,
            "captured": {"then": plan.template.captured, "now": now.captured},
            "evidence": msgspec.to_builtins(now.evidence),
            "holds": holds(findings),
            "findings": [{**msgspec.to_builtins(each), "code": each.code} for each in findings],
        },
        lambda: tuple(Judged(suite, each) for each in findings),
    )


def _report(plan: Plan, now: Template, findings: Sequence[Finding], *, details: bool) -> Report:
    """Return the verdict, and what changed by verdict; details adds the evidence."""
    failed = sum(finding.verdict is Verdict.FAILED for finding in findings)
    style = Style.FAILED if failed else Style.OK
    said = f"does not hold any more: {plural(failed, 'thing')} it leans on changed" if failed else "holds"
    then = f" of {plan.created}" if plan.created else ""
    opening = text(Span(f"{plan.project} on {now.name}", Style.NAME), f": the plan{then} ", Span(said, style), ".")
    sections: list[Section] = [*section("", Paragraph(opening))]
    for verdict, title in _TITLES.items():
        lines = (judged_line(finding, details=details) for finding in findings if finding.verdict is verdict)
        sections += section(title, *items(*lines))
    return Report(text("Does the plan still hold?"), tuple(sections))
