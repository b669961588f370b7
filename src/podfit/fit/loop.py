"""Solve, audit, learn, solve again: until a solution is clean, or nothing new is learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from podfit.audit import Audited, Subject
from podfit.fit.anchored import Shift, instead
from podfit.fit.beside import said_beside
from podfit.fit.bygone import bygone
from podfit.fit.fallen import fallen
from podfit.fit.imported import imported
from podfit.fit.later import due_later
from podfit.fit.nearness import Near, timely_solution
from podfit.fit.older import is_advice, widened
from podfit.fit.other_cuda import of_other_cuda
from podfit.fit.outgrown import outgrown
from podfit.fit.phases import Given, Needed, audit_phase
from podfit.fit.pythons import of_other_pythons
from podfit.fit.steady import steady
from podfit.fit.used import used_bounds, used_findings
from podfit.fit.wishes import Wishes, anchor_of
from podfit.fit.worth import not_worth
from podfit.model import Bound, Finding, NoPlanError, Verdict
from podfit.model.steps import Steps
from podfit.model.words import shortened
from podfit.plan.files import best_first
from podfit.solve import Earlier, with_fewest

MOST_ROUNDS = 8
"""So often at most a template is solved: each round but the last taught at least one bound."""

_IMPORTED = "see whether what imports it is used, or ask for an older release of what does not go with it"
_FALLEN = "ask for a newer release of what {0} is to go back for, or do without {0} there"
_LATER = "see whether what imports it is used, or take a template that goes with that release (podfit recommend)"
"""What to do where a wish cannot be met."""

ROUNDS_LEFT = 3
"""So many of them at least are left for the solution with the fewest changes, where these are sought last."""


def clean_solution(given: Given, needed: Needed) -> Steps[tuple[Subject, Audited]]:
    """Return the last solution, whose subject holds the bounds that it was solved under, and what the audits say of it.

    A bound that cannot be learned (on a held distribution, in force already, one too many) leaves a failed finding.
    Raises NoPlanError when nothing fits under what was learned, and as `overlay_phase`.
    """
    bounds = known = needed.known(given.options.bounds)
    earlier = Earlier()
    near = Near()
    waived: frozenset[tuple[str, str]] = frozenset()
    settle = False  # the fewest changes that are long to seek are sought once, when the needs' versions stand
    wishes = Wishes()
    shift = Shift()
    number = 0
    while number < MOST_ROUNDS:
        number += 1
        try:
            subject = yield from timely_solution(
                given, needed, bounds, earlier, near, tried=wishes.names, settle=settle
            )
        except NoPlanError as error:
            if shift.pending:
                bounds, earlier = shift.before()
                continue
            if wishes.standing:
                bounds, earlier, number = *wishes.given_up(bounds, earlier, error.message), number - 1
                continue
            asked = {need.name for need in needed.report.needs}
            told = [str(bound) for bound in bounds if bound not in known or bound.name in asked]
            if not told:
                raise
            learned = shortened(told, 3)
            raise NoPlanError(f"{error.message} (learned before: {learned})", remedy=error.remedy) from None
        if shift.pending:
            wishes.anchor = anchor_of(subject)
        if shift.failed({need.name for need in subject.overlay.refused}):
            bounds, earlier = shift.before()
            continue
        if wishes.standing and (lost := wishes.lost(subject)) is not None:
            bounds, earlier, number = *wishes.given_up(bounds, earlier, lost), number - 1
            continue
        wishes.paid(subject)
        subject, said = yield from audit_phase(given, subject, waived)
        old = yield from outgrown(given, subject, near.dates)
        lacking, gone, moved = yield from imported(given, subject)
        if lacking and number < MOST_ROUNDS:
            for need in lacking:
                why = need.evidence[0]
                given.reporter.step(f"{subject.template.name}: {need.name} is needed, too: {why.source} {why.detail}")
            report = replace(needed.report, needs=(*needed.report.needs, *lacking))
            needed, earlier = replace(needed, report=report), earlier.anew()
            continue
        old = (*old, *gone, *(yield from of_other_pythons(given, subject)))
        later, never, fatal = yield from due_later(given, subject)
        own = used_bounds(given.project, subject)
        moved = (*moved, *said_beside(subject), *later, *own)
        said = replace(said, bounds=(*said.bounds, *old))
        learned_now: list[Bound] = []
        advised: list[Bound] = []
        waived_now: set[tuple[str, str]] = set()
        spared: list[Bound] = []
        moving: list[Bound] = []
        for bound in _new(said.bounds, subject) if number < MOST_ROUNDS else ():
            advice = is_advice(subject, bound)
            wide = (yield from widened(given, subject, bound)) if not advice or wishes.may(bound) else None
            anchor = None if wide is None or shift.tried else instead(subject, bound, wide)
            if wide is None:
                waived_now |= {(bound.name, subject.added[bound.name].version)}
            elif anchor is not None:
                spared.append(wide)
                moving.append(anchor)
            else:
                (advised if advice else learned_now).append(wide)
        waived |= waived_now
        if moving:
            shift.begin((*bounds, *learned_now, *spared), subject, earlier)
            learned_now += moving[:1]
        back = yield from fallen(given, subject)
        if number < MOST_ROUNDS:
            aged = yield from bygone(given, subject)
            elsewhere = yield from of_other_cuda(given, subject)
            asked_for = {need.name for need in subject.needs}
            nearer = () if advised or moved or aged or back or elsewhere else tuple(steady(subject))
            wishes.owed |= {*later, *own, *nearer, *(bound for bound in aged if bound.name in asked_for)}
            wished = (*advised, *moved, *aged, *back, *elsewhere, *nearer)
            learned_now += wishes.new(wished, subject, earlier, alone=not learned_now)
        if not learned_now and subject.overlay.rough:
            settle = True
            number = min(number, MOST_ROUNDS - ROUNDS_LEFT)
            continue
        if not learned_now:
            if waived_now:
                subject, said = yield from audit_phase(given, subject, waived)
                said = replace(said, bounds=(*said.bounds, *old))
            overlay = yield from with_fewest(subject.overlay, earlier.unsought)
            subject = replace(subject, overlay=overlay)
            left = tuple(_unlearned(bound, subject) for bound in said.bounds)
            unmet = [*wishes.unmet(moved, _IMPORTED, fatal), *wishes.unmet(never, _LATER, fatal)]
            unmet += wishes.unmet(back, _FALLEN)
            told = [each.subject for each in unmet]
            every = (*said.findings, *left, *unmet, *used_findings(given.project, subject, told))
            learned_now += not_worth(subject, every) if number < MOST_ROUNDS else ()
            if not learned_now:
                return subject, Audited(every, said.bounds)
        for bound in learned_now:
            given.reporter.step(f"{subject.template.name}, round {number + 1}: learned {bound}")
        bounds += tuple(dict.fromkeys(learned_now))
    raise AssertionError("the last round returns")  # pragma: no cover


def _new(taught: Iterable[Bound], subject: Subject) -> Iterator[Bound]:
    """Yield what the next round can learn; a file without which its version has none excludes the version."""
    known = set(subject.bounds)
    for bound in taught:
        if bound.name in subject.held or bound in known:
            continue
        known.add(bound)
        yield bound
        if bound.filename and not _files_left(bound, [*known], subject):
            yield replace(bound, specifier=bound.specifier.replace("==", "!="), filename="")


def _files_left(bound: Bound, known: Sequence[Bound], subject: Subject) -> bool:
    """Tell whether the version that a file belongs to has another one for the template."""
    package = subject.overlay.packages.get(bound.name)
    if package is None or not SpecifierSet(bound.specifier).contains(package.version, prereleases=True):
        return True
    excluded = {other.filename for other in known if other.name == bound.name}
    return bool(best_first((file for file in package.artefacts if file.filename not in excluded), subject.template))


def _unlearned(bound: Bound, subject: Subject) -> Finding:
    """Return the failure that a bound leaves when no other solution can be asked for."""
    if bound.name in subject.held:
        version = subject.template.distributions[bound.name].version
        why, remedy = f"the template's {version} is never changed", "take another template, or release it"
    elif bound in subject.bounds:
        why, remedy = "the solution breaks it nevertheless", "report this with the plan file"
    else:
        why, remedy = f"after {MOST_ROUNDS} rounds there was still something to learn", "narrow the requirements"
    return Finding("bounds", bound.name, Verdict.FAILED, f"{bound}; {why}", bound.evidence, remedy)
