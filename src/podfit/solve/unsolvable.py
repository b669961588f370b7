"""Refusals that answer further questions: what is asked for on top of what cannot be had cannot be had either.

A refusal names every distribution that it rests on. Another question that says the same or more of each of these, of
the same template and indexes, has no solution for the same reason, whatever else it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.model import canonical
from podfit.model.requirement import named
from podfit.solve.answer import Refusal
from podfit.solve.shown import asked_pre_releases

if TYPE_CHECKING:
    from podfit.solve.uv import Question

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def words_of(text: str) -> set[str]:
    """Return everything in uv's explanation that can be the name of a distribution, normalized."""
    return {canonical(word.rstrip(".-_")) for word in _WORD.findall(text)}


@dataclass(frozen=True, slots=True)
class _Known:
    """A refusal, and what was said of the distributions that it names."""

    lines: frozenset[tuple[str, str]]
    refusal: Refusal


class Unsolvable:
    """The refusals of one resolver, for as long as what the indexes have does not change."""

    def __init__(self) -> None:
        self._known: dict[object, list[_Known]] = {}

    def told(self, question: Question) -> Refusal | None:
        """Return the refusal of an earlier question that answers this one, too; None where none does."""
        known = self._known.get(_place(question))
        if not known:
            return None
        lines = set(_lines(question))
        return next((each.refusal for each in known if each.lines <= lines), None)

    def learn(self, question: Question, refusal: Refusal) -> None:
        """Keep a refusal with what its question says of the distributions that it names."""
        words = words_of(refusal.message)
        lines = frozenset(pair for pair in _lines(question) if pair[0] in words)
        if lines:
            self._known.setdefault(_place(question), []).append(_Known(lines, refusal))


def _lines(question: Question) -> Iterable[tuple[str, str]]:
    """Yield what a question says of a distribution, each time with its normalized name."""
    for line in (*question.requirements, *question.constraints):
        yield named(line), line
    for name, until in question.until:
        yield name, f"before {until}"


def _place(question: Question) -> object:
    """Return what has to be the same for a refusal to hold."""
    return surroundings(question), question.assumed


def surroundings(question: Question) -> object:
    """Return what questions ask about, apart from distributions: a pre-release that one names may be taken of it."""
    return (
        question.python_version,
        question.platform,
        question.find_links,
        question.index_arguments,
        question.exclude_newer,
        question.build_constraints,
        question.build,
        asked_pre_releases(question),
    )
