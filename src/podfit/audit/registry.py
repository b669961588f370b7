"""The audits of every solution, in the order in which their findings are shown."""

from __future__ import annotations

from podfit.audit.consistency import judge
from podfit.audit.interface import Audit, Audited, Subject


def consistency(subject: Subject) -> Audited:
    """Judge every Requires-Dist of every distribution in (template + changes)."""
    return Audited(tuple(judge(subject.template, subject.added, subject.walk)))


AUDITS: tuple[Audit, ...] = (consistency,)
