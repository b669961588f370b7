"""Errors that a person meets: one sentence each, with the exit code they lead to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an input: a path (or a URL, or a command) and a line counted from 1, 0 when there is none."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        """Return `path:line`, or `path` alone."""
        return f"{self.path}:{self.line}" if self.line else self.path


class PodfitError(Exception):
    """Base of every error that podfit raises on purpose.

    message says what is wrong, where names the place, remedy says what to do; exit_code is the process's.
    """

    exit_code = 2

    def __init__(self, message: str, *, where: Where | None = None, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """Return `where: message; remedy` on one line."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        text = f"{text}; {self.remedy}" if self.remedy else text
        return " ".join(text.split())


class InputError(PodfitError):
    """The call or an input file is wrong: exit code 2."""

    exit_code = 2


class NoPlanError(PodfitError):
    """The inputs are sound, yet no plan can work: exit code 1."""

    exit_code = 1
