"""What the imports of the needs reach in the wheels that come with them, and what these ask of others.

A need's own import is read whole (podfit.fit.imported). What it imports of its dependencies, and these of theirs, is
followed module by module through the planned wheels (podfit.audit.reached): langgraph's import runs langchain-core's,
that langsmith's, and one of its modules wants a name of typing-extensions that the template's does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from podfit.audit.at_import import AtImport, Used
from podfit.audit.reached import is_at_import, reached
from podfit.catalogue.imports import providers
from podfit.fit.jobs import Share, made_all
from podfit.fit.opened import opened
from podfit.fit.planned import Planned
from podfit.fit.wheels import MOST_SOURCE_BYTES, part_kind, sources_of
from podfit.index.files import IndexFile
from podfit.model import PodfitError, canonical
from podfit.model.steps import Steps, Wait

if TYPE_CHECKING:
    from podfit.index import Index

KIND = "reached-6"
"""What the cache calls what modules of a wheel ask for; another number when `reached` finds something else."""

_MOST_WAVES = 12
"""So often at most what was found leads to further modules."""

_MOST_ENTRIES = 200
"""So many modules of one distribution are entered at most."""


class Entered(msgspec.Struct, frozen=True, tag=True):
    """What modules of one wheel of a distribution reach, by their dotted names; or of what will be built."""

    file: IndexFile
    name: str
    entries: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What the cache calls it."""
        return part_kind(KIND, " ".join(self.entries))

    def known(self, index: Index) -> AtImport | None:
        """Return what was read before, None where nothing was."""
        return index.kept_of(self.file, self.kind, AtImport)

    def made(self, index: Index) -> AtImport:
        """Return what the cache has, else what the wheel says. Raises PodfitError, OSError, ValueError."""
        kept = self.known(index)
        if kept is not None:
            return kept
        with opened(index, self.file, self.name) as bundle:
            paths = (info.filename for info in bundle.infolist())
            found = reached(paths, self.entries, sources_of(bundle, MOST_SOURCE_BYTES))
        index.keep_of(self.file, self.kind, found)
        return found


def reach(
    index: Index, planned: Planned, read: Mapping[str, AtImport], share: Share | None = None, *, lazy: bool = False
) -> Steps[dict[str, AtImport]]:
    """Return what is asked of others by what the project's and the needs' imports reach, by the asker's name.

    read is what was read of the needs' wheels; with lazy, entered is what these import when they are asked for a name,
    and what they import, and not what the project does. share hands jobs to another process.
    """
    entered: dict[str, set[str]] = {}
    found: dict[str, list[AtImport]] = {}
    asked = [] if lazy else [("", module) for module in planned.modules]
    asked += [(asker, module) for asker, facts in read.items() for module in _asked(facts)]
    new = {name: {*facts.lazy} for name, facts in read.items() if lazy and facts.lazy}
    for _ in range(_MOST_WAVES):
        for asker, module in asked:
            for name in _providers(module, planned):
                if name != asker and module not in entered.get(name, ()) and len(entered.get(name, ())) < _MOST_ENTRIES:
                    new.setdefault(name, set()).add(module)
        wanted = {name: modules for name, modules in new.items() if name in planned.files}
        if not wanted:
            break
        for name, modules in wanted.items():
            entered.setdefault(name, set()).update(modules)
        jobs = [Entered(planned.files[name], name, tuple(sorted(modules))) for name, modules in wanted.items()]
        facts_of = yield Wait(lambda jobs=jobs: made_all(index, jobs, "reach", share))  # type: ignore[misc]
        got = {name: facts for name, facts in zip(wanted, facts_of, strict=True) if facts is not None}
        for name, facts in got.items():
            found.setdefault(name, []).append(facts)
        asked = [(asker, module) for asker, facts in got.items() for module in _asked(facts)]
        new = {}
    return {name: merged(each) for name, each in found.items()}


def confirmed(index: Index, planned: Planned, name: str, found: Iterable[Used]) -> list[Used]:
    """Return those that the import of a planned wheel's modules does ask for, as syntax trees say. The waiting part."""
    from podfit.index.wheel import read_member

    sure: list[Used] = []
    file = planned.files.get(name)
    if file is None:
        return sure
    try:
        with opened(index, file, name) as bundle:
            for used in found:
                path = used.place.rpartition(":")[0]
                if is_at_import(read_member(bundle, path), path, used):
                    sure.append(used)
    except (PodfitError, OSError, ValueError, KeyError):
        return sure
    return sure


def _asked(facts: AtImport) -> Iterator[str]:
    """Yield the dotted modules, and what may be one, that facts speak of."""
    yield from (used.name for used in facts.modules)
    yield from (used.name.replace(":", ".") for used in facts.names)


def _providers(module: str, planned: Planned) -> list[str]:
    """Return the added distributions that a module may be of, by the catalogue or its name, a namespace's too."""
    found = providers(module, planned.added)
    part = canonical("-".join(module.split(".")[:2]))
    if not found:
        return [part] if "." in module and part in planned.added else []
    return [*found, *(parts_of(found[0], planned.needs, planned.edges) if "." in module else ())]


def parts_of(name: str, among: Iterable[str], edges: Mapping[str, Collection[str]]) -> list[str]:
    """Return those of some distributions that are called after another and require it: they may add modules to its own.

    optimum-onnx brings optimum.onnxruntime into the folder of optimum. edges are what each requires.
    """
    return sorted(each for each in among if each.startswith(f"{name}-") and name in edges.get(each, ()))


def merged(parts: Iterable[AtImport]) -> AtImport:
    """Return what several readings of one wheel found."""
    modules: dict[str, Used] = {}
    names: dict[str, Used] = {}
    for each in parts:
        for used in each.modules:
            modules.setdefault(used.name, used)
        for used in each.names:
            names.setdefault(used.name, used)
    return AtImport(tuple(modules.values()), names=tuple(names.values()))
