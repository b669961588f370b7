"""What the import of a planned need asks for that nothing planned has: another need, or a release that cannot be had.

Metadata forget what every machine of the authors had: pytorch-tabnet 4.1.0 imports pandas and does not require it. And
they do not tell that a name is gone: imgaug 0.4.0 asks for numpy.sctypes, which NumPy 2 no longer has. Both can be read
in the wheel (podfit.audit.at_import), and so can modules that are gone (podfit.fit.modules). Looked at is what the
project asks for by name and what is Python alone: what is compiled has maintainers who build it anew. What is much
older than something that it requires is looked into, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from podfit.audit import Subject
from podfit.audit.at_import import AtImport, Used
from podfit.catalogue.imports import ImportName, find, stand_in
from podfit.catalogue.moved_names import gone_names
from podfit.fit.binaries import added_wheel
from podfit.fit.drive import together
from podfit.fit.in_extras import said_in_extras
from podfit.fit.modules import moved_away
from podfit.fit.names import lost_names
from podfit.fit.phases import Given
from podfit.fit.planned import Planned, as_tested, modules_imported
from podfit.fit.reach import confirmed
from podfit.fit.reads import read_imports
from podfit.fit.times import first_upload
from podfit.index.files import IndexFile, index_file
from podfit.model import Bound, Evidence, EvidenceKind, Need, PodfitError, Project, canonical
from podfit.model.graph import reached
from podfit.model.requirement import named
from podfit.model.steps import Steps, Wait
from podfit.model.versions import public, same_or_newer
from podfit.needs.providers import standard_library

if TYPE_CHECKING:
    from podfit.index import Index

_OLDEST = "3.8"
"""The series whose standard library tells what once was in it: what was gone before, nobody imports any more."""


def imported(given: Given, subject: Subject) -> Steps[tuple[tuple[Need, ...], tuple[Bound, ...], tuple[Bound, ...]]]:
    """Return further needs, and bounds on releases, that the import of what is planned shows; reads wheels.

    The last bounds are on what lacks modules or names that are imported (podfit.fit.modules, podfit.fit.names).

    A module is taken for a distribution's only where the catalogue knows it. What cannot be read says nothing.
    """
    planned = _planned(subject, given.project, given.tested)
    read = yield from read_imports(given.index, planned, given.share)
    found: list[tuple[str, Used, Need]] = []
    bounds: list[Bound] = []
    for name, facts in sorted(read.own.items()):
        release = f"{name} {subject.added[name].version}"
        bounds += _gone(subject, name, release, facts)
        bounds += _of_older_pythons(subject, name, release, facts.modules)
        bounds += _ended_by_python(subject, name, release, facts.pythons)
        if facts.raises:
            first = facts.raises[0]
            evidence = Evidence(EvidenceKind.BINARY, f"{release}: {first.place}", first.name)
            said = f"{release} cannot be imported, whatever is there: {first.name} ({first.place})"
            bounds.append(Bound(name, said, evidence, f"!={subject.added[name].version}"))
        if name in planned.needs:  # of what is read for its age alone nobody knows whether anything imports it
            found += [(name, used, need) for used, need in _lacking(subject, name, facts.modules)]
    for name, facts in sorted(read.reached.items()):
        release = f"{name} {subject.added[name].version}"
        gone = [] if name in read.own else [used for used in facts.modules if _is_gone(subject, used)]
        if gone:
            sure = yield Wait(lambda name=name, gone=gone: confirmed(given.index, planned, name, gone))  # type: ignore[misc]
            bounds += _of_older_pythons(subject, name, release, sure)
        found += [(name, used, need) for used, need in _lacking(subject, name, facts.modules)]
    away, lost = yield from together([moved_away(given, subject, read.own), lost_names(given, subject, planned, read)])
    moved = (*away, *lost, *said_in_extras(subject, read.together))
    there = {need.name for need in subject.needs}
    found = [each for each in found if each[2].name not in there]
    needs = (yield Wait(lambda: _without_given(given.index, subject, planned, found))) if found else ()
    return needs, tuple(bounds), moved


def _lacking(subject: Subject, name: str, modules: Sequence[Used]) -> Iterator[tuple[Used, Need]]:
    """Yield each module that no planned distribution is known for, with the need of the one that is known.

    name is who imports them: a distribution that an extra of its names, and that is called like the module, is known.
    """
    release = f"{name} {subject.added[name].version}"
    standard = standard_library(subject.template.interpreter.series)
    for used in modules:
        top = used.name.partition(".")[0]
        if top not in standard and (brought := stand_in(top)):
            entry: ImportName | None = ImportName(top, brought.distribution)
        else:
            entry = None if top in standard or canonical(top) in subject.environment else find(used.name)
            named_like = entry is None and top not in standard and canonical(top) not in subject.environment
            if named_like and canonical(top) in _in_extras(subject, name):
                entry = ImportName(top, canonical(top))
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
        yield used, Need(entry.distribution, (evidence,), limit)


def _in_extras(subject: Subject, name: str) -> frozenset[str]:
    """Return the distributions that the extras of a planned release name."""
    lines = subject.added[name].requires_dist or ()
    return frozenset(named(line) for line in lines if "extra" in line.partition(";")[2])


def _without_given(
    index: Index, subject: Subject, planned: Planned, found: Sequence[tuple[str, Used, Need]]
) -> tuple[Need, ...]:
    """Return the needs of those (who asks, for what, the need) whose module nothing has that asker requires, by name.

    The waiting part.
    """
    needs: dict[str, Need] = {}
    for asker, used, need in found:
        if need.name in needs or _is_given(index, subject, planned, asker, used.name.partition(".")[0]):
            continue
        if confirmed(index, planned, asker, [used]):
            needs[need.name] = need
    return tuple(need for _, need in sorted(needs.items()))


def _is_given(index: Index, subject: Subject, planned: Planned, asker: str, module: str) -> bool:
    """Tell whether the wheel of something that asker requires has a module, as fasttext-predict's has fasttext."""
    for name in sorted(reached(subject.walk.edges.get(asker, ()), subject.walk.edges, without=asker)):
        file = planned.files.get(name)
        with contextlib.suppress(PodfitError, OSError, ValueError):
            if file is not None and module in index.wheel_listing(file).modules:
                return True
    return False


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


def _is_gone(subject: Subject, used: Used) -> bool:
    """Tell whether a module was part of Python and is not of the template's, and nothing is known to have it now."""
    top = used.name.partition(".")[0]
    series = subject.template.interpreter.series
    if top.startswith("_") or top in standard_library(series) or top not in standard_library(_OLDEST):
        return False
    return stand_in(top) is None and canonical(top) not in subject.environment and find(used.name) is None


def _of_older_pythons(subject: Subject, name: str, release: str, modules: Sequence[Used]) -> Iterator[Bound]:
    """Yield a bound on a release whose import asks for a module that Python no longer has, and the older."""
    for used in modules:
        if _is_gone(subject, used):
            series = subject.template.interpreter.series
            reason = (
                f"{release} imports {used.name} as it is imported ({used.place}), which Python {series} does not have"
            )
            evidence = Evidence(EvidenceKind.BINARY, f"{release}: {used.place}", f"import {used.name}")
            yield Bound(name, reason, evidence, f">{public(subject.added[name].version)}")
            return


def _ended_by_python(subject: Subject, name: str, release: str, pythons: Sequence[Used]) -> Iterator[Bound]:
    """Yield a bound on a release whose import ends in an error with the template's Python, and all older or newer."""
    python = subject.template.interpreter.version
    for used in pythons:
        if SpecifierSet(used.name).contains(python, prereleases=True):
            reason = f"{release} ends its import in an error with Python {used.name} ({used.place})"
            evidence = Evidence(EvidenceKind.BINARY, f"{release}: {used.place}", f"raises with Python {used.name}")
            side = "<" if used.name.startswith("<") else ">"
            yield Bound(name, reason, evidence, f"{side}{public(subject.added[name].version)}")
            return


def _planned(subject: Subject, project: Project, tested: Mapping[str, str]) -> Planned:
    """Return what a solution says; tested are the local environment's versions."""
    versions = {name: each.version for name, each in subject.environment.items()}
    files = {name: file for name in subject.added if (file := added_wheel(subject, name)) is not None}
    files |= {name: file for name, file in _likely_built(subject) if name not in files}
    return Planned(
        frozenset(subject.added),
        files,
        {name: first_upload(subject, name) for name in subject.added},
        {name: frozenset(subject.walk.edges.get(name, ())) for name in subject.added},
        versions,
        as_tested(versions, tested),
        frozenset(need.name for need in subject.needs),
        frozenset(subject.held),
        modules_imported(project),
        tuple(subject.template.target.tags),
    )


def _likely_built(subject: Subject) -> Iterator[tuple[str, IndexFile]]:
    """Yield the source distributions of needs that are likely to build, by name: what they install is in them."""
    asked = {need.name for need in subject.needs}
    for build in subject.overlay.builds:
        if build.chance == "likely" and build.name in asked & subject.added.keys():
            yield build.name, index_file(build.artefact, build.version)
