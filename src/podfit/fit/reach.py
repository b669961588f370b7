"""What the imports of the needs reach in the wheels that come with them, and what these ask of others.

A need's own import is read whole (podfit.fit.imported). What it imports of its dependencies, and these of theirs, is
followed module by module through the planned wheels (podfit.audit.reached): langgraph's import runs langchain-core's,
that langsmith's, and one of its modules wants a name of typing-extensions that the template's does not have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import AtImport, Used
from podfit.audit.reached import is_at_import, reached
from podfit.fit.binaries import added_wheel
from podfit.fit.modules import providers
from podfit.fit.wheels import MOST_SOURCE_BYTES, sources_of
from podfit.index.threads import side_by_side
from podfit.model import PodfitError, canonical
from podfit.model.project import Grade, ImportSite
from podfit.model.steps import Steps, Wait

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

KIND = "reached-2"
"""What the cache calls what modules of a wheel ask for; another number when `reached` finds something else."""

_THREADS = 8

_MOST_WAVES = 12
"""So often at most what was found leads to further modules."""

_MOST_ENTRIES = 200
"""So many modules of one distribution are entered at most."""


def reach(
    index: Index, subject: Subject, sites: Iterable[ImportSite], read: Mapping[str, AtImport], *, lazy: bool = False
) -> Steps[dict[str, AtImport]]:
    """Return what is asked of others by what the project's and the needs' imports reach, by the asker's name.

    sites are the project's imports, read is what was read of the needs' wheels; with lazy, what these import only when
    they are asked for a name is entered, too.
    """
    entered: dict[str, set[str]] = {}
    found: dict[str, list[AtImport]] = {}
    files: dict[str, IndexFile | None] = {}
    asked = [("", module) for module in _of_sites(sites)]
    asked += [(asker, module) for asker, facts in read.items() for module in _asked(facts)]
    new = {name: {*facts.lazy} for name, facts in read.items() if lazy and facts.lazy}
    for _ in range(_MOST_WAVES):
        for asker, module in asked:
            for name in _providers(module, subject):
                if name != asker and module not in entered.get(name, ()) and len(entered.get(name, ())) < _MOST_ENTRIES:
                    new.setdefault(name, set()).add(module)
        for name in new.keys() - files.keys():
            files[name] = added_wheel(subject, name)
        wanted = {name: modules for name, modules in new.items() if files[name] is not None}
        if not wanted:
            break
        for name, modules in wanted.items():
            entered.setdefault(name, set()).update(modules)
        got = yield Wait(lambda wanted=wanted: _read_all(index, files, wanted))  # type: ignore[misc]
        for name, facts in got.items():
            found.setdefault(name, []).append(facts)
        asked = [(asker, module) for asker, facts in got.items() for module in _asked(facts)]
        new = {}
    return {name: merged(each) for name, each in found.items()}


def confirmed(index: Index, file: IndexFile, found: Iterable[Used]) -> list[Used]:
    """Return those that the import of their module does ask for, as its syntax tree says. The waiting part."""
    from podfit.index.wheel import read_member

    sure: list[Used] = []
    try:
        with index.open_wheel(file) as bundle:
            for used in found:
                path = used.place.rpartition(":")[0]
                if is_at_import(read_member(bundle, path), path, used):
                    sure.append(used)
    except (PodfitError, OSError, ValueError, KeyError):
        return sure
    return sure


def _of_sites(sites: Iterable[ImportSite]) -> Iterator[str]:
    """Yield the dotted modules that the project's modules import as they are imported."""
    for site in sites:
        if not site.optional and site.grade is Grade.MODULE:
            yield site.module
            yield from (f"{site.module}.{name}" for name in site.names)


def _asked(facts: AtImport) -> Iterator[str]:
    """Yield the dotted modules, and what may be one, that facts speak of."""
    yield from (used.name for used in facts.modules)
    yield from (used.name.replace(":", ".") for used in facts.names)


def _providers(module: str, subject: Subject) -> list[str]:
    """Return the added distribution that a module is of, by the catalogue or its name, a namespace's too."""
    found = providers(module, subject.added)
    part = canonical("-".join(module.split(".")[:2]))
    return found or ([part] if "." in module and part in subject.added else [])


def _read_all(
    index: Index, files: Mapping[str, IndexFile | None], wanted: Mapping[str, Iterable[str]]
) -> dict[str, AtImport]:
    """Return what modules of wheels reach, by the name of the distribution; the waiting part."""

    def one(name: str) -> AtImport:
        file = files[name]
        return _read(index, file, sorted(wanted[name])) if file is not None else AtImport()

    return dict(zip(wanted, side_by_side(one, wanted, _THREADS, "reach"), strict=True))


def _read(index: Index, file: IndexFile, entries: list[str]) -> AtImport:
    """Return what modules of one wheel reach, kept for good; nothing of a wheel that cannot be read."""
    kind = f"{KIND}-{hashlib.sha256(' '.join(entries).encode()).hexdigest()[:12]}"
    kept = index.kept_of(file, kind, AtImport)
    if kept is not None:
        return kept
    try:
        with index.open_wheel(file) as bundle:
            found = reached(
                (info.filename for info in bundle.infolist()), entries, sources_of(bundle, MOST_SOURCE_BYTES)
            )
    except (PodfitError, OSError, ValueError):
        return AtImport()
    index.keep_of(file, kind, found)
    return found


def merged(parts: Iterable[AtImport]) -> AtImport:
    """Return what several readings of one wheel found."""
    modules: dict[str, Used] = {}
    names: dict[str, Used] = {}
    for each in parts:
        for used in each.modules:
            modules.setdefault(used.name, used)
        for used in each.names:
            names.setdefault(used.name, used)
    return AtImport(tuple(modules.values()), (), (), tuple(names.values()))
