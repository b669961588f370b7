"""Why a planned version differs from the one tested locally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from podfit.model import Bound, Need, Release, Template
from podfit.model.requirement import Markers
from podfit.model.versions import same_release, same_version
from podfit.plan.releases import ReleaseSource


@dataclass(frozen=True, slots=True)
class Situation:
    """What a drift is judged against: the template, its held names, the planned environment and the project's limits.

    requirers maps a name to the releases of the planned environment that require it; bounds were learned.
    """

    template: Template
    held: frozenset[str]
    environment: Mapping[str, Release]
    requirers: Mapping[str, tuple[str, ...]]
    needs: Mapping[str, Need]
    markers: Markers
    source: ReleaseSource
    bounds: tuple[Bound, ...] = ()


def drift(name: str, local: str, planned: str, situation: Situation) -> str:
    """Return one sentence, `NAME LOCAL -> PLANNED: why`; empty when both are one release or one is unknown."""
    if not local or not planned or same_release(local, planned):
        return ""
    return f"{name} {local} -> {planned}: {_why(name, local, situation)}"


def _why(name: str, local: str, situation: Situation) -> str:
    """Return what keeps the local version out, the nearest cause first."""
    template = situation.template
    present = template.distributions.get(name)
    if name in situation.held and present is not None:
        return "the template's is never changed"
    if present is not None and same_version(present.version, situation.environment[name].version):
        return f"the template has {present.version}, and it fits"
    need = situation.needs.get(name)
    if need is not None and need.specifier and not _allowed(need.specifier, local):
        return f"the project declares {need.specifier}"
    for bound in situation.bounds:
        if bound.excludes(name, local):
            return bound.reason
    nearest = _nearest(name, local, situation)
    if nearest is not None:
        return nearest.text
    fitting = situation.source.fitting(name, local)
    if fitting is None:
        return f"the index has no {local}"
    if not fitting:
        return f"{local} has no file for Python {template.interpreter.series} on {template.platform.machine} Linux"
    if fitting == "sdist" and situation.source.fitting(name, situation.environment[name].version) == "wheel":
        return f"{local} has no wheel that fits, and what has one comes first"
    return f"the resolver chose so; nothing that podfit read excludes {local}"


@dataclass(frozen=True, slots=True)
class _Cause:
    """What keeps the local version out; distance is 0 for what is held, 1 for the rest of the template, then more."""

    distance: int
    text: str


_PLANNED = 2
"""The distance of what nothing of the template is a cause of by itself."""

_DEEPEST = 3
"""So many exact requirements are followed to the cause behind them."""


def _nearest(name: str, local: str, situation: Situation, depth: int = 0) -> _Cause | None:
    """Return the nearest cause that keeps a version out; depth counts the exact requirements that led here."""
    causes = [*_own(name, local, situation, depth), *_others(name, local, situation)]
    return min(causes, key=lambda cause: cause.distance, default=None)


def _own(name: str, local: str, situation: Situation, depth: int) -> Iterator[_Cause]:
    """Yield what the local version itself requires and does not get."""
    release = situation.source.release(name, local)
    if release is None:
        return
    template = situation.template
    if release.requires_python and not _allowed(release.requires_python, template.interpreter.version):
        needs = f"{local} needs Python {_spaced(release.requires_python)}"
        yield _Cause(0, f"{needs}, the template has {template.interpreter.series}")
    for asked in situation.markers.active(release.requires_dist or ()):
        other = situation.environment.get(asked.target)
        if other is not None and not asked.allows(other.version):
            fixed = _is_template(asked.target, situation)
            pins = [
                each.version
                for each in asked.requirement.specifier
                if each.operator in ("==", "===") and not each.version.endswith(".*")
            ]
            if not fixed and pins and depth < _DEEPEST:  # `mlflow` is kept out by what keeps `mlflow-skinny` out
                behind = _nearest(asked.target, pins[0], situation, depth + 1)
                if behind is not None and behind.distance < _PLANNED:
                    yield _Cause(_PLANNED, f"{local} requires {asked.short}, and {asked.target} {behind.text}")
                    continue
            owner = "the template has" if fixed else "planned is"
            yield _Cause(_distance(asked.target, situation), f"{local} requires {asked.short}, {owner} {other.version}")


def _others(name: str, local: str, situation: Situation) -> Iterator[_Cause]:
    """Yield what other distributions of the planned environment require instead."""
    for requirer in situation.requirers.get(name, ()):
        release = situation.environment[requirer]
        for asked in situation.markers.active(release.requires_dist or ()):
            if asked.target == name and not asked.allows(local):
                fixed = _is_template(requirer, situation)
                where = " of the template" if fixed else ""
                yield _Cause(
                    _distance(requirer, situation), f"{requirer} {release.version}{where} requires {asked.short}"
                )


def _distance(name: str, situation: Situation) -> int:
    """Return how far a distribution that excludes a version is from what cannot be changed."""
    if not _is_template(name, situation):
        return _PLANNED + 1
    return 0 if name in situation.held else 1


def _is_template(name: str, situation: Situation) -> bool:
    """Tell whether a distribution of the planned environment is the template's, unchanged."""
    present = situation.template.distributions.get(name)
    return present is not None and same_version(present.version, situation.environment[name].version)


def _allowed(specifier: str, version: str) -> bool:
    """Tell whether version is in specifier; what cannot be read excludes nothing."""
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _spaced(specifier: str) -> str:
    """Return a specifier as people write it: `>= 3.11`."""
    parts = (part.strip() for part in specifier.split(","))
    return ", ".join(part.replace(">=", ">= ").replace("<=", "<= ") if "=" in part else part for part in parts)
