"""What the import of a planned need asks for that nothing planned has: another need, or a release that cannot be had.

Metadata forget what every machine of the authors had: pytorch-tabnet 4.1.0 imports pandas and does not require it. And
they do not tell that a name is gone: imgaug 0.4.0 asks for numpy.sctypes, which NumPy 2 no longer has. Both can be read
in the wheel (podfit.audit.at_import), and so can modules that are gone (podfit.fit.modules). Looked at is what the
project asks for by name and what is Python alone: what is compiled has maintainers who build it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import AtImport, Used
from podfit.catalogue.imports import ImportName, find
from podfit.catalogue.moved_names import gone_names
from podfit.fit.binaries import added_wheel, compiled
from podfit.fit.modules import moved_away
from podfit.fit.phases import Given
from podfit.fit.wheels import Wanted, read_wheel
from podfit.index.threads import side_by_side
from podfit.model import Bound, Evidence, EvidenceKind, Need, PodfitError, canonical
from podfit.model.steps import Steps, Wait
from podfit.model.versions import parsed, public
from podfit.needs.providers import standard_library

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

_THREADS = 8
_SHIM = "setuptools"
"""What brings distutils to a Python that has none (its distutils-precedence.pth)."""


def imported(given: Given, subject: Subject) -> Steps[tuple[tuple[Need, ...], tuple[Bound, ...], tuple[Bound, ...]]]:
    """Return further needs, and bounds on releases, that the import of what is planned shows; reads wheels.

    The last bounds are on what lacks modules that are imported (podfit.fit.modules).

    A module is taken for a distribution's only where the catalogue knows it. What cannot be read says nothing.
    """
    files = {need.name: file for need in subject.needs if (file := _file(subject, need.name)) is not None}
    read: dict[str, AtImport] = (yield Wait(lambda: _read_all(given.index, files))) if files else {}
    needs: dict[str, Need] = {}
    bounds: list[Bound] = []
    for name, facts in sorted(read.items()):
        release = f"{name} {subject.added[name].version}"
        bounds += _gone(subject, name, release, facts)
        for need in _lacking(subject, release, facts.modules):
            needs.setdefault(need.name, need)
    moved = yield from moved_away(given, subject, read)
    there = {need.name for need in subject.needs}
    return tuple(need for name, need in sorted(needs.items()) if name not in there), tuple(bounds), moved


def _lacking(subject: Subject, release: str, modules: Sequence[Used]) -> Iterator[Need]:
    """Yield a need for each module that no planned distribution has and whose distribution is known."""
    standard = standard_library(subject.template.interpreter.series)
    for used in modules:
        top = used.name.partition(".")[0]
        if top == "distutils" and top not in standard:
            entry: ImportName | None = ImportName(top, _SHIM)
        else:
            entry = None if top in standard or canonical(top) in subject.environment else find(used.name)
        if entry is None:
            continue
        present = [name for name in (entry.distribution, *entry.also) if name in subject.environment]
        limit = f"<{entry.below}" if entry.below else ""
        if present and not (limit and _reaches(subject.environment[present[0]].version, entry.below)):
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
        if since and _reaches(numpy.version, since):
            reason = (
                f"{release} asks for numpy.{used.name} as it is imported ({used.place}), which NumPy {since} and newer "
                f"no longer have; the template has {numpy.version}"
            )
            evidence = Evidence(EvidenceKind.BINARY, f"{release}: {used.place}", f"numpy.{used.name}")
            yield Bound(name, reason, evidence, f">{public(subject.added[name].version)}")
            return


def _reaches(version: str, since: str) -> bool:
    """Tell whether a version is since or newer."""
    one, other = parsed(version), parsed(since)
    return one is not None and other is not None and one >= other


def _file(subject: Subject, name: str) -> IndexFile | None:
    """Return the wheel of a need that would be installed; None where it is not added, built first, or compiled."""
    file = added_wheel(subject, name)
    return file if file is not None and not compiled(file.filename) else None


def _read_all(index: Index, files: Mapping[str, IndexFile]) -> dict[str, AtImport]:
    """Return what was read of wheels, by name; the waiting part."""

    def one(name: str) -> AtImport:
        try:
            found = read_wheel(index, Wanted(files[name], name, "import"))
        except (PodfitError, OSError, ValueError):
            return AtImport()
        return found if isinstance(found, AtImport) else AtImport()

    return dict(zip(files, side_by_side(one, files, _THREADS, "imported"), strict=True))
