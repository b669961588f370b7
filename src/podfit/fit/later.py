"""What the project imports of a need and its planned release does not have: a later one is due, or an older one.

Nearness in time is assumed (podfit.fit.nearness); `from llmcompressor import oneshot` in the project's own code shows
that it was written for a later release than 0.4.1 of half a year after the template's torch. The first that has all and
of which what it requires of what is held is there is looked for, as the wheels say, and its minor series is taken.
Where there is none, that is told. Names are looked for where a later release is one that the need allows, and in
wheels that are Python alone, modules in any case. Names that no later release has, as `from verifiers import
SingleTurnEnv`, which 0.4.0 has no more, lead to the newest older one that has them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.fit.binaries import added_wheel
from podfit.fit.lacking import ANY, exports_of
from podfit.fit.older import newest_that, older_of, older_releases
from podfit.fit.phases import Given
from podfit.fit.wheels import compiled
from podfit.index.threads import side_by_side
from podfit.model import Bound, Evidence, EvidenceKind, ImportSite, Need, PodfitError
from podfit.model.requirement import Markers, RequiresDist
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import public, read_version, same_version, within

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

_THREADS = 8

_MOST_FURTHER = 12
"""So many releases after the first that has what is missing are looked into, where what is held stands against it."""

Asked = Mapping[tuple[str, str], ImportSite]
"""Modules, and names in them (empty for the module itself), with the place that imports them."""


def due_later(given: Given, subject: Subject) -> Steps[tuple[tuple[Bound, ...], tuple[Bound, ...]]]:
    """Return a bound for each need whose planned release lacks what the project imports of it and a later one has.

    None for what was tested; those that what is held, or what the project states, stands against come second.
    """
    needs = [need for need in subject.needs if need.name in subject.added and need.import_names]
    needs = [
        each for each in needs if not same_version(given.tested.get(each.name, ""), subject.added[each.name].version)
    ]

    def passed_over() -> frozenset[str]:
        given.index.ready([need.name for need in needs])
        return frozenset(need.name for need in needs if _has_later(given.index, need, subject.added[need.name].version))

    named: frozenset[str] = (yield Wait(passed_over)) if needs else frozenset()
    wheels = {name: file for name in sorted(each.name for each in needs) if (file := added_wheel(subject, name))}
    named |= {name for name, file in wheels.items() if not compiled(file.filename)}
    asked = _asked(given.project.imports, needs, named)
    files = {name: file for name, file in wheels.items() if name in asked}
    if not files:
        return (), ()

    def lacking() -> list[dict[tuple[str, str], ImportSite]]:
        return side_by_side(lambda name: _missing(given.index, files[name], asked[name]), files, _THREADS, "later")

    found: dict[bool, list[Bound]] = {True: [], False: []}
    for name, missing in zip(files, (yield Wait(lacking)), strict=True):
        first = (yield from _first_with(given, subject, name, missing)) if missing else None
        if first is None and missing:
            first = yield from _last_with(given, subject, name, missing)
        if first is not None:
            found[first[1]].append(first[0])
    return tuple(found[True]), tuple(found[False])


def _has_later(index: Index, need: Need, version: str) -> bool:
    """Tell whether a final release after a version is one that the need allows. The waiting part."""
    try:
        releases, planned = list(index.releases(need.name)), read_version(version)
    except (PodfitError, ValueError):  # what is built from a commit has no version yet
        return False
    later = takewhile(lambda text: read_version(text) > planned, reversed(releases))  # oldest first
    return any(not read_version(text).is_prerelease and within(need.specifier, text) for text in later)


def _asked(
    sites: Sequence[ImportSite], needs: Sequence[Need], named: Collection[str]
) -> dict[str, dict[tuple[str, str], ImportSite]]:
    """Return what the project's modules import of each of some needs whenever they are imported, by the need's name.

    Names of needs that are named, of the others modules alone.
    """
    found: dict[str, dict[tuple[str, str], ImportSite]] = {}
    for site in (each for each in sites if each.certain):
        for need in needs:
            if any(f"{site.module}.".startswith(f"{name}.") for name in need.import_names):
                words = site.names if need.name in named else ()
                for word in (*words, *(("",) if "." in site.module else ())):
                    found.setdefault(need.name, {}).setdefault((site.module, word), site)
    return found


def _missing(index: Index, file: IndexFile, asked: Asked) -> dict[tuple[str, str], ImportSite]:
    """Return what a wheel lacks of what is asked for; nothing where it cannot be read. The waiting part."""
    modules = sorted({module for module, name in asked if name})
    try:
        there = index.wheel_listing(file).modules
    except (PodfitError, OSError, ValueError):
        return {}
    has = exports_of(index, file, [module for module in modules if module in there])
    return {pair: site for pair, site in asked.items() if _lacks(pair, there, has)}


def _lacks(pair: tuple[str, str], there: frozenset[str], has: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a module, or a name in it, is not in a wheel that has the package and that was read."""
    module, name = pair
    if module not in there:
        return not name and module.partition(".")[0] in there
    names = has.get(module, (ANY,))
    return bool(name) and name != "*" and ANY not in names and name not in names


def _first_with(given: Given, subject: Subject, name: str, missing: Asked) -> Steps[tuple[Bound, bool] | None]:
    """Return a bound that leads to the minor series of the first later release that has what is missing.

    And whether what it requires of what is held is there; None where no release has it.
    """
    version = subject.added[name].version
    try:
        releases = yield Wait(lambda: given.index.releases(name))
    except PodfitError:
        return None
    every = older_releases(releases, subject.template, f"{2**31}", (), given.options.exclude_newer)
    later = [each for each in reversed(every) if read_version(each[0]) > read_version(version)]

    def has_them(_: str, file: IndexFile) -> Steps[bool]:
        lacking = yield Wait(lambda: _missing(given.index, file, missing))
        return not lacking

    place, _ = yield from newest_that(has_them, later)
    if place < 0:
        return None
    there, file = later[place]
    against = yield from _against(given, subject, name, there)
    first = there
    if against is not None:
        for other, found in later[place + 1 : place + 1 + _MOST_FURTHER]:
            free = (yield from _against(given, subject, name, other)) is None
            if free and (yield from has_them(other, found)):
                (there, file), against = (other, found), None
                break
    (module, word), site = next(iter(missing.items()))
    what = f"{word} from {module}" if word else module
    lacks = f"the project imports {what} ({site}), which {name} {version} does not have"
    reason = f"{lacks}; {there} is the first that has it"
    reason += " and goes with what is held" if there != first else ""
    reason += f", and requires {against.short}" if against is not None else ""
    evidence = Evidence(EvidenceKind.BINARY, file.filename, f"has {module}.{word}".rstrip("."))
    stated = [need.specifier for need in subject.needs if need.name == name and need.specifier]
    allowed = against is None and all(within(each, there) for each in stated)
    limit = next((each for each in subject.timely if each.name == name and not each.gave_way), None)
    late = limit is not None and file.upload_time and instant(file.upload_time) >= instant(limit.until)
    read = read_version(there)
    series = f",=={read.major}.{read.minor}.*" if late else ""
    return Bound(name, reason, evidence, f">={public(there)}{series}"), allowed


def _last_with(given: Given, subject: Subject, name: str, missing: Asked) -> Steps[tuple[Bound, bool] | None]:
    """Return a bound that leads to the newest older release that has the names which are missing, and True; else None.

    Modules that are missing lead there by themselves (podfit.fit.modules).
    """
    names = {pair: site for pair, site in missing.items() if pair[1]}
    version = subject.added[name].version
    releases = (yield from older_of(given, subject, name, version)) if names else []

    def has_them(_: str, file: IndexFile) -> Steps[bool]:
        has = yield Wait(lambda: exports_of(given.index, file, sorted({module for module, _ in names})))
        return all(word in has.get(module, ()) for module, word in names)

    place, _ = yield from newest_that(has_them, releases)
    if place < 0:
        return None
    there, file = releases[place]
    (module, word), site = next(iter(names.items()))
    reason = f"the project imports {word} from {module} ({site}), which {name} {version} does not have; {there} is the "
    reason += "newest before it that has it"
    evidence = Evidence(EvidenceKind.BINARY, file.filename, f"has {module}.{word}")
    return Bound(name, reason, evidence, f"<={public(there)}"), True


def _against(given: Given, subject: Subject, name: str, version: str) -> Steps[RequiresDist | None]:
    """Return what a release requires of what is held and is not there, None for nothing."""
    yield from given.source.learn([(name, version)])
    release = given.source.release(name, version)
    lines = release.requires_dist if release is not None else None
    active = Markers(subject.template.marker_environment).active(lines or ())
    held = [line for line in active if line.target in subject.held and line.target in subject.environment]
    return next((line for line in held if not line.allows(subject.environment[line.target].version)), None)
