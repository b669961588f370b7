"""How many examples a property is tried with: all that the test names, fewer in the quick lane."""

from __future__ import annotations

from hypothesis import settings

QUICK = "quick"
"""The profile that `dev.py quick`, `pythons` and `lowest` choose (pytest's option --hypothesis-profile)."""
FEW = 20


def examples(count: int) -> int:
    """Return how many examples Hypothesis shall draw of the count that a test names."""
    return min(count, FEW) if settings().max_examples == FEW else count
