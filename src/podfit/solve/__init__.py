"""Solve: what is missing, resolved over a template with the fewest changes to it. uv is the engine."""

from podfit.solve.answer import LockedPackage
from podfit.solve.overlay import Overlay, RefusedNeed, solve_overlay
from podfit.solve.uv import Uv

__all__ = ["LockedPackage", "Overlay", "RefusedNeed", "Uv", "solve_overlay"]
