"""How the core tells a person what it is doing, without knowing about terminals."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Receives progress and warnings; the command line decides whether and how to show them.

    Implementations are called from several threads at once.
    """

    def step(self, text: str) -> None:
        """Note what is being done now, in a few words."""

    def warn(self, text: str) -> None:
        """Tell something that the person should know although the work goes on, in one sentence."""


class SilentReporter:
    """Drops everything; the default for callers that are programs."""

    def step(self, text: str) -> None:
        """Ignore text."""

    def warn(self, text: str) -> None:
        """Ignore text."""
