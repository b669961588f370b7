"""Solve: what is missing, resolved over a template with the fewest changes to it. uv is the engine."""

from podfit.solve.alternative import with_fewest
from podfit.solve.earlier import Earlier
from podfit.solve.overlay import overlay_steps, solve_overlay
from podfit.solve.uv import Uv

__all__ = ["Earlier", "Uv", "overlay_steps", "solve_overlay", "with_fewest"]
