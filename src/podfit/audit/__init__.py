"""Audit: independent checks of a solution; nothing here trusts the resolver."""

from podfit.audit.consistency import Violation, Walk, check_consistency, final_environment, walk

__all__ = ["Violation", "Walk", "check_consistency", "final_environment", "walk"]
