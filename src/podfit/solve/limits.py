"""What needs, pins and their limits say about each other without a resolver: `packaging` alone judges."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from podfit.model import Need, canonical
from podfit.model.versions import read_version, within
from podfit.solve.template_index import OfferedTemplate
from podfit.solve.unsolvable import words_of


def disjoint(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Tell whether no version is in both sets.

    Both are unions of intervals, and so is what they share: if there is anything, its lower end is one of the versions
    that they name (or it has none). So these, and what comes just after each, are all that has to be tried.
    """
    return not any(
        one.contains(version, prereleases=True) and other.contains(version, prereleases=True)
        for version in _corners([*one, *other])
    )


def _corners(specifiers: Iterable[Specifier]) -> Iterator[Version | str]:
    """Yield the versions at which sets of specifiers begin."""
    yield "0"
    for each in specifiers:
        text = each.version
        if text.endswith(".*"):
            text = text[:-2]
            yield from (*_around(_next(text)), f"{_next(text)}.dev0", f"{text}.dev0")
        if each.operator == "===":
            yield text
            continue
        yield from _around(text)


def _around(text: str) -> Iterator[str]:
    """Yield a version, and one that comes after it and before anything that people publish."""
    yield text
    public = Version(text)
    release = ".".join(str(part) for part in (*public.release, *[0] * (4 - len(public.release)), 1))
    yield f"{public.epoch}!{release}" if public.epoch else release


def _next(prefix: str) -> str:
    """Return the version that follows all that begin with prefix."""
    version = Version(prefix)
    head = [*version.release[:-1], version.release[-1] + 1]
    return (f"{version.epoch}!" if version.epoch else "") + ".".join(map(str, head))


def pinned(specifier: str) -> str:
    """Return the version that a specifier pins exactly, empty for any other specifier."""
    clauses = list(SpecifierSet(specifier))
    exact = len(clauses) == 1 and clauses[0].operator == "==" and not clauses[0].version.endswith(".*")
    return clauses[0].version if exact else ""


def exactly_asked(name: str, message: str) -> list[SpecifierSet]:
    """Return the exact versions of a package that others are said to depend on in a resolver's explanation."""
    found = re.findall(rf"depends? on {re.escape(name)}(?:\[[^\]]*\])?(==[\w.+!]*\w)", message)
    return [SpecifierSet(text) for text in dict.fromkeys(found)]


@dataclass(frozen=True, slots=True)
class Holder:
    """A pinned distribution that excludes what is asked: its name, version and the requirement that does."""

    name: str
    version: str
    requires: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} requires {self.requires}"


def holders(name: str, specifier: SpecifierSet, offered: OfferedTemplate) -> Iterator[Holder]:
    """Yield the distributions of the template whose own limit on name shares no version with specifier."""
    for other, requirements in offered.requirements.items():
        for asked in requirements:
            if (
                asked.target == name
                and asked.requirement.specifier
                and disjoint(specifier, asked.requirement.specifier)
            ):
                yield Holder(other, offered.pins[other], asked.short)
                break


def known_cores(
    lines: Mapping[str, str], offered: OfferedTemplate, held: frozenset[str]
) -> Iterator[tuple[frozenset[str], str]]:
    """Yield, for requirements, every pin that cannot stay whatever else happens, with the reason.

    lines maps each requirement (PEP 508) to who asks, in words: "the project needs", "vllm 0.24.0 requires".
    A pin is a core of its own when the requirement excludes its version, or when its own limit on the required name,
    which the template has, shares no version with the requirement. Held names are left out: they never move.
    """
    for line, who in lines.items():
        requirement = Requirement(line)
        name, specifier = canonical(requirement.name), requirement.specifier
        version = offered.pins.get(name)
        if version is None or name in held or requirement.url or specifier.contains(version, prereleases=True):
            continue
        asked = re.sub(r"\s", "", f"{name}{specifier}")
        yield frozenset({name}), f"{who} {asked}, the template has {version}"
        for holder in holders(name, specifier, offered):
            if holder.name not in held and holder.name != name:
                yield frozenset({holder.name}), f"{who} {asked}, and {holder}"


def said_behind(message: str, released: Collection[str], offered: OfferedTemplate, held: Collection[str]) -> str:
    """Return whose requirements the limits on released names in a resolver's explanation are: it cannot know.

    Empty where no distribution of the template limits one of them.
    """
    pinned = offered.pins.keys() - released
    packed = message.replace(" ", "")
    against: list[str] = []
    said: list[str] = []
    for name in sorted(words_of(message).intersection(released)):
        asked = exactly_asked(name, message)
        for line, other in sorted(offered.dependants(name, pinned), key=lambda pair: pair[1] not in held):
            text = f"{other} {offered.pins[other]} requires {line}"
            if asked and all(disjoint(each, Requirement(line).specifier) for each in asked):
                against.append(text)
            elif line.replace(" ", "") in packed:
                said.append(text)
    said = list(dict.fromkeys(against or said))
    return f" Of the template, {', '.join(said[:3])}." if said else ""


def unmet(
    needs: Sequence[Need], pins: Mapping[str, str], relaxed: Collection[str], skipped: Collection[str]
) -> list[Need]:
    """Return the needs that a template with these pins does not meet, in their order, without those to skip."""
    return [need for need in needs if need.name not in skipped and not _met(need, pins, need.name in relaxed)]


def _met(need: Need, pins: Mapping[str, str], relaxed: bool) -> bool:
    """Tell whether the template has what a need asks for; a relaxed need asks for any version."""
    version = pins.get(need.name, "")
    return bool(version) and (relaxed or (not need.url and within(need.specifier, version)))


def newest_first(releases: Iterable[str], specifier: SpecifierSet) -> Iterator[str]:
    """Yield the versions in a specifier, newest first, pre-releases after all others; given are all, oldest first."""
    early = []
    for text in reversed(list(releases)):
        version = read_version(text)
        if version.is_prerelease:
            early.append(text)
        elif specifier.contains(version, prereleases=True):
            yield text
    yield from (text for text in early if specifier.contains(text, prereleases=True))
