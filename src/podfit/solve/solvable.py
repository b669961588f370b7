"""Answers that show further questions to have one: where only that counts, nobody asks the resolver again.

A solution is one of every question whose lines it meets, whatever was asked for when it was found. Which solution a
resolver would give is another matter: that has to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.model import LockedPackage
from podfit.model.requirement import parse_requires_dist
from podfit.model.times import earliest_upload, instant
from podfit.solve.unsolvable import surroundings

if TYPE_CHECKING:
    from podfit.solve.uv import Question

MOST_KEPT = 16
"""So many answers are looked at, the last ones."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A solution, and what its question said: it meets these lines, whatever they mean."""

    lines: frozenset[object]
    packages: Mapping[str, LockedPackage]

    def meets(self, question: Question) -> bool:
        """Tell whether it is a solution of a question, too, as far as its lines can be judged without a resolver."""
        return (
            all(line in self.lines or self._meets(line, asked=True) for line in question.requirements)
            and all(line in self.lines or self._meets(line, asked=False) for line in question.constraints)
            and all(each in self.lines or self._is_before(*each) for each in question.until)
        )

    def _meets(self, line: str, *, asked: bool) -> bool:
        """Tell whether it meets a line; what is asked for has to be there."""
        parsed = parse_requires_dist(line)
        if parsed is None or parsed.requirement.url or parsed.requirement.extras or parsed.requirement.marker:
            return False
        package = self.packages.get(parsed.target)
        return not asked if package is None else bool(package.version) and parsed.allows(package.version)

    def _is_before(self, name: str, until: str) -> bool:
        """Tell whether what it has of a name was published before a time (ISO 8601)."""
        package = self.packages.get(name)
        uploaded = earliest_upload(package.artefacts) if package is not None else ""
        return package is None or bool(uploaded and instant(uploaded) < instant(until))


class Solvable:
    """The answers of one resolver, for as long as what the indexes have does not change.

    Source builds that are offered only become more.
    """

    def __init__(self) -> None:
        self._known: dict[object, list[_Answer]] = {}

    def told(self, question: Question) -> bool:
        """Tell whether the answer of an earlier question answers this one, too."""
        return any(each.meets(question) for each in reversed(self._known.get(surroundings(question), ())))

    def learn(self, question: Question, packages: Mapping[str, LockedPackage]) -> None:
        """Keep an answer with what its question says."""
        known = self._known.setdefault(surroundings(question), [])
        known.append(_Answer(frozenset(_said(question)), packages))
        del known[:-MOST_KEPT]


def _said(question: Question) -> Iterable[object]:
    """Yield what a question says of distributions."""
    yield from question.requirements
    yield from question.constraints
    yield from question.until
