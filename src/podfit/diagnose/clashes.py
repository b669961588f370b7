"""Which two requirements exclude each other, as pip and uv tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.diagnose.model import Line
from podfit.model import canonical

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_LIMIT = r"(?:\[[^\]]{0,60}\])?(?:[<>=!~]=?=?[^\s,;]+(?:(?:,\s?| and )[<>=!~]=?=?[^\s,;]+)*)?"
"""Limits as pip and uv write them: joined by commas, or (pip) the last one by `and`."""
_USER = re.compile(rf"The user requested (?:\(constraint\) )?(?P<name>{_NAME})(?P<limit>{_LIMIT})")
_DEPENDS = re.compile(
    rf"(?P<who>{_NAME})(?:\[[^\]]*\])? (?P<version>\d\S*) depends on (?P<name>{_NAME})(?P<limit>{_LIMIT})"
)
_PINNED = re.compile(rf"^(?:{_NAME}): (?P<name>{_NAME})(?P<limit>{_LIMIT})$")
_UV = re.compile(
    rf"(?P<who>{_NAME})(?:\[[^\]]*\])?(?P<version>(?:[<>=!~]=?[\w.*+!]+(?:,\s?)?)*) depends on (?P<name>{_NAME})(?P<limit>{_LIMIT})"
)
_ROOT = re.compile(rf"\byou require (?P<name>{_NAME})(?P<limit>{_LIMIT})")
_NONE = re.compile(rf"there (?:is|are) no versions? of (?P<name>{_NAME})(?P<limit>{_LIMIT})")
_ABSENT = re.compile(rf"(?P<name>{_NAME}) was not found in the package registry")
_POETRY = re.compile(
    rf"(?P<who>{_NAME})(?: \((?P<version>[^()]{{1,60}})\))? (?:depends on|requires) (?:both )?(?P<name>{_NAME}) \((?P<limit>[^()]{{1,80}})\)"
)
_AND = re.compile(rf" and (?P<name>{_NAME}) \((?P<limit>[^()]{{1,80}})\)")
"""What follows poetry's `depends on both`."""
_PDM = re.compile(rf"^\s*(?P<name>{_NAME})(?P<limit>{_LIMIT}) \(from (?P<who>{_NAME})(?:@(?P<version>\S{{1,60}}))?\)$")
_CONDA = re.compile(
    rf"package (?P<who>{_NAME}?)-(?P<version>\d[\w.]*)-\w+ requires (?P<name>{_NAME}) (?P<limit>\S[^,]{{0,60}}), but none of the providers"
)
_NOT_WORDS = {"project", "you", "your", "and", "that", "it", "only", "because", "environment", "workspace", "the"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement: who asks (empty: the user), for what, within which limits."""

    who: str
    name: str
    limit: str

    def __str__(self) -> str:
        """Return it as a clause."""
        return f"{self.who} asks for {self.name}{self.limit}" if self.who else f"{self.name}{self.limit} is asked for"


@dataclass(frozen=True, slots=True)
class Clash:
    """Requirements that exclude each other over one distribution. absent: no index has what is asked for."""

    name: str
    asked: tuple[Asked, ...]
    absent: bool = False

    def __str__(self) -> str:
        """Return a sentence's clause."""
        return "; ".join(str(one) for one in self.asked[:4])

    def agree(self) -> bool:
        """Tell whether each exact version that is asked for is within what all others allow."""
        pins = [one.limit[2:] for one in self.asked if one.limit.startswith("==") and "," not in one.limit]
        try:
            allowed = SpecifierSet(",".join(one.limit for one in self.asked if one.limit and "[" not in one.limit))
            return bool(pins) and all(allowed.contains(pin, prereleases=True) for pin in pins)
        except InvalidSpecifier:
            return False

    @property
    def others(self) -> tuple[str, ...]:
        """Who asks, without the user."""
        return tuple(dict.fromkeys(re.split(r"[\s<>=!~]", one.who)[0] for one in self.asked if one.who))


def find_clash(lines: Sequence[Line], start: int) -> Clash | None:
    """Return the clash that the lines around one tell of, None where they tell none."""
    asked: list[Asked] = []
    first = max(0, start - 80)
    text = [line.text for line in lines[first : start + 120]]
    joined = _joined(text)
    for line in text:
        user, depends = _USER.search(line), _DEPENDS.search(line)
        if user:
            asked.append(Asked("", canonical(user["name"]), _limits(user["limit"])))
        elif depends:
            asked.append(
                Asked(
                    f"{canonical(depends['who'])} {depends['version']}",
                    canonical(depends["name"]),
                    _limits(depends["limit"]),
                )
            )
    asked = asked or _of_poetry(joined) or _of_pdm(text) or _of_conda(text)
    if not asked:
        for found in _UV.finditer(joined):
            if found["name"].lower() in _NOT_WORDS:
                continue
            who = (
                ""
                if found["who"].lower() in _NOT_WORDS
                else f"{canonical(found['who'])}{found['version'].rstrip(', ')}"
            )
            asked.append(Asked(who, canonical(found["name"]), found["limit"].rstrip(",.")))
        for found in _ROOT.finditer(joined):
            asked.append(Asked("", canonical(found["name"]), found["limit"].rstrip(",.")))
    asked = list(dict.fromkeys(asked))
    if not asked:
        missing = _ABSENT.search(joined) or _NONE.search(joined)
        return Clash(canonical(missing["name"]), (), True) if missing else None
    counts: dict[str, int] = {}
    for one in asked:
        counts[one.name] = counts.get(one.name, 0) + 1
    name = max(counts, key=lambda each: (counts[each], any(one.limit and one.name == each for one in asked)))
    none = _NONE.search(joined)
    if none and counts[name] < 2:
        name = canonical(none["name"])
    return Clash(
        name, tuple(one for one in asked if one.name == name) or tuple(asked), bool(none) and counts.get(name, 0) < 2
    )


def _limits(text: str) -> str:
    """Return limits joined by commas alone."""
    return text.replace(" and ", ",")


def _of_poetry(joined: str) -> list[Asked]:
    """Return what poetry's explanation says that somebody asks for."""
    found: list[Asked] = []
    for one in _POETRY.finditer(joined):
        root = joined[: one.start()].endswith("because ")  # So, because PROJECT depends on ...
        who = "" if root else f"{canonical(one['who'])} {one['version'] or ''}".rstrip()
        found.append(Asked(who, canonical(one["name"]), _poetry_limit(one["limit"])))
        other = _AND.match(joined, one.end()) if " both " in one[0] else None
        if other is not None:
            found.append(Asked(who, canonical(other["name"]), _poetry_limit(other["limit"])))
    return found


def _poetry_limit(text: str) -> str:
    """Return a limit as poetry writes it: a version alone is exact."""
    return f"=={text}" if re.fullmatch(r"\d[\w.+!]*", text) else text


def _of_pdm(text: Sequence[str]) -> list[Asked]:
    """Return what pdm lists: a requirement a line, and who has it."""
    found = [one for line in text if (one := _PDM.match(line))]
    return [
        Asked(
            "" if one["who"] == "project" else f"{canonical(one['who'])} {one['version'] or ''}".rstrip(),
            canonical(one["name"]),
            one["limit"],
        )
        for one in found
    ]


def _of_conda(text: Sequence[str]) -> list[Asked]:
    """Return what conda's solver says that a package requires and cannot have."""
    found = [one for line in text if (one := _CONDA.search(line))]
    return [Asked(f"{one['who']} {one['version']}", one["name"], f" {one['limit']}") for one in found]


def _joined(text: Sequence[str]) -> str:
    """Return uv's explanation, which it wraps over lines, as one text."""
    words = " ".join(re.sub(r"^[\s│╰─▶×]+", "", line) for line in text)
    return " ".join(words.split())
