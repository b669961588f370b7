"""Addresses that nobody could fetch: whoever asks for one of them again gets the same answer at once.

uv asks an address that does not answer four times in eight seconds, in every question that names it; a search puts
dozens of questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from podfit.solve.said import is_refusal, is_unreachable

if TYPE_CHECKING:
    from podfit.solve.uv import Question

_ADDRESS = re.compile(r"\s@\s*(https?://[^\s;#]+)")
"""The address in a requirement line, without what selects a part of the file."""


class Unfetched:
    """What uv said of addresses that could not be fetched, for as long as one resolver lives."""

    def __init__(self) -> None:
        self._said: dict[str, CompletedProcess[str]] = {}

    def told(self, question: Question) -> CompletedProcess[str] | None:
        """Return what uv said when it was last asked for one of the question's addresses, None where it was not."""
        return next((self._said[each] for each in _addresses(question) if each in self._said), None)

    def learn(self, question: Question, done: CompletedProcess[str]) -> None:
        """Keep what uv said in the end, where it speaks of an address of the question that it could not fetch."""
        for address in blamed(question, done):
            self._said[address] = done


def blamed(question: Question, done: CompletedProcess[str]) -> tuple[str, ...]:
    """Return the addresses of a question's requirements that uv says it could not fetch."""
    if not done.returncode or is_refusal(done.stderr) or not is_unreachable(done.stderr):
        return ()
    return tuple(each for each in _addresses(question) if each in done.stderr)


def _addresses(question: Question) -> Iterator[str]:
    """Yield the addresses of files in a question's requirements."""
    for line in question.requirements:
        if found := _ADDRESS.search(line):
            yield found[1]
