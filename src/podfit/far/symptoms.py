"""The table of symptoms, applied to text: which symptom is on which line, and what the line says of it.

The table's rows are the catalogue's (its folder `symptoms`), as JSON says them; programs of this room carry them as
data. A row has literals, of which one has to be on the line, and may have a pattern, which is searched for near that
literal alone: at most NEAR characters on either side, so that a line without end costs no more than a short one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

NEAR = 700
"""So many characters before and after a literal a pattern may look at."""
MOST_PER_LINE = 8
"""So many places of one literal on a line are looked at."""


class Hit(NamedTuple):
    """A symptom on a line: the row, the line's index in the text, and what the pattern's groups hold."""

    row: Mapping[str, Any]
    line: int
    fields: Mapping[str, str]


class Table:
    """Rows that are ready to be looked for. Patterns are compiled when their literal is met."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.rows = list(rows)
        self.by_literal: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.rows:
            for literal in row["literals"]:
                self.by_literal.setdefault(literal, []).append(row)

    def hits(self, lines: list[str]) -> list[Hit]:
        """Return every symptom on every line, in the order of lines, then of the table; once per line and row."""
        text = "\n".join(lines)
        starts, position = [], 0
        for line in lines:
            starts.append(position)
            position += len(line) + 1
        met: dict[tuple[int, str], list[int]] = {}
        for literal in self.by_literal:
            for at in _places(text, literal):
                met.setdefault((_index(starts, at), literal), []).append(at)
        order = {id(row): number for number, row in enumerate(self.rows)}
        found: dict[tuple[int, int], Hit] = {}
        for (index, literal), places in met.items():
            for row in self.by_literal[literal]:
                key = index, order[id(row)]
                if key in found:
                    continue
                for at in places[:MOST_PER_LINE]:
                    fields = _fields(row, lines[index], at - starts[index], len(literal))
                    if fields is not None:
                        found[key] = Hit(row, index, fields)
                        break
        return [found[key] for key in sorted(found)]


def _places(text: str, literal: str) -> Iterator[int]:
    """Yield where a literal stands in a text."""
    at = text.find(literal)
    while at >= 0:
        yield at
        at = text.find(literal, at + len(literal))


def _index(starts: list[int], at: int) -> int:
    """Return which line a position is on."""
    low, high = 0, len(starts)
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= at:
            low = middle
        else:
            high = middle
    return low


def _fields(row: Mapping[str, Any], line: str, at: int, length: int) -> dict[str, str] | None:
    """Return what a row reads from a line on which a literal of its stands at a place; None where it does not apply."""
    near = line[max(0, at - NEAR) : at + length + NEAR]
    if any(word in near for word in row.get("unless", ())):
        return None
    if not row.get("pattern"):
        return {}
    match = re.search(row["pattern"], near)
    if match is None:
        return None
    return {name: value for name, value in match.groupdict().items() if value}


_BLANK = re.compile(r"\{(\w+)(\|[^{}]*)?\}")


def filled(template: str, fields: Mapping[str, str]) -> str:
    """Return a template with `{name}` and `{name|words where it is not known}` filled in; empty if one is not known."""
    for name, otherwise in _BLANK.findall(template):
        if not fields.get(name) and not otherwise:
            return ""
    return _BLANK.sub(lambda blank: fields.get(blank[1]) or blank[2][1:], template)


def applies(condition: str, fields: Mapping[str, str]) -> bool:
    """Tell whether a condition holds: `name` (is known), `name=value|value`, `!` before either, joined by `,`."""
    for part in filter(None, condition.split(",")):
        name, equals, value = part.strip().lstrip("!").partition("=")
        holds = fields.get(name) in value.split("|") if equals else bool(fields.get(name))
        if holds is part.strip().startswith("!"):
            return False
    return True


def case(row: Mapping[str, Any], fields: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what a row says (cause, packages, fix) with the first of its cases that applies laid over it."""
    for each in row.get("case", ()):
        if applies(each.get("when", ""), fields):
            return {**row, **each}
    return row
