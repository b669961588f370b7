"""What is read of the wheels of a solution: what the imports of the needs do, and what they reach in the others.

A need's own import is read whole where its wheel is Python alone: what is compiled has maintainers who build it anew.
So is that of what is much older than something that it requires. Who decides by it finds all in podfit's cache where
another process has read it before (podfit.fit.reading).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from podfit.audit.at_import import AtImport
from podfit.fit.lacking import asked_names, lacking_names
from podfit.fit.planned import OLD, Planned
from podfit.fit.reach import reach
from podfit.fit.wheels import compiled, import_of
from podfit.index.threads import side_by_side
from podfit.model.steps import Steps, Wait, finish
from podfit.model.times import instant

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

MOST_OLD = 24
"""So many releases beside the needs are looked into at most."""

_THREADS = 8


def read_imports(index: Index, planned: Planned) -> Steps[tuple[dict[str, AtImport], dict[str, AtImport]]]:
    """Return what the import of needs, and of what is old, does, and what is reached from the needs', by name.

    What cannot be read says nothing.
    """
    own = {name: planned.files[name] for name in planned.needs if name in planned.files}
    own = {name: file for name, file in own.items() if not compiled(file.filename)}
    files = {**{name: planned.files[name] for name in _old(planned) if name in planned.files}, **own}
    read: dict[str, AtImport] = (yield Wait(lambda: _read_all(index, files))) if files else {}
    further = yield from reach(index, planned, {name: facts for name, facts in read.items() if name in own})
    return read, further


def read_all(index: Index, planned: Planned) -> None:
    """Read what deciding about a solution will ask for, into podfit's cache."""
    read, further = finish(read_imports(index, planned))
    lacking_names(index, planned, asked_names(planned, read, further))


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


def _read_all(index: Index, files: Mapping[str, IndexFile]) -> dict[str, AtImport]:
    """Return what was read of wheels, by name; the waiting part."""

    def one(name: str) -> AtImport:
        return import_of(index, files[name], name) or AtImport()

    return dict(zip(files, side_by_side(one, files, _THREADS, "imported"), strict=True))
