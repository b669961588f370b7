"""The audits of every solution, in the order in which their findings are shown."""

from __future__ import annotations

from dataclasses import replace

from podfit.audit.consistency import judge
from podfit.audit.cuda_libraries import CUDA_CHECK
from podfit.audit.interface import Audit, Audited, Subject
from podfit.audit.judging import Objection
from podfit.audit.listing import whole_list
from podfit.audit.machine import machine
from podfit.audit.platform import SYMBOLS_CHECK, SYSTEM_CHECK
from podfit.audit.releases import EXTRA_CHECK, TORCH_CHECK, objections
from podfit.audit.settings import settings
from podfit.audit.shared import shared_files
from podfit.model import Bound, Evidence, EvidenceKind, Finding, Verdict
from podfit.model.check import check_named


def consistency(subject: Subject) -> Audited:
    """Judge every Requires-Dist of every distribution in (template + changes)."""
    return Audited(tuple(judge(subject.template, subject.added, subject.walk)))


def releases(subject: Subject) -> Audited:
    """Judge each release that is added by what it says beside its requirements; see podfit.audit.releases."""
    findings: list[Finding] = []
    bounds: list[Bound] = []
    for name, release in sorted(subject.added.items()):
        for said in objections(release, subject.binaries.get(name), subject.surroundings):
            waived = said.advice and (name, release.version) in subject.waived
            if said.check == SYSTEM_CHECK and said.fatal and name in subject.unimported:
                said, waived = (
                    replace(said, reason=f"{said.reason}; what requires it does without where it cannot be imported"),
                    True,
                )
            findings.append(as_finding(name, said, fatal=said.fatal and not waived))
            if said.fatal and not (waived or said.whole) and check_named(said.check).code not in subject.ignored:
                bounds.append(Bound(name, said.reason, said.evidence, f"!={release.version}"))
    damaged = {name: "; ".join(found.unread) for name, found in subject.binaries.items() if found.unread}
    for name, why in sorted({**subject.unread, **damaged}.items()):
        text = f"with which NumPy {name} can be imported was not read: {why}"
        findings.append(Finding("numpy", name, Verdict.UNKNOWN, text, Evidence(EvidenceKind.ASSUMED, "nobody looked")))
    return Audited(tuple(findings), tuple(bounds))


def as_finding(name: str, said: Objection, *, fatal: bool) -> Finding:
    """Return what an objection comes to when the release that it is to is planned."""
    verdict = Verdict.UNKNOWN if said.unknown else Verdict.FAILED if fatal else Verdict.WARNING
    if said.check == SYSTEM_CHECK:
        return Finding("system", name, verdict, said.reason, said.evidence, said.remedy)
    if said.check == SYMBOLS_CHECK:
        remedy = f"a version of {name} for an older system, or a template with a newer one"
        return Finding("symbols", name, verdict, said.reason, said.evidence, remedy)
    if said.check == EXTRA_CHECK:
        return Finding("extra", name, verdict, said.reason, said.evidence, f"another version of {name}")
    if said.check == TORCH_CHECK:
        return Finding(
            "torch", name, verdict, said.reason, said.evidence, f"a version of {name} for the template's torch"
        )
    if said.check == CUDA_CHECK:
        remedy = said.remedy or f"a version or a build of {name} for the template's CUDA"
        return Finding("libraries", name, verdict, said.reason, said.evidence, remedy)
    remedy = f"another version of {name}, or of NumPy where nothing that is held was compiled against it"
    return Finding("numpy", name, verdict, said.reason, said.evidence, remedy)


AUDITS: tuple[Audit, ...] = (consistency, releases, machine, shared_files, settings, whole_list)
