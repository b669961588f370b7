"""Audit: independent checks of a solution; nothing here trusts the resolver."""

from podfit.audit.consistency import Violation, Walk, check_consistency, final_environment, walk
from podfit.audit.interface import Audit, Audited, Subject, audited
from podfit.audit.registry import AUDITS

__all__ = [
    "AUDITS",
    "Audit",
    "Audited",
    "Subject",
    "Violation",
    "Walk",
    "audited",
    "check_consistency",
    "final_environment",
    "walk",
]
