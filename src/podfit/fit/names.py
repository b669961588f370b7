"""Names that a planned wheel imports and that the planned release of another distribution does not have.

flask 2.0.1 asks for `werkzeug.urls.url_quote` and bounds Werkzeug in no way; Werkzeug 3 has no such function: an older
Werkzeug is looked for. nncf 3.4.0 asks for a function that torch got after 2.4: torch stays, an older nncf is looked
for. And where what the template has is older than what asks, a newer one is. The module is read in the wheel
(podfit.audit.exports). Looked at are the needs, and what is much older than something that it requires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.exports import is_lazy
from podfit.catalogue.moved_names import class_keywords
from podfit.fit.drive import together
from podfit.fit.lacking import ANY, Asked, asked_names, exports_of, gone_since, has_name, lacking_names
from podfit.fit.older import MOST_TRIES, newer_of, newest_that, older_of
from podfit.fit.phases import Given
from podfit.fit.planned import Planned
from podfit.fit.reads import ImportsRead
from podfit.fit.times import first_upload
from podfit.fit.wheels import import_of
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.steps import Steps, Wait
from podfit.model.versions import public

if TYPE_CHECKING:
    from podfit.index import IndexFile


def lost_names(given: Given, subject: Subject, planned: Planned, read: ImportsRead) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each name that is lacking and that another release has; planned is what subject says."""
    asked = asked_names(planned, read.own, read.reached_late)
    lacking = yield Wait(lambda: lacking_names(given.index, planned, asked))
    looks: list[Steps[list[Bound]]] = []
    for name, (file, has, missing) in sorted(lacking.items()):
        times = {one.asker: first_upload(subject, one.asker) for one in missing}
        older = [one for one in missing if "" < times[one.asker] < file.upload_time]
        younger = [one for one in missing if times[one.asker] > file.upload_time]
        if name in subject.held:
            for asker in sorted({one.asker for one in younger}):
                own = [one for one in younger if one.asker == asker]
                looks.append(_older_asker(given, subject, name, asker, has, own))
        elif older:
            lazy = any(is_lazy(has.get(one.module, ())) for one in older)
            looks.append(_older_with(given, subject, name, older, lazy=lazy))
        elif younger:
            looks.append(_newer_with(given, subject, name, younger))
    found = yield from together(looks)
    return tuple(bound for bounds in found for bound in bounds)


def _older_with(
    given: Given, subject: Subject, name: str, missing: Sequence[Asked], *, lazy: bool
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


def _newer_with(given: Given, subject: Subject, name: str, missing: Sequence[Asked]) -> Steps[list[Bound]]:
    """Return a bound that leads to the oldest newer release that has what is missing; none where none has it."""
    version = subject.environment[name].version
    releases = yield from newer_of(given, subject, name, version)
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
    missing: Sequence[Asked],
) -> Steps[list[Bound]]:
    """Return a bound that leads to the newest older release of who asks that does without; none where none does."""
    version = subject.environment[name].version
    releases = yield from older_of(given, subject, asker, subject.added[asker].version)
    lost = {(one.module, one.name) for one in missing}

    def does_without(_: str, file: IndexFile) -> Steps[bool]:
        facts = yield Wait(lambda: import_of(given.index, file, asker))
        pairs = [tuple(used.name.split(":", 1)) for used in facts.names] if facts is not None else []
        known = [pair for pair in pairs if pair[0] in there]
        unmet = [pair for pair in known if not has_name(name, version, there.get(pair[0]), *pair)]
        return facts is not None and not unmet and lost.isdisjoint(known)

    place, _ = yield from newest_that(does_without, releases)
    if place < 0:
        return []
    reason = f"{_told(subject, name, missing[0])}; {releases[place][0]} is the newest before it that does without"
    evidence = Evidence(EvidenceKind.BINARY, releases[place][1].filename, f"asks for no {missing[0].name}")
    return [Bound(asker, reason, evidence, f"<={public(releases[place][0])}")]


def _having(
    given: Given, name: str, missing: Sequence[Asked], *, doubted: bool = True
) -> Callable[[str, IndexFile], Steps[bool]]:
    """Return what tells whether a release has all that is missing; in doubt it does unless that is doubted."""
    modules = tuple(sorted({each.module for each in missing}))

    def has_them(version: str, file: IndexFile) -> Steps[bool]:
        there = yield Wait(lambda: exports_of(given.index, file, modules))
        return all(
            each.name in there.get(each.module, ())
            or (
                has_name(name, version, None, each.module, each.name)
                if gone_since(name, each.module, each.name) or each.name in class_keywords()
                else not doubted and ANY in there.get(each.module, ())
            )
            for each in missing
        )

    return has_them


def _told(subject: Subject, name: str, one: Asked) -> str:
    """Return in words who asks for what that a distribution lacks."""
    does, lacks = f"imports {one.name} from {one.module}", "does not have"
    if one.name.endswith("()"):
        does, lacks = f"calls {one.name[:-2]} of {one.module}", "no longer allows"
    return (
        f"{one.asker} {subject.added[one.asker].version} {does} as it is imported ({one.place}), which {name} "
        f"{subject.environment[name].version} {lacks}"
    )
