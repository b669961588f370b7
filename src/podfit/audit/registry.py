"""The audits of every solution, in the order in which their findings are shown."""

from __future__ import annotations

from podfit.audit.consistency import judge
from podfit.audit.interface import Audit, Audited, Subject
from podfit.audit.releases import EXTRA_CHECK, NUMPY_CHECK, objections
from podfit.model import Bound, Evidence, EvidenceKind, Finding, Verdict


def consistency(subject: Subject) -> Audited:
    """Judge every Requires-Dist of every distribution in (template + changes)."""
    return Audited(tuple(judge(subject.template, subject.added, subject.walk)))


def releases(subject: Subject) -> Audited:
    """Judge each release that is added, and where NumPy moves also what the template has compiled against it."""
    findings: list[Finding] = []
    bounds: list[Bound] = []
    for name in sorted(subject.added):
        release = subject.added[name]
        for said in objections(release, subject.binaries.get(name), subject.surroundings):
            verdict = Verdict.FAILED if said.fatal else Verdict.WARNING
            findings.append(Finding(said.check, name, verdict, said.reason, said.evidence, _REMEDIES[said.check]))
            if said.fatal and said.target:
                bounds.append(Bound(said.target, said.reason, said.evidence, said.specifier))
            elif said.fatal:
                bounds.append(Bound(name, said.reason, said.evidence, f"!={release.version}"))
    findings += [
        Finding(NUMPY_CHECK, text.partition(" ")[0].rstrip(":"), Verdict.UNKNOWN, text, _NOT_READ)
        for text in subject.unread
    ]
    return Audited(tuple(findings), tuple(bounds))


_REMEDIES = {
    NUMPY_CHECK: "another version of it, or of NumPy where nothing held was compiled against that",
    EXTRA_CHECK: "another version of it",
}
_NOT_READ = Evidence(EvidenceKind.ASSUMED, "what a wheel was compiled for was not read")

AUDITS: tuple[Audit, ...] = (consistency, releases)
