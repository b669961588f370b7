"""From what is on the lines to causes, the first cause before its consequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from podfit.catalogue.symptoms import symptoms
from podfit.diagnose.fields import fields_of
from podfit.diagnose.hiding import without_secrets
from podfit.diagnose.model import OTHER, Cause, Line
from podfit.diagnose.reading import Reading
from podfit.diagnose.remedies import packages_of, steps_of
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit, Table, case, filled
from podfit.model import Evidence, EvidenceKind

MOST_CAUSES = 5
"""So many causes are told."""
_LAST = 50
"""What a symptom within the exception that ended the run weighs more."""
_PRINTED = 32
"""What an error that a tool printed at the end weighs more."""
_WARNED = -34
"""What a warning weighs less where something else failed."""
_UNKNOWN = 85
"""What an exception weighs that ended the run and that no row knows."""
_IMPORTS = ("ImportError", "ModuleNotFoundError")
"""After one of these was caught, a name that it would have brought is missing: a NameError is its consequence."""
MOST_PLACES = 120
"""A symptom that is on more lines than these is looked at on the first and the last of them: half of these each."""
_PASSED = ("ImportWarning", "KeyboardInterrupt")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A hit with what it says here."""

    hit: Hit
    row: Mapping[str, Any]
    fields: Mapping[str, str]
    score: float
    line: int


@cache
def table() -> Table:
    """Return the catalogue's table of what logs say."""
    return Table(symptoms("log"))


def causes_of(reading: Reading, rows: Table | None = None) -> tuple[Cause, ...]:
    """Return the causes that a log tells of, best first."""
    hits = (rows or table()).hits([line.text for line in reading.lines])
    final = _final(reading, hits)
    candidates = [one for hit in _looked_at(hits) if (one := _candidate(hit, reading, final))]
    told = {one.line for one in candidates if not one.row.get("general") and one.row["role"] == "failure"}
    candidates = [one for one in candidates if not one.row.get("general") or one.line not in told]
    best: dict[tuple[str, str], _Candidate] = {}
    seen: dict[str, list[int]] = {}
    for one in candidates:
        key = one.row["category"], one.row["id"]
        seen.setdefault(one.row["id"], []).append(one.line)
        if key not in best or one.score > best[key].score:
            best[key] = one
    ranked = sorted(best.values(), key=lambda one: (-one.score, one.line))
    found = [_cause(one, reading, seen[one.row["id"]]) for one in ranked]
    unknown = _unknown(reading, final, hits)
    if unknown is not None and (not ranked or ranked[0].score < _UNKNOWN):
        found.insert(0, unknown)
    return _shared(found)


def _looked_at(hits: list[Hit]) -> list[Hit]:
    """Return the hits without those in the middle of a symptom that a log repeats without end."""
    places: dict[str, list[Hit]] = {}
    for hit in hits:
        places.setdefault(hit.row["id"], []).append(hit)
    half = MOST_PLACES // 2
    kept = (same if len(same) <= MOST_PLACES else same[:half] + same[-half:] for same in places.values())
    return sorted((hit for same in kept for hit in same), key=lambda hit: hit.line)


def _shared(found: list[Cause]) -> tuple[Cause, ...]:
    """Return the causes without those that say the same of the same family again."""
    kept: list[Cause] = []
    for one in found:
        if not any(one.category == other.category and set(one.packages) <= set(other.packages) for other in kept):
            kept.append(one)
    return tuple(kept[:MOST_CAUSES])


def _final(reading: Reading, hits: list[Hit]) -> tuple[Raised, ...]:
    """Return the exceptions of the chain that ended the run: the last one that is no mere consequence of another."""
    passing = {hit.line for hit in hits if hit.row["id"] in ("distributed-consequence", "failed-to-import-lazily")}
    warned = {hit.line for hit in hits if hit.row["role"] == "warning"}
    told: tuple[Raised, ...] = ()
    for one in reversed(reading.exceptions):
        lines = range(one.line, one.end)
        told = told or reading.group_of(one)
        if one.type == "NameError" and any(o.group < one.group and o.type in _IMPORTS for o in reading.exceptions):
            continue
        if one.type.rpartition(".")[2] in _PASSED or (
            one.line in passing and any(o.group != one.group for o in reading.exceptions)
        ):
            continue
        if any(number in warned for number in lines) and not any(
            hit.line in lines and hit.row["role"] == "failure" for hit in hits
        ):
            continue
        return reading.group_of(one)
    return told


def _candidate(hit: Hit, reading: Reading, final: tuple[Raised, ...]) -> _Candidate | None:
    """Return a hit with its weight here; None where it does not apply here."""
    fields = fields_of(hit, reading)
    row = case(hit.row, fields)
    if row.get("only") == "in_build" and not fields.get("in_build"):
        return None
    score = float(row["weight"])
    inside = next((one for one in final if one.start <= hit.line < one.end), None)
    here = reading.exception_at(hit.line)
    role = row["role"]
    last = max((one.end for one in final), default=0)
    if inside is not None:
        score += _LAST if hit.line >= inside.line else (_LAST if role == "failure" and row.get("frames") else 0)
        if inside is not final[-1] and inside.chained != "":
            score -= 1
    elif here is None and role != "warning" and hit.line >= last:
        score += _PRINTED
    elif here is not None and role != "warning" and hit.line < last:
        score += 5 if final and here.end <= final[0].start else 0
    if inside is None and here is None and hit.line < last and _explains(row, final, reading):
        score += _LAST
    elif role == "warning" and inside is None:
        score += _WARNED if final else 0
    if role == "consequence":
        score -= 40
    return _Candidate(hit, row, fields, score, hit.line)


def _explains(row: Mapping[str, Any], final: tuple[Raised, ...], reading: Reading) -> bool:
    """Tell whether a line before the exception that ended the run explains it: words that the row names are in that."""
    words = row.get("explains", ())
    return any(word in reading.lines[one.line].text.lower() for one in final for word in words)


def _cause(one: _Candidate, reading: Reading, lines: list[int]) -> Cause:
    """Return the cause that a candidate tells of."""
    row, fields = one.row, one.fields
    shown = [one.line, *(line for line in lines if line != one.line)][:3]
    here = reading.exception_at(one.line)
    if here is not None and here.line not in shown:
        shown.append(here.line)
    evidence = tuple(_shown(reading.lines[index]) for index in sorted(shown))
    source = row["source"]
    packages = packages_of(row, fields)
    return Cause(
        category=row["category"],
        cause=without_secrets(filled(row["cause"], fields) or _plain(row["cause"])),
        evidence=evidence,
        packages=packages,
        fix=tuple(map(without_secrets, steps_of(row, fields))),
        confidence=max(0.05, min(0.98, one.score / 150)),
        symptom=row["id"],
        source=Evidence(EvidenceKind(source["kind"]), source["source"], source.get("detail", "")),
        fields=dict(fields),
    )


def _plain(template: str) -> str:
    """Return a sentence whose blanks nobody can fill: they stay as `something`."""
    import re

    return re.sub(r"\{\w+\}", "something", template)


def _shown(line: Line) -> Line:
    """Return a line as evidence: no longer than a screen's."""
    text = without_secrets(line.text.strip())
    return Line(line.number, text if len(text) <= 400 else text[:400] + " ...", line.stream)


def _unknown(reading: Reading, final: tuple[Raised, ...], hits: list[Hit]) -> Cause | None:
    """Return what is said of the exception that ended the run where no row knows it."""
    if not final:
        return None
    known = {hit.line for hit in hits if hit.row["role"] != "consequence"}
    if any(number in known for one in final for number in range(one.line, one.end)):
        return None
    one = final[-1]
    line = reading.lines[one.line]
    return Cause(
        category=OTHER,
        cause=f"{one.type or 'an exception'} ended the run; nothing that podfit knows of packages explains it",
        evidence=(_shown(line),),
        fix=("look at the line of the traceback that is the project's own",),
        confidence=0.45,
        symptom="",
        source=Evidence(EvidenceKind.ASSUMED, "no row of the table of symptoms fits"),
    )
