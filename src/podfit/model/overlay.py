"""An overlay: what the resolver found for needs over a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podfit.model.choice import Alternative, PassedOver
from podfit.model.decision import Change
from podfit.model.need import Need
from podfit.model.plan import Artefact, SourceBuild
from podfit.model.versions import within


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of uv's answer: its exact version and files, or the direct URL that it comes from."""

    name: str
    version: str
    artefacts: tuple[Artefact, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class BrokenRequirement:
    """A requirement that the untouched template does not meet.

    name is the distribution that states it, requirement its Requires-Dist line; present is the version that the
    template has of the required one, empty when it has none.
    """

    name: str
    requirement: str
    present: str = ""


@dataclass(frozen=True, slots=True)
class RefusedNeed:
    """A need that cannot be had on the template as it is asked for.

    message is the resolver's explanation. fitting is the version that fits once the need's own limits are dropped,
    empty when none does; near is the release next to an exact pin that was tried first, empty for none. gave_way is
    why an exact pin is not insisted on, as a clause, so that what fits takes its place; empty for a conflict. without
    are the extras that cannot be had, where without them the need fits as it is asked for. floor is the oldest release
    that could have taken its place: one from long before what is asked for is none. Empty where nobody knows. open
    tells that nobody could be asked whether it can be had: it is left out, and is a question.
    """

    name: str
    message: str
    fitting: str = ""
    near: str = ""
    gave_way: str = ""
    without: tuple[str, ...] = ()
    floor: str = ""
    open: bool = False

    def without_extras_alone(self, need: Need | None) -> bool:
        """Tell whether the need is planned as it is asked for, but for extras that cannot be had."""
        return bool(self.without and self.fitting) and need is not None and within(need.specifier, self.fitting)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A solution over a template.

    packages are what uv resolved, by name, template distributions included; changes are the template distributions
    that get another version, with the conflict that forced each. refused are needs that had to be relaxed or left
    out for there to be a solution at all. ignored_pins maps each need whose exact pin on a held distribution gave
    way to the template's version to that pin. broken lists what the untouched template does not meet itself.
    runs is the number of resolutions it took. builds are the packages that have no wheel for the template.
    passed_over is what needs could not have; alternative the solution with the fewest changes where this one has more.
    rough: nobody looked for the fewest changes yet, the versions of the needs stand.
    """

    packages: Mapping[str, LockedPackage]
    changes: tuple[Change, ...]
    refused: tuple[RefusedNeed, ...]
    ignored_pins: Mapping[str, str]
    broken: tuple[BrokenRequirement, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()
    runs: int = 0
    builds: tuple[SourceBuild, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    alternative: Alternative | None = None
    rough: bool = False
