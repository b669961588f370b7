"""Names that a planned wheel imports and that the planned release of another distribution does not have.

flask 2.0.1 asks for `werkzeug.urls.url_quote` and bounds Werkzeug in no way; Werkzeug 3 has no such function: an older
Werkzeug is looked for. nncf 3.4.0 asks for a function that torch got after 2.4: torch stays, an older nncf is looked
for. And where what the template has is older than what asks, a newer one is. The module is read in the wheel
(podfit.audit.exports). Looked at are the needs, and what is much older than something that it requires.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import AtImport, Used, modules_of_wheel
from podfit.audit.exports import STAR, exports, given_by_star, is_lazy
from podfit.catalogue.moved_names import class_keywords, gone_names
from podfit.fit.binaries import added_wheel
from podfit.fit.modules import providers
from podfit.fit.older import MOST_TRIES, newest_that, older_of, older_releases
from podfit.fit.phases import Given
from podfit.fit.reach import confirmed
from podfit.fit.times import OLD, first_upload
from podfit.fit.wheels import MOST_SOURCE_BYTES, import_of, sources_of
from podfit.index.threads import side_by_side
from podfit.model import Bound, Evidence, EvidenceKind, PodfitError
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import public, same_or_newer, same_version

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

_ANY = "*"
"""Stands for every name, of a module that may have any."""

_THREADS = 8

_WORD = re.compile(rb"(?<![\w.`])[A-Za-z_]\w*(?![\w`])")
"""A word that may be a name of a module's own: an attribute of something is none, nor what a text quotes as code."""

MOST_DEEP, MOST_STARS = 3, 40
"""So deep star imports are followed, and so many of one module."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A module and a name in it, the distribution that imports that, and where."""

    module: str
    name: str
    asker: str
    place: str
    sure: bool = True


def lost_names(
    given: Given, subject: Subject, read: Mapping[str, AtImport], further: Mapping[str, AtImport]
) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each name that is lacking and that another release has; read is what planned wheels import.

    further is what they reach (podfit.fit.reach): of that counts what is younger than what the template has, and what
    is much older than what it asks.
    """
    asked: dict[str, list[_Asked]] = {}
    there = subject.environment.keys() - {"numpy"}  # whose names are looked at elsewhere
    every = [(True, *each) for each in sorted(read.items())] + [(False, *each) for each in sorted(further.items())]
    for sure, asker, facts in every:
        for used in facts.names:
            module, _, wanted = used.name.partition(":")
            for name in providers(module, there - {asker}):
                if (sure or name not in subject.held) and not _tested_together(given, subject, asker, name):
                    asked.setdefault(name, []).append(_Asked(module, wanted, asker, used.place, sure))
    lacking = yield Wait(lambda: _lacking(given.index, subject, asked))
    bounds: list[Bound] = []
    for name, (file, has, missing) in sorted(lacking.items()):
        times = {one.asker: first_upload(subject, one.asker) for one in missing}
        older = [one for one in missing if "" < times[one.asker] < file.upload_time]
        younger = [one for one in missing if times[one.asker] > file.upload_time]
        if name in subject.held:
            for asker in sorted({one.asker for one in younger}):
                own = [one for one in younger if one.asker == asker]
                bounds += yield from _older_asker(given, subject, name, asker, has, own)
        elif older:
            lazy = any(is_lazy(has.get(one.module, ())) for one in older)
            bounds += yield from _older_with(given, subject, name, older, lazy=lazy)
        elif younger and name not in subject.added:
            bounds += yield from _newer_with(given, subject, name, younger)
    return tuple(bounds)


def _lacking(
    index: Index, subject: Subject, asked: Mapping[str, Sequence[_Asked]]
) -> dict[str, tuple[IndexFile, dict[str, tuple[str, ...]], list[_Asked]]]:
    """Return by distribution its wheel, what was read of its modules, and what is asked of it that these lack.

    The waiting part, side by side.
    """

    def one(name: str) -> tuple[IndexFile, dict[str, tuple[str, ...]], list[_Asked]] | None:
        file = _wheel(index, subject, name)
        if file is None or not file.upload_time:
            return None
        unsure = [one for one in asked[name] if not one.sure]
        unsure = [one for one in unsure if _doubtful(subject, one.asker, name, file.upload_time)]
        silent = _unmentioned(index, file, unsure) if unsure else frozenset()
        each = [one for one in asked[name] if one.sure or (one in unsure and (one.module, one.name) in silent)]
        has = _exports(index, file, sorted({one.module for one in each})) if each else {}
        version = subject.environment[name].version
        missing = [one for one in each if not _has(name, version, has.get(one.module), one.module, one.name)]
        return file, has, _confirmed(index, subject, missing)

    found = zip(asked, side_by_side(one, asked, _THREADS, "names"), strict=True)
    return {name: each for name, each in found if each is not None and each[2]}


def _unmentioned(index: Index, file: IndexFile, asks: Sequence[_Asked]) -> frozenset[tuple[str, str]]:
    """Return those of the modules and names that the text of the module, where the wheel has it, does not mention."""
    pairs = sorted({(one.module, one.name) for one in asks})
    kind = f"words-2-{hashlib.sha256(repr(pairs).encode()).hexdigest()[:12]}"
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


def _doubtful(subject: Subject, asker: str, name: str, uploaded: str) -> bool:
    """Tell whether a release that was not read whole may ask for more than another, published at a time, has."""
    time = first_upload(subject, asker)
    if not time:
        return False
    return (time > uploaded and name not in subject.added) or instant(uploaded) - instant(time) >= OLD


def _confirmed(index: Index, subject: Subject, missing: Sequence[_Asked]) -> list[_Asked]:
    """Return those that are sure, or that the module that asks does ask for; the waiting part."""
    found = []
    for one in missing:
        file = added_wheel(subject, one.asker)
        used = Used(f"{one.module}:{one.name}", one.place)
        if one.sure or (file is not None and confirmed(index, file, [used])):
            found.append(one)
    return found


def _tested_together(given: Given, subject: Subject, asker: str, name: str) -> bool:
    """Tell whether two planned releases are those of the local environment, where they were tried together."""
    tested = given.tested
    return same_version(tested.get(asker, ""), subject.added[asker].version) and same_version(
        tested.get(name, ""), subject.environment[name].version
    )


def _wheel(index: Index, subject: Subject, name: str) -> IndexFile | None:
    """Return the wheel of a distribution of the planned environment, None for one that has none. The waiting part."""
    from podfit.index import best_files

    version = subject.environment[name].version
    try:
        releases = index.releases(name)
    except PodfitError:
        return None
    files = releases.get(version) or releases.get(public(version), ())
    fitting = best_files(files, public(version), subject.template.target.tags) or best_files(files, public(version))
    return next((file for file in fitting if file.kind == "wheel"), None)


def _exports(index: Index, file: IndexFile, modules: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of modules of a wheel, of those that it has in source; kept for good. The waiting part."""
    kinds = {module: f"exports-3-{hashlib.sha256(module.encode()).hexdigest()[:12]}" for module in modules}
    kept = {module: index.kept_of(file, kind, tuple[str, ...]) for module, kind in kinds.items()}
    found = {module: names for module, names in kept.items() if names is not None}
    lacking = [module for module in modules if module not in found]
    if not lacking:
        return found
    from podfit.index.wheel import list_wheel, read_member

    try:
        with index.open_wheel(file) as bundle:
            listing = list_wheel(bundle, file.filename)
            paths = {member.path for member in listing.members}
            for module in lacking:
                names = _names_of(lambda path: read_member(bundle, path), paths, module)
                prefix = f"{module}."
                below = {each[len(prefix) :].partition(".")[0] for each in listing.modules if each.startswith(prefix)}
                found[module] = (_ANY,) if names is None else tuple(sorted(names | below))
                index.keep_of(file, kinds[module], found[module])
    except (PodfitError, OSError, ValueError):
        return {}
    return found


def _names_of(
    read: Callable[[str], bytes], paths: Collection[str], module: str, *, star: bool = False, depth: int = 0
) -> frozenset[str] | None:
    """Return the names of a module, or with star what its star import brings, None where these may be any."""
    stem = module.replace(".", "/")
    path = next((each for each in (f"{stem}/__init__.py", f"{stem}.py") if each in paths), "")
    if not path or depth > MOST_DEEP:
        return None
    source = read(path)
    names = given_by_star(source) if star else exports(source)
    if names is None:
        return None
    stars = [name.removeprefix(STAR) for name in names if name.startswith(STAR)]
    if len(stars) > MOST_STARS:
        return None
    package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
    for written in stars:
        level = len(written) - len(written.lstrip("."))
        parts = package.split(".")[: len(package.split(".")) - level + 1] if level else []
        more = _names_of(read, paths, ".".join([*parts, *filter(None, [written[level:]])]), star=True, depth=depth + 1)
        if more is None:
            return None
        names |= more
    return names


def _has(distribution: str, version: str, names: Sequence[str] | None, module: str, name: str) -> bool:
    """Tell whether a module of a release may have a name: those that were read count, else the catalogue knows some."""
    if name in class_keywords():
        own, since = class_keywords()[name]
        return own != distribution or same_or_newer(version, since)
    if names is not None and _ANY not in names:
        return name in names
    gone = _gone(distribution, module, name)
    return not gone or not same_or_newer(version, gone)


def _gone(distribution: str, module: str, name: str) -> str:
    """Return the first release of a distribution whose module no longer has a name, as the catalogue knows it."""
    inside = module.partition(".")[2]
    return gone_names(distribution, seen=True).get(f"{inside}.{name}" if inside else name, "")


def _older_with(
    given: Given, subject: Subject, name: str, missing: Sequence[_Asked], *, lazy: bool
) -> Steps[list[Bound]]:
    """Return a bound that leads to the newest older release that has what is missing, or to those without a wheel.

    Where the planned one is lazy, and may have more than it says, the older one has to say it.
    """
    version = subject.environment[name].version
    releases = yield from older_of(given, subject, name, version)
    place, tries = yield from newest_that(_having(given, name, missing, doubted=lazy), releases)
    first, lacks = missing[0], _told(subject, name, missing[0])
    if place >= 0:
        there, file = releases[place]
        evidence = Evidence(EvidenceKind.BINARY, file.filename, f"{first.module}: {first.name}")
        return [
            Bound(name, f"{lacks}; {there} is the newest before it that may have it", evidence, f"<={public(there)}")
        ]
    if tries >= MOST_TRIES or lazy:
        return []
    oldest = releases[-1][0] if releases else version
    evidence = Evidence(EvidenceKind.BINARY, f"{name} {version}", f"has no {first.module}.{first.name}")
    return [Bound(name, f"{lacks}, nor any other with a wheel", evidence, f"<{public(oldest)}")]


def _newer_with(given: Given, subject: Subject, name: str, missing: Sequence[_Asked]) -> Steps[list[Bound]]:
    """Return a bound that leads to the oldest newer release that has what is missing; none where none has it."""
    version = subject.environment[name].version
    try:
        found = yield Wait(lambda: given.index.releases(name))
    except PodfitError:
        return []
    every = older_releases(found, subject.template, f"{2**31}", (), given.options.exclude_newer)
    releases = [each for each in reversed(every) if same_or_newer(each[0], version) and each[0] != version]
    place, _ = yield from newest_that(_having(given, name, missing), releases)
    if place < 0:
        return []
    (there, file), first = releases[place], missing[0]
    evidence = Evidence(EvidenceKind.BINARY, file.filename, f"has {first.module}.{first.name}")
    reason = f"{_told(subject, name, first)}; {there} is the first after it that has it"
    return [Bound(name, reason, evidence, f">={public(there)}")]


def _older_asker(
    given: Given,
    subject: Subject,
    name: str,
    asker: str,
    there: Mapping[str, Sequence[str]],
    missing: Sequence[_Asked],
) -> Steps[list[Bound]]:
    """Return a bound that leads to the newest older release of who asks that does without; none where none does."""
    version = subject.environment[name].version
    releases = yield from older_of(given, subject, asker, subject.added[asker].version)
    lost = {(one.module, one.name) for one in missing}

    def does_without(_: str, file: IndexFile) -> Steps[bool]:
        facts = yield Wait(lambda: import_of(given.index, file, asker))
        pairs = [tuple(used.name.split(":", 1)) for used in facts.names] if facts is not None else []
        known = [pair for pair in pairs if pair[0] in there]
        unmet = [pair for pair in known if not _has(name, version, there.get(pair[0]), *pair)]
        return facts is not None and not unmet and lost.isdisjoint(known)

    place, _ = yield from newest_that(does_without, releases)
    if place < 0:
        return []
    reason = f"{_told(subject, name, missing[0])}; {releases[place][0]} is the newest before it that does without"
    evidence = Evidence(EvidenceKind.BINARY, releases[place][1].filename, f"asks for no {missing[0].name}")
    return [Bound(asker, reason, evidence, f"<={public(releases[place][0])}")]


def _having(
    given: Given, name: str, missing: Sequence[_Asked], *, doubted: bool = True
) -> Callable[[str, IndexFile], Steps[bool]]:
    """Return what tells whether a release has all that is missing; in doubt it does unless that is doubted."""
    modules = tuple(sorted({each.module for each in missing}))

    def has_them(version: str, file: IndexFile) -> Steps[bool]:
        there = yield Wait(lambda: _exports(given.index, file, modules))
        return all(
            each.name in there.get(each.module, ())
            or (
                _has(name, version, None, each.module, each.name)
                if _gone(name, each.module, each.name) or each.name in class_keywords()
                else not doubted and _ANY in there.get(each.module, ())
            )
            for each in missing
        )

    return has_them


def _told(subject: Subject, name: str, one: _Asked) -> str:
    """Return in words who asks for what that a distribution lacks."""
    return (
        f"{one.asker} {subject.added[one.asker].version} imports {one.name} from {one.module} as it is imported "
        f"({one.place}), which {name} {subject.environment[name].version} does not have"
    )
