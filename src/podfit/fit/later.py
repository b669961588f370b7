"""What the project imports of a need and its planned release does not have yet, or no longer: another one is due.

Nearness in time is assumed (podfit.fit.nearness); `from llmcompressor import oneshot` in the project's own code shows
that it was written for a later release than 0.4.1 of half a year after the template's torch. The first that has all is
looked for, as the wheels say, and its minor series is taken, where what it requires of what is held is there. Where
it is not, that is told. And `from mapie.regression import MapieRegressor` was written for a release before 1.0: where
no later one has what is imported, the newest older one that surely has it is taken. Modules that are gone are looked
for elsewhere (podfit.fit.modules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.fit.binaries import added_wheel
from podfit.fit.lacking import ANY, exports_of
from podfit.fit.older import newest_that, older_of, older_releases
from podfit.fit.phases import Given
from podfit.index.threads import side_by_side
from podfit.model import Bound, Evidence, EvidenceKind, ImportSite, Need, PodfitError
from podfit.model.requirement import Markers, RequiresDist
from podfit.model.steps import Steps, Wait
from podfit.model.times import instant
from podfit.model.versions import public, read_version, same_version, within

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

_THREADS = 8

Asked = Mapping[tuple[str, str], ImportSite]
"""Modules, and names in them (empty for the module itself), with the place that imports them."""


def due_later(given: Given, subject: Subject) -> Steps[tuple[tuple[Bound, ...], tuple[Bound, ...], frozenset[Bound]]]:
    """Return a bound for each need whose planned release lacks what the project imports of it and another one has.

    None for what was tested; those that what is held, or what the project states, stands against come second. The last
    are those of them all without which no module of the project that imports the need can be imported.
    """
    needs = [need for need in subject.needs if need.name in subject.added and need.import_names]
    needs = [
        each for each in needs if not same_version(given.tested.get(each.name, ""), subject.added[each.name].version)
    ]

    def passed_over() -> frozenset[str]:
        given.index.ready([need.name for need in needs])
        return frozenset(need.name for need in needs if _has_later(given.index, need, subject.added[need.name].version))

    late: frozenset[str] = (yield Wait(passed_over)) if needs else frozenset()
    asked = _asked(given.project.imports, needs)
    files = {name: file for name in sorted(asked) if (file := added_wheel(subject, name)) is not None}
    if not files:
        return (), (), frozenset()

    def lacking() -> list[dict[tuple[str, str], ImportSite]]:
        return side_by_side(lambda name: _missing(given.index, files[name], asked[name]), files, _THREADS, "later")

    found: dict[bool, list[Bound]] = {True: [], False: []}
    fatal: set[Bound] = set()
    for name, missing in zip(files, (yield Wait(lacking)), strict=True):
        looked = [word for _, word in missing]
        first = None
        if looked and (name in late or "" in looked):
            first = yield from _first_with(given, subject, name, missing)
        if first is None and any(looked):
            first = yield from _newest_with(given, subject, name, missing)
        if first is not None:
            found[first[1]].append(first[0])
            (need,) = (each for each in needs if each.name == name)
            if not need.specifier and _is_of_no_use(given.project.imports, need, missing):
                fatal.add(first[0])
    return tuple(found[True]), tuple(found[False]), frozenset(fatal)


def _is_of_no_use(sites: Sequence[ImportSite], need: Need, missing: Asked) -> bool:
    """Tell whether each of the project's modules that import a need imports what is missing, too."""
    own = [site for site in sites if site.certain and _is_of(site, need)]
    lost = {site.path for site in own if any((site.module, word) in missing for word in ("", *site.names))}
    return {site.path for site in own} <= lost


def _is_of(site: ImportSite, need: Need) -> bool:
    """Tell whether what a module imports is a need's."""
    return any(f"{site.module}.".startswith(f"{name}.") for name in need.import_names)


def _has_later(index: Index, need: Need, version: str) -> bool:
    """Tell whether a final release after a version is one that the need allows. The waiting part."""
    try:
        releases, planned = list(index.releases(need.name)), read_version(version)
    except (PodfitError, ValueError):  # what is built from a commit has no version yet
        return False
    later = takewhile(lambda text: read_version(text) > planned, reversed(releases))  # oldest first
    return any(not read_version(text).is_prerelease and within(need.specifier, text) for text in later)


def _asked(sites: Sequence[ImportSite], needs: Sequence[Need]) -> dict[str, dict[tuple[str, str], ImportSite]]:
    """Return what the project's modules import of each of some needs whenever they are imported, by the need's name."""
    found: dict[str, dict[tuple[str, str], ImportSite]] = {}
    for site in (each for each in sites if each.certain):
        for need in needs:
            if _is_of(site, need):
                for word in (*site.names, *(("",) if "." in site.module else ())):
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

    first, _ = yield from newest_that(has_them, later)
    if first < 0:
        return None
    place, against = first, (yield from _stands_against(given, subject, name, later[first][0]))
    if against is not None:

        def goes_there(there: str, file: IndexFile) -> Steps[bool]:
            stands = yield from _stands_against(given, subject, name, there)
            return stands is None and (yield from has_them(there, file))

        further, _ = yield from newest_that(goes_there, later[first + 1 :])
        place, against = (first, against) if further < 0 else (first + 1 + further, None)
    there, file = later[place]
    module, word = next(iter(missing))
    reason = f"{_told(name, version, missing)}; {there} is the first that has it"
    if place > first:
        reason += " and goes with what is held"
    elif against is not None:
        reason += f", and requires {against.short}"
    evidence = Evidence(EvidenceKind.BINARY, file.filename, f"has {module}.{word}".rstrip("."))
    stated = [need.specifier for need in subject.needs if need.name == name and need.specifier]
    free = against is None and all(within(each, there) for each in stated)
    limit = next((each for each in subject.timely if each.name == name and not each.gave_way), None)
    late = limit is not None and file.upload_time and instant(file.upload_time) >= instant(limit.until)
    read = read_version(there)
    series = f",=={read.major}.{read.minor}.*" if late else ""
    return Bound(name, reason, evidence, f">={public(there)}{series}"), free


def _stands_against(given: Given, subject: Subject, name: str, version: str) -> Steps[RequiresDist | None]:
    """Return what a release requires of what is held and is not there, None for nothing."""
    yield from given.source.learn([(name, version)])
    release = given.source.release(name, version)
    lines = release.requires_dist if release is not None else None
    active = Markers(subject.template.marker_environment).active(lines or ())
    held = [line for line in active if line.target in subject.held and line.target in subject.environment]
    return next((line for line in held if not line.allows(subject.environment[line.target].version)), None)


def _newest_with(given: Given, subject: Subject, name: str, missing: Asked) -> Steps[tuple[Bound, bool] | None]:
    """Return a bound that leads to the newest older release that surely has the names that are missing, None without.

    And that what the project states allows it.
    """
    version = subject.added[name].version
    releases = yield from older_of(given, subject, name, version)
    lost = {pair: site for pair, site in missing.items() if pair[1]}

    def has_them(_: str, file: IndexFile) -> Steps[bool]:
        there = yield Wait(lambda: exports_of(given.index, file, sorted({module for module, _ in lost})))
        return all(word in there.get(module, ()) for module, word in lost)

    place, _ = yield from newest_that(has_them, releases)
    if place < 0:
        return None
    there, file = releases[place]
    reason = f"{_told(name, version, lost)}; {there} is the newest before it that has it"
    evidence = Evidence(EvidenceKind.BINARY, file.filename, "has {}.{}".format(*next(iter(lost))))
    return Bound(name, reason, evidence, f"<={public(there)}"), True


def _told(name: str, version: str, missing: Asked) -> str:
    """Return in words what the project imports first of what a release lacks, and where."""
    (module, word), site = next(iter(missing.items()))
    what = f"{word} from {module}" if word else module
    return f"the project imports {what} ({site}), which {name} {version} does not have"
