"""Names that planned wheels import and that the planned release of another distribution does not have.

Who has them instead is looked for elsewhere (podfit.fit.names): here wheels are read, whichever process does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from podfit.audit.at_import import AtImport, Used, absolute, modules_of_wheel, package_of
from podfit.audit.exports import STAR, exports, given_by_star
from podfit.catalogue.imports import providers
from podfit.catalogue.moved_names import class_keywords, gone_names
from podfit.fit.planned import OLD, Planned
from podfit.fit.reach import confirmed
from podfit.fit.wheels import MOST_SOURCE_BYTES, fetch_few_sources, part_kind, sources_of
from podfit.index.threads import side_by_side
from podfit.model import PodfitError
from podfit.model.times import instant
from podfit.model.versions import public, read_version, same_or_newer

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

ANY = "*"
"""Stands for every name, of a module that may have any."""

_THREADS = 16

STALE = timedelta(days=365)
"""What is so much younger than a planned release of the same project may have names that this lacks (assumed)."""

_WORD = re.compile(rb"(?<![\w.`])[A-Za-z_]\w*(?![\w`])")
"""A word that may be a name of a module's own: an attribute of something is none, nor what a text quotes as code."""

MOST_DEEP, MOST_STARS = 3, 40
"""So deep star imports are followed, and so many of one module."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A module and a name in it, the distribution that imports that, and where."""

    module: str
    name: str
    asker: str
    place: str
    sure: bool = True


def asked_names(
    planned: Planned, read: Mapping[str, AtImport], further: Mapping[str, AtImport]
) -> dict[str, list[Asked]]:
    """Return by distribution what planned wheels import of it; NumPy's names are looked at elsewhere.

    read is what they import, further what they reach (podfit.fit.reach): of that counts what is younger than what the
    template has, and what is much older than what it asks.
    """
    asked: dict[str, list[Asked]] = {}
    there = planned.versions.keys() - {"numpy"}
    every = [(True, *each) for each in sorted(read.items())] + [(False, *each) for each in sorted(further.items())]
    for sure, asker, facts in every:
        for used in facts.names:
            module, _, wanted = used.name.partition(":")
            names = providers(module, there)
            for name in providers(module, there - {asker}) if asker in names else names:
                together = asker in planned.tested and name in planned.tested  # they were tried together
                if (sure or name not in planned.held) and not together:
                    asked.setdefault(name, []).append(Asked(module, wanted, asker, used.place, sure))
    return asked


def lacking_names(
    index: Index, planned: Planned, asked: Mapping[str, Sequence[Asked]]
) -> dict[str, tuple[IndexFile, dict[str, tuple[str, ...]], list[Asked]]]:
    """Return by distribution its wheel, what was read of its modules, and what is asked of it that these lack.

    The waiting part, side by side.
    """

    def one(name: str) -> tuple[IndexFile, dict[str, tuple[str, ...]], list[Asked]] | None:
        file = _wheel(index, planned, name)
        if file is None or not file.upload_time:
            return None
        unsure = [one for one in asked[name] if not one.sure]
        passed = _passed_over(index, name, file.upload_time) if unsure and name in planned.added else ""
        stale = [one for one in unsure if "" < passed < planned.times.get(one.asker, "")]
        unsure = [one for one in unsure if _doubtful(planned, one.asker, name, file.upload_time)]
        silent = _unmentioned(index, file, unsure) if unsure else frozenset()
        unsure = [*stale, *(one for one in unsure if (one.module, one.name) in silent)]
        each = [one for one in asked[name] if one.sure or one in unsure]
        has = exports_of(index, file, sorted({one.module for one in each})) if each else {}
        version = planned.versions[name]
        missing = [one for one in each if not has_name(name, version, has.get(one.module), one.module, one.name)]
        return file, has, _confirmed(index, planned, missing)

    found = zip(asked, side_by_side(one, asked, _THREADS, "names"), strict=True)
    return {name: each for name, each in found if each is not None and each[2]}


def _unmentioned(index: Index, file: IndexFile, asks: Sequence[Asked]) -> frozenset[tuple[str, str]]:
    """Return those of the modules and names that the text of the module, where the wheel has it, does not mention."""
    pairs = sorted({(one.module, one.name) for one in asks})
    kind = part_kind("words-2", repr(pairs))
    kept = index.kept_of(file, kind, tuple[tuple[str, str], ...])
    if kept is not None:
        return frozenset(kept)
    found: list[tuple[str, str]] = []
    try:
        with index.open_wheel(file) as bundle:
            paths = modules_of_wheel(info.filename for info in bundle.infolist())
            wanted = {module: paths[module] for module, _ in pairs if module in paths}
            sources = sources_of(bundle, MOST_SOURCE_BYTES)(sorted({*wanted.values()}))
            words = {path: frozenset(_WORD.findall(source)) for path, source in sources.items()}
            for module, name in pairs:
                if wanted.get(module) in words and name.encode() not in words[wanted[module]]:
                    found.append((module, name))
    except (PodfitError, OSError, ValueError):
        return frozenset()
    index.keep_of(file, kind, tuple(found))
    return frozenset(found)


def _doubtful(planned: Planned, asker: str, name: str, uploaded: str) -> bool:
    """Tell whether a release that was not read whole may ask for more than another, published at a time, has."""
    time = planned.times.get(asker, "")
    if not time:
        return False
    return (time > uploaded and name not in planned.added) or instant(uploaded) - instant(time) >= OLD


def _passed_over(index: Index, name: str, uploaded: str) -> str:
    """Return when the first final release came that is a year younger than what was published then, empty for none.

    The page is there: nothing is asked for.
    """
    end = f"{instant(uploaded) + STALE:%Y-%m-%dT%H:%M:%S}"
    try:
        releases = index.releases(name)
    except PodfitError:
        return ""
    late = {version: min(times) for version, files in releases.items() if (times := _times(files)) and min(times) > end}
    return min((time for version, time in late.items() if not read_version(version).is_prerelease), default="")


def _times(files: Sequence[IndexFile]) -> list[str]:
    return [file.upload_time for file in files if file.upload_time]


def _confirmed(index: Index, planned: Planned, missing: Sequence[Asked]) -> list[Asked]:
    """Return those that are sure, or that the module that asks does ask for; the waiting part."""
    found = []
    for one in missing:
        used = Used(f"{one.module}:{one.name}", one.place)
        if one.sure or confirmed(index, planned, one.asker, [used]):
            found.append(one)
    return found


def _wheel(index: Index, planned: Planned, name: str) -> IndexFile | None:
    """Return the wheel of a distribution of the planned environment, None for one that has none. The waiting part."""
    from podfit.index import best_files

    version = planned.versions[name]
    try:
        releases = index.releases(name)
    except PodfitError:
        return None
    files = releases.get(version) or releases.get(public(version), ())
    fitting = best_files(files, public(version), planned.tags) or best_files(files, public(version))
    return next((file for file in fitting if file.kind == "wheel"), None)


def exports_of(index: Index, file: IndexFile, modules: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of modules of a wheel, of those that it has in source; kept for good. The waiting part."""
    kinds = {module: part_kind("exports-6", module) for module in modules}
    kept = {module: index.kept_of(file, kind, tuple[str, ...]) for module, kind in kinds.items()}
    found = {module: names for module, names in kept.items() if names is not None}
    lacking = [module for module in modules if module not in found]
    if not lacking:
        return found
    from podfit.index.wheel import fetch_members, list_wheel, read_member

    try:
        with index.open_wheel(file) as bundle:
            fetch_few_sources(bundle)
            listing = list_wheel(bundle, file.filename)
            paths = {member.path for member in listing.members}
            own = (path for module in lacking for path in _paths_of(module) if path in paths)
            fetch_members(bundle, [bundle.getinfo(path) for path in own])
            for module in lacking:
                names = _names_of(lambda path: read_member(bundle, path), paths, module)
                prefix = f"{module}."
                below = {each[len(prefix) :].partition(".")[0] for each in listing.modules if each.startswith(prefix)}
                found[module] = (ANY,) if names is None else tuple(sorted(names | below))
                index.keep_of(file, kinds[module], found[module])
    except (PodfitError, OSError, ValueError):
        return {}
    return found


def _paths_of(module: str) -> tuple[str, str]:
    """Return where the source of a module may be in a wheel."""
    stem = module.replace(".", "/")
    return f"{stem}/__init__.py", f"{stem}.py"


def _names_of(
    read: Callable[[str], bytes], paths: Collection[str], module: str, *, star: bool = False, depth: int = 0
) -> frozenset[str] | None:
    """Return the names of a module, or with star what its star import brings, None where these may be any."""
    path = next((each for each in _paths_of(module) if each in paths), "")
    if not path or depth > MOST_DEEP:
        return None
    source = read(path)
    names = given_by_star(source) if star else exports(source)
    if names is None:
        return None
    stars = [name.removeprefix(STAR) for name in names if name.startswith(STAR)]
    if len(stars) > MOST_STARS:
        return None
    package = package_of(module, path)
    for written in stars:
        name = written.lstrip(".")
        other = absolute(name, len(written) - len(name), package)
        more = _names_of(read, paths, other, star=True, depth=depth + 1)
        if more is None:
            return None
        names |= more
    return names


def has_name(distribution: str, version: str, names: Sequence[str] | None, module: str, name: str) -> bool:
    """Tell whether a module of a release may have a name: those that were read count, else the catalogue knows some."""
    if name in class_keywords():
        own, since = class_keywords()[name]
        return own != distribution or same_or_newer(version, since)
    if names is not None and ANY not in names and not name.endswith("()"):
        return name in names
    gone = gone_since(distribution, module, name)
    return not gone or not same_or_newer(version, gone)


def gone_since(distribution: str, module: str, name: str) -> str:
    """Return the first release of a distribution whose module no longer has a name, as the catalogue knows it."""
    inside = module.partition(".")[2]
    return gone_names(distribution, seen=True).get(f"{inside}.{name}" if inside else name, "")
