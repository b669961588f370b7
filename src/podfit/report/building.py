"""How pip is told what builds from source may use: by an option since 25.3, by a variable before."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from podfit.model import Plan

OPTION_SINCE = Version("25.3")
"""The first pip with --build-constraint (its changelog of 2025-10-24)."""


def pip_of(plan: Plan) -> Version | None:
    """Return the version of the template's pip, None where it is not known."""
    pip = plan.template.distributions.get("pip")
    try:
        return Version(pip.version) if pip is not None else None
    except InvalidVersion:
        return None


def with_build_constraints(words: tuple[str, ...], plan: Plan, path: str) -> tuple[str, ...]:
    """Return a pip command with the build constraints of plan at path, in the way that the template's pip knows.

    The command stays as it is when the plan builds nothing. Where the template's pip is not known, a new one counts.
    """
    if not plan.built_from_source:
        return words
    pip = pip_of(plan)
    old = pip is not None and pip < OPTION_SINCE
    return ("env", f"PIP_CONSTRAINT={path}", *words) if old else (*words, "--build-constraint", path)
