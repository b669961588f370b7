"""Audit: independent checks of a solution; nothing here trusts the resolver."""

from podfit.audit.consistency import Release, Violation, Walk, check_consistency, final_environment, walk

__all__ = ["Release", "Violation", "Walk", "check_consistency", "final_environment", "walk"]
