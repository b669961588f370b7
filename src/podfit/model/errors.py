"""Errors that a person meets: one sentence each, with the exit code they lead to."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST = 4000
"""Characters of one part of a sentence: uv's explanation of a large conflict has two thousand."""


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
        parts = (str(self.where) if self.where else "", self.message, self.remedy)
        where, message, remedy = (_cut(" ".join(part.split())) for part in parts)
        text = f"{where}: {message}" if where else message
        return f"{text}; {remedy}" if remedy else text


def _cut(text: str) -> str:
    """Return text, without its middle where it is longer than any sentence: it quotes somebody's file then."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]} ... {text[-400:]}"


class InputError(PodfitError):
    """The call or an input file is wrong: exit code 2."""

    exit_code = 2


class NoPlanError(PodfitError):
    """The inputs are sound, yet no plan can work: exit code 1."""

    exit_code = 1
