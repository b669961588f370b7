"""Requires-Dist lines, parsed once per process: templates state thousands of them, mostly the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement

from podfit.model.distribution import canonical
from podfit.model.valid import LONGEST_REQUIREMENT, requirement_problem

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ONLY_EXTRA = re.compile(r"(?:;|\band\b|\()\s*extra\s*==\s*(['\"])([^'\"]+)\1\s*\)?\s*$")


@dataclass(frozen=True, slots=True)
class RequiresDist:
    """One Requires-Dist line (PEP 508). target is the normalized name it asks for."""

    line: str
    requirement: Requirement
    target: str

    def allows(self, version: str) -> bool:
        """Tell whether version meets the line; a direct reference is met by any, an unreadable version by none."""
        if self.requirement.url or not self.requirement.specifier:
            return True
        return _contains(self.line, version)

    @property
    def short(self) -> str:
        """The line without its marker: `numpy>=1.22.4`."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.requirement.name}{extras}{self.requirement.specifier}"


def named(line: str) -> str:
    """Return the normalized name that a requirement line begins with, whatever follows it; empty for none."""
    found = _NAME.match(line.strip())
    return canonical(found[0]) if found else ""


@lru_cache(maxsize=1 << 17)
def parse_requires_dist(line: str) -> RequiresDist | None:
    """Return the parsed line, or None when PEP 508 cannot read it or it is out of bounds: it limits nobody."""
    try:
        requirement = Requirement(line[: LONGEST_REQUIREMENT + 1])
    except (InvalidRequirement, RecursionError):
        return None
    if len(line) > LONGEST_REQUIREMENT or requirement_problem(requirement):
        return None
    return RequiresDist(line, requirement, canonical(requirement.name))


@lru_cache(maxsize=1 << 17)
def _contains(line: str, version: str) -> bool:
    """Tell whether version is in the specifier of line, pre-releases included."""
    parsed = parse_requires_dist(line)
    try:
        return parsed is not None and parsed.requirement.specifier.contains(version, prereleases=True)
    except ValueError:
        return False


@lru_cache(maxsize=1 << 17)
def only_extra(line: str) -> str:
    """Return the normalized extra without which line never applies, read from its end; empty when there is none."""
    marker = line.partition(";")[2]
    if not marker or " or " in marker:
        return ""
    found = _ONLY_EXTRA.search(line)
    return canonical(found.group(2)) if found else ""


class Markers:
    """Judges markers for one environment (PEP 508 variables without `extra`), each only once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._known: dict[tuple[str, str], bool] = {}

    def active(self, lines: Iterable[str], extras: Iterable[str] = ("",)) -> Iterator[RequiresDist]:
        """Yield the lines that apply when extras (normalized names, and "" for the base) are asked for."""
        wanted = frozenset(extras)
        for line in lines:
            extra = only_extra(line)
            if extra and extra not in wanted:
                continue
            parsed = parse_requires_dist(line)
            if parsed is not None and any(self._holds(parsed, extra) for extra in wanted):
                yield parsed

    def _holds(self, parsed: RequiresDist, extra: str) -> bool:
        """Tell whether the marker of a line holds with one extra."""
        marker = parsed.requirement.marker
        if marker is None:
            return True
        key = (parsed.line.partition(";")[2].strip(), extra)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = bool(marker.evaluate({**self._environment, "extra": extra}))
        return found
