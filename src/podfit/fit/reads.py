"""What is read of the wheels of a solution: what the imports of the needs do, and what they reach in the others.

A need's own import is read whole where its wheel is Python alone: what is compiled has maintainers who build it anew.
So is that of what is much older than something that it requires. Who decides by it finds all in podfit's cache where
another process has read it before (podfit.fit.reading).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.audit.at_import import AtImport
from podfit.fit.jobs import Share, made_all
from podfit.fit.lacking import asked_names, lacking_names
from podfit.fit.planned import OLD, Planned
from podfit.fit.reach import merged, reach
from podfit.fit.wheels import Wanted, compiled
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant

if TYPE_CHECKING:
    from podfit.index import Index

MOST_OLD = 24
"""So many releases beside the needs are looked into at most."""


@dataclass(frozen=True, slots=True)
class ImportsRead:
    """What was read of the imports of a solution, by distribution: what cannot be read says nothing.

    own is what the import of needs, and of what is old, does; reached what the needs' imports lead to in the others;
    reached_late that, and what they lead to only when the needs are asked for a name.
    """

    own: Mapping[str, AtImport]
    reached: Mapping[str, AtImport]
    reached_late: Mapping[str, AtImport]

    @property
    def together(self) -> dict[str, AtImport]:
        """What own and reached say of each."""
        return _together(self.own, self.reached)


def read_imports(index: Index, planned: Planned, share: Share | None = None) -> Steps[ImportsRead]:
    """Return what the imports of a solution do. share hands jobs to another process."""
    own = {name: planned.files[name] for name in planned.needs if name in planned.files}
    own = {name: file for name, file in own.items() if not compiled(file.filename)}
    files = {**{name: planned.files[name] for name in _old(planned) if name in planned.files}, **own}
    jobs = [Wanted(file, name, "import") for name, file in files.items()]
    found = (yield Wait(lambda: made_all(index, jobs, "imported", share))) if jobs else ()
    read = {name: facts or AtImport() for name, facts in zip(files, found, strict=True)}
    needed = {name: facts for name, facts in read.items() if name in own}
    reached = yield from reach(index, planned, needed, share)
    late = {name: facts for name, facts in needed.items() if facts.lazy}
    lazily = (yield from reach(index, planned, late, share, lazy=True)) if late else {}
    return ImportsRead(read, reached, _together(reached, lazily))


def _together(*readings: Mapping[str, AtImport]) -> dict[str, AtImport]:
    """Return what several readings found, by distribution."""
    names = dict.fromkeys(name for each in readings for name in each)
    return {name: merged(each[name] for each in readings if name in each) for name in names}


def read_all(index: Index, planned: Planned, wanted: Callable[[], bool]) -> None:
    """Read what deciding about a solution will ask for, into podfit's cache, as long as that is wanted."""
    steps = read_imports(index, planned)
    try:
        wait = next(steps)
        while wanted():
            wait = steps.send(wait.call())
    except StopIteration as end:
        if wanted():
            lacking_names(index, planned, asked_names(planned, end.value.own, end.value.reached_late))


def _old(planned: Planned) -> list[str]:
    """Return the added releases that are much older than something planned that they require, the oldest first.

    Two of the local environment were tried together.
    """
    times = {name: instant(time) for name, time in planned.times.items() if time}
    old = [
        name
        for name, time in times.items()
        if any(
            other in times and times[other] - time >= OLD and not {name, other} <= planned.tested
            for other in planned.edges.get(name, ())
        )
    ]
    return sorted(old, key=lambda name: (times[name], name))[:MOST_OLD]
