"""What the fewest changes to a template would give: shown beside a plan that makes more, sought once in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from podfit.model import Alternative, InputError, LockedPackage, Need, OtherVersion, Overlay
from podfit.model.steps import Steps
from podfit.model.versions import same_version
from podfit.solve.answer import Refusal
from podfit.solve.reconsider import Reconsidered
from podfit.solve.search import QUICK_RUNS, Packages, Search

_MOST_LOOKS = 3
"""So often an answer is looked at again for what it gave up without need."""


@dataclass(frozen=True, slots=True)
class Unsought:
    """The search for the fewest changes whatever the needs' versions, which has not run; settled was planned."""

    search: Search
    again: Reconsidered | None
    settled: Packages
    needs: Sequence[Need]


def with_fewest(overlay: Overlay, unsought: Unsought | None) -> Steps[Overlay]:
    """Return an overlay with what the fewest changes would give in its place, as far as QUICK_RUNS resolutions tell."""
    if unsought is None or overlay.refused:  # where something cannot be had at all, nobody asks what would be spared
        return overlay
    search, name = unsought.search, unsought.search.template.name
    found: Mapping[str, LockedPackage] | Refusal | None = None
    runs = 0
    try:
        for _ in range(_MOST_LOOKS):
            found = yield from search.exactly(QUICK_RUNS)
            runs += search.runs
            if found is None or isinstance(found, Refusal) or unsought.again is None:
                break
            if not (yield from unsought.again.look(found)):
                break
            more = tuple(line for line in unsought.again.excluded if line not in search.question.constraints)
            asked = replace(search.question, constraints=(*search.question.constraints, *more))
            search = replace(search, question=asked, runs=0, released=frozenset())
    except InputError:  # it is beside the plan, which stands without it
        return overlay
    overlay = replace(overlay, runs=overlay.runs + runs)
    if found is None:
        return replace(overlay, notes=(*overlay.notes, not_sought(name)))
    if isinstance(found, Refusal):
        return overlay
    other = alternative(found, search.moved(found), unsought.settled, unsought.needs)
    return replace(overlay, alternative=other if other.needs else None)


def not_sought(template: str) -> str:
    """Return the note that the search for the fewest changes to a template was too long."""
    return (
        f"what {template} would give with the fewest changes of all was not sought to the end: "
        "--prefer template plans it"
    )


def alternative(found: Packages, moved: Iterable[str], settled: Packages, needs: Iterable[Need]) -> Alternative:
    """Return a solution as the alternative to the one that was settled on: the needs that differ, what it moves."""
    others = [
        OtherVersion(need.name, there.version, there.artefacts[0].upload_time if there.artefacts else "")
        for need in needs
        if (there := found.get(need.name)) is not None
        and need.name in settled
        and not same_version(there.version, settled[need.name].version)
    ]
    return Alternative(tuple(others), tuple(sorted(moved)))
