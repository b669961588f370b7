"""What the import of a planned need asks for that nothing planned has: another need, or a release that cannot be had.

Metadata forget what every machine of the authors had: pytorch-tabnet 4.1.0 imports pandas and does not require it. And
they do not tell that a name is gone: imgaug 0.4.0 asks for numpy.sctypes, which NumPy 2 no longer has. Both can be read
in the wheel (podfit.audit.at_import), and so can modules that are gone (podfit.fit.modules). Looked at is what the
project asks for by name and what is Python alone: what is compiled has maintainers who build it anew. What is much
older than something that it requires is looked into, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import AtImport, Used
from podfit.catalogue.imports import ImportName, find, stand_in
from podfit.catalogue.moved_names import gone_names
from podfit.fit.binaries import added_wheel, compiled
from podfit.fit.modules import moved_away
from podfit.fit.names import lost_names
from podfit.fit.phases import Given
from podfit.fit.times import first_upload
from podfit.fit.wheels import import_of
from podfit.index.threads import side_by_side
from podfit.model import Bound, Evidence, EvidenceKind, Need, canonical
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import public, same_or_newer, same_version
from podfit.needs.providers import standard_library

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

OLD = timedelta(days=183)
"""What is so much older than something that it requires may ask for what that no longer has (assumed)."""

MOST_OLD = 24
"""So many releases beside the needs are looked into at most."""

_THREADS = 8


def imported(given: Given, subject: Subject) -> Steps[tuple[tuple[Need, ...], tuple[Bound, ...], tuple[Bound, ...]]]:
    """Return further needs, and bounds on releases, that the import of what is planned shows; reads wheels.

    The last bounds are on what lacks modules or names that are imported (podfit.fit.modules, podfit.fit.names).

    A module is taken for a distribution's only where the catalogue knows it. What cannot be read says nothing.
    """
    own = {need.name: file for need in subject.needs if (file := _file(subject, need.name)) is not None}
    old = {name: added_wheel(subject, name) for name in _old(subject, given.tested)}
    files = {**{name: file for name, file in old.items() if file is not None}, **own}
    read: dict[str, AtImport] = (yield Wait(lambda: _read_all(given.index, files))) if files else {}
    needs: dict[str, Need] = {}
    bounds: list[Bound] = []
    for name, facts in sorted(read.items()):
        release = f"{name} {subject.added[name].version}"
        bounds += _gone(subject, name, release, facts)
        for need in _lacking(subject, release, facts.modules) if name in own else ():
            needs.setdefault(need.name, need)
    moved = (*(yield from moved_away(given, subject, read)), *(yield from lost_names(given, subject, read)))
    there = {need.name for need in subject.needs}
    return tuple(need for name, need in sorted(needs.items()) if name not in there), tuple(bounds), moved


def _lacking(subject: Subject, release: str, modules: Sequence[Used]) -> Iterator[Need]:
    """Yield a need for each module that no planned distribution has and whose distribution is known."""
    standard = standard_library(subject.template.interpreter.series)
    for used in modules:
        top = used.name.partition(".")[0]
        if top not in standard and (brought := stand_in(top)):
            entry: ImportName | None = ImportName(top, brought.distribution)
        else:
            entry = None if top in standard or canonical(top) in subject.environment else find(used.name)
        if entry is None:
            continue
        present = [name for name in (entry.distribution, *entry.also) if name in subject.environment]
        limit = f"<{entry.below}" if entry.below else ""
        if present and not (limit and same_or_newer(subject.environment[present[0]].version, entry.below)):
            continue
        if present and present[0] in subject.held:
            continue
        detail = f"imports {used.name} as it is imported, and does not require {entry.distribution}"
        evidence = Evidence(EvidenceKind.BINARY, f"{release}: {used.place}", detail)
        yield Need(entry.distribution, (evidence,), limit)


def _gone(subject: Subject, name: str, release: str, facts: AtImport) -> Iterator[Bound]:
    """Yield a bound on a release whose import asks for a name that the planned NumPy no longer has, and the older."""
    numpy = subject.environment.get("numpy")
    gone = gone_names("numpy")
    if numpy is None or name == "numpy":
        return
    for used in facts.numpy:
        since = gone.get(used.name, "")
        if since and same_or_newer(numpy.version, since):
            reason = (
                f"{release} asks for numpy.{used.name} as it is imported ({used.place}), which NumPy {since} and newer "
                f"no longer have; the template has {numpy.version}"
            )
            evidence = Evidence(EvidenceKind.BINARY, f"{release}: {used.place}", f"numpy.{used.name}")
            yield Bound(name, reason, evidence, f">{public(subject.added[name].version)}")
            return


def _file(subject: Subject, name: str) -> IndexFile | None:
    """Return the wheel of a need that would be installed; None where it is not added, built first, or compiled."""
    file = added_wheel(subject, name)
    return file if file is not None and not compiled(file.filename) else None


def _old(subject: Subject, tested: Mapping[str, str]) -> list[str]:
    """Return the added releases that are much older than something planned that they require, the oldest first.

    Two of the local environment were tried together.
    """
    times = {name: instant(time) for name in subject.added if (time := first_upload(subject, name))}
    same = {name for name in times if same_version(tested.get(name, ""), subject.added[name].version)}
    old = [
        name
        for name, time in times.items()
        if any(
            other in times and times[other] - time >= OLD and not {name, other} <= same
            for other in subject.walk.edges.get(name, ())
        )
    ]
    return sorted(old, key=lambda name: (times[name], name))[:MOST_OLD]


def _read_all(index: Index, files: Mapping[str, IndexFile]) -> dict[str, AtImport]:
    """Return what was read of wheels, by name; the waiting part."""

    def one(name: str) -> AtImport:
        return import_of(index, files[name], name) or AtImport()

    return dict(zip(files, side_by_side(one, files, _THREADS, "imported"), strict=True))
