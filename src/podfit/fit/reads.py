"""What is read of the wheels of a solution: what the imports of the needs do, and what they reach in the others.

A need's own import is read whole where its wheel is Python alone: what is compiled has maintainers who build it anew.
So is that of what is much older than something that it requires. Who decides by it finds all in podfit's cache where
another process has read it before (podfit.fit.reading).
"""

from __future__ import annotations

from collections.abc import Callable
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


def read_imports(
    index: Index, planned: Planned, share: Share | None = None
) -> Steps[tuple[dict[str, AtImport], dict[str, AtImport], dict[str, AtImport]]]:
    """Return what the import of needs, and of what is old, does, and what is reached from the needs', by name.

    The last is what is reached with what the needs import only when they are asked for a name, too. What cannot be read
    says nothing. share hands jobs to another process.
    """
    own = {name: planned.files[name] for name in planned.needs if name in planned.files}
    own = {name: file for name, file in own.items() if not compiled(file.filename)}
    files = {**{name: planned.files[name] for name in _old(planned) if name in planned.files}, **own}
    jobs = [Wanted(file, name, "import") for name, file in files.items()]
    found = (yield Wait(lambda: made_all(index, jobs, "imported", share))) if jobs else ()
    read = {name: facts or AtImport() for name, facts in zip(files, found, strict=True)}
    needed = {name: facts for name, facts in read.items() if name in own}
    further = yield from reach(index, planned, needed, share)
    late = {name: facts for name, facts in needed.items() if facts.lazy}
    lazily = (yield from reach(index, planned, late, share, lazy=True)) if late else {}
    either = {n: merged(each[n] for each in (further, lazily) if n in each) for n in {**further, **lazily}}
    return read, further, either


def read_all(index: Index, planned: Planned, wanted: Callable[[], bool]) -> None:
    """Read what deciding about a solution will ask for, into podfit's cache, as long as that is wanted."""
    steps = read_imports(index, planned)
    try:
        wait = next(steps)
        while wanted():
            wait = steps.send(wait.call())
    except StopIteration as end:
        read, _, either = end.value
        if wanted():
            lacking_names(index, planned, asked_names(planned, read, either))


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
