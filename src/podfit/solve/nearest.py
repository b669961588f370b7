"""The nearest release: of a need whose exact pin cannot be had, and of what of the template has to move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from podfit.model import InputError, Need, canonical
from podfit.model.steps import Steps
from podfit.model.times import instant
from podfit.model.versions import parsed, public, same_version
from podfit.solve.answer import Refusal
from podfit.solve.search import Packages, Search
from podfit.solve.sources import Sources

OLD = timedelta(days=365)
"""A release from so long before what is asked for does not take its place (assumed)."""


def is_pin(clause: Specifier) -> bool:
    """Tell whether a clause names what somebody had: `==1.13.1`, and conda's `=1.13`, which is `==1.13.*`.

    `==1.*` is a range of releases, as `>=1,<2` is.
    """
    if clause.operator not in ("==", "==="):
        return False
    return not clause.version.endswith(".*") or clause.version.count(".") > 1


def parted(specifier: str) -> tuple[SpecifierSet, SpecifierSet]:
    """Return the pins of a specifier (`is_pin`) and its other clauses.

    A pin beside a range comes from two places that speak of one distribution: what somebody had, and what will do.
    """
    clauses = list(SpecifierSet(specifier))
    had, within = (",".join(str(each) for each in clauses if is_pin(each) is pin) for pin in (True, False))
    return SpecifierSet(had), SpecifierSet(within)


def nearest(need: Need, search: Search, beside: Sequence[str] = (), floor: str = "") -> Steps[str]:
    """Return the release of the pin's series (its first number) next to it that fits what search keeps, empty for none.

    It is no older than floor, where one is given. Newer ones come first: what was fixed since counts more than what
    was dropped. Only the need itself is looked at, with all that it requires, and beside (PEP 508 lines); whether the
    other needs agree is for the next search.
    """
    pins, within = parted(need.specifier)
    version = max((each.version.removesuffix(".*") for each in pins), key=len, default="")
    if not version or need.url or need.name in search.held:
        return ""
    released = {*search.released, need.name} & search.offered.pins.keys()
    asked = Version(version)
    series, version = asked.release[0], asked.public  # an order has no place for local parts (PEP 440)
    preferences = {name: chosen for name, chosen in search.question.preferences.items() if name != need.name}
    oldest = floor if floor and Version(floor) >= Version(str(series)) else str(series)
    steps = [(f">{version},<{series + 1}", True), (f"<{version},>={oldest}", False)]
    for limits, lowest in [(f"=={version}", False), *steps] if asked.local else steps:
        line = f"{need.called}{SpecifierSet(limits) & within}"
        question = replace(search.question, requirements=(line, *beside), preferences=preferences, lowest=lowest)
        try:
            answer = yield from replace(search, question=question).ask(released)
        except InputError:  # something below it is not to be had: told where it is asked for
            continue
        if not isinstance(answer, Refusal) and need.name in answer:
            return answer[need.name].version
    return ""


def oldest_instead(need: Need, sources: Sources) -> Steps[str]:
    """Return the oldest release that can take the place of what a need asks for: none from OLD before that and more.

    Empty where the need has no limits, or the index does not tell when its releases were published.
    """
    if not need.specifier:
        return ""
    times = yield from sources.published(need.name)
    within = SpecifierSet(need.specifier)
    asked = next((version for version in times if within.contains(version, prereleases=True)), "")
    if not times.get(asked):
        return ""
    since = instant(times[asked]) - OLD
    return min((asked, *(version for version, time in times.items() if time and instant(time) >= since)), key=Version)


def small_steps(search: Search, packages: Packages, tested: Mapping[str, str]) -> Steps[Packages]:
    """Return a solution whose changes go no further than they must: each to the lowest minor series that does.

    packages is what search found. A fix of that series (its last number) is taken, a new feature is not: of two changes
    the smaller one breaks less of what stays. What the project asks for itself, and what was tested locally, keeps its
    version, and so does everything where no smaller step is found.
    """
    pins = search.offered.pins
    asked = {canonical(Requirement(line).name) for line in search.question.requirements}
    up = {
        name: packages[name].version
        for name in sorted(search.moved(packages) & search.released - asked)
        if _newer(packages[name].version, pins[name]) and not same_version(packages[name].version, tested.get(name, ""))
    }
    if not up:
        return packages
    fixed = [
        f"{name}=={packages[name].version}"
        for name in sorted((asked | search.released) & packages.keys() - up.keys())
        if packages[name].version and not packages[name].url
    ]
    found = {name: each.version for name, each in packages.items() if each.version and name not in up}
    lowest = yield from _stepped(search, [*fixed, *(f"{name}>{public(pins[name])}" for name in up)], found, lowest=True)
    if lowest is None or not all(name in lowest for name in up):
        return packages
    series = {name: f">={public(lowest[name].version)},<{_next_minor(lowest[name].version)}" for name in up}
    if search.sources is not None:
        fixes = yield from search.sources.newest_wheels(series)
        if all(same_version(fixes.get(name, ""), lowest[name].version) for name in up):
            return lowest
    limits = [f"{name}{limit}" for name, limit in series.items()]
    return (yield from _stepped(search, [*fixed, *limits], found)) or lowest


def _stepped(
    search: Search, limits: list[str], found: Mapping[str, str], *, lowest: bool = False
) -> Steps[Packages | None]:
    """Return what uv finds for the question of a search under more limits, the rest as it was found; None for none."""
    asked = search.question
    constraints = (*asked.constraints, *limits)
    question = replace(asked, constraints=constraints, preferences=found, lowest=lowest)
    again = replace(search, question=question)
    try:
        answer = yield from again.ask(search.released)
    except InputError:  # something below an older release is not to be had
        return None
    finally:
        search.runs = again.runs
    return None if isinstance(answer, Refusal) else answer


def _newer(version: str, pin: str) -> bool:
    """Tell whether a version is newer than a pin."""
    one, other = parsed(version), parsed(pin)
    return one is not None and other is not None and one > other


def _next_minor(version: str) -> str:
    """Return the version that begins the next minor series."""
    read = Version(version)
    return f"{read.epoch}!{read.major}.{read.minor + 1}" if read.epoch else f"{read.major}.{read.minor + 1}"
