"""What is asked for comes first: the versions of the needs that a template lacks, then the fewest changes for them.

The fewest changes above all would spare a small pin and pay with an old release of what the project asks for. Mostly
every need can be had in the version that is best for it alone: then the search for the fewest changes runs with all of
these fixed (podfit.solve.search), and reads no other release of them. Where they cannot be had together, the needs are
solved over what is held, NumPy and the needs that the template meets, while the rest of the template may move, and the
search runs with what was found. Where that is long, what was found for the needs counts, without the changes that can
be spared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from podfit.model import InputError, LockedPackage, Need, PassedOver, canonical
from podfit.model.requirement import named, parse_requires_dist
from podfit.model.steps import Steps
from podfit.model.versions import public, same_version, within
from podfit.solve.ahead import implied, newer_from_source, read_ahead
from podfit.solve.answer import Refusal
from podfit.solve.conflicts import Impossible
from podfit.solve.earlier import Chosen, Earlier
from podfit.solve.search import MANY_PINS, MOST_RUNS, Packages, Search
from podfit.solve.sources import Sources
from podfit.solve.unsolvable import words_of
from podfit.solve.uv import Question

MOST_INCLUDED = 12
"""So often distributions of the template that a solution breaks are taken into it, before the order is given up."""

MOST_BLAMED = 3
"""So often needs that cannot have their best version are left out, and the others tried with theirs."""

MOST_TRIES = 24
"""So many resolutions ask whether a need can be had in a better version than the one that was found."""

STAYS, ANCHOR = 1, 2
"""The ranks (podfit.solve.cores) of a need that the template meets, and of what moves last of all."""

LATER_SECONDS = 0.4
"""So much later than what is waited for begins what is asked for in the end: both compute, and few CPUs there are."""


@dataclass(slots=True)
class NeedsFirst:
    """The choice for one question.

    cheapest is the search for the fewest changes whatever the needs' versions, answer what it found, None where it has
    not ended. absent are the needs that the template does not meet, in the order in which they count. tested are the
    local versions. earlier has what was found before, and takes up what is found. patience is how many resolutions look
    for the fewest changes with these versions; with settle, what is spared after that is searched for, too. included
    are the distributions of the template that the last solution over what is held had to take in: the next one begins
    with them. After `straight`, tried tells whether the best versions were known, and long has them (PEP 508 lines)
    where the search with them took longer than patience. After `choose`, passed_over says of needs what could not be
    had and how the resolver explains it. ended tells whether the fewest changes were found or refused within patience.
    """

    cheapest: Search
    answer: Packages | None
    absent: Sequence[Need]
    tested: Mapping[str, str]
    sources: Sources | None = None
    earlier: Earlier = field(default_factory=Earlier)
    patience: int = MOST_RUNS
    settle: bool = True
    ended: bool = True
    long: tuple[str, ...] = ()
    tried: bool = False
    runs: int = 0
    included: frozenset[str] = frozenset()
    passed_over: list[PassedOver] = field(default_factory=list)
    _against: set[str] = field(default_factory=set)

    def straight(self) -> Steps[tuple[Search, Packages] | None]:
        """Return the search and the solution with every absent need in the version that is best for it alone.

        None where they cannot be had together, or only without something that stays before any need gets what it wants,
        and where nobody knows what is best. Where patience ends, the changes are more than the fewest.
        """
        asked = [need.name for need in self.absent if not need.url]
        best = yield from self._best()
        if not asked or any(name not in best for name in asked):
            return None
        self.tried = True
        versions = {name: best[name] for name in asked}
        lines, staying = _lines(versions), self._staying()
        if self._known_impossible(lines, staying):
            return None
        question = (self.cheapest.question.key(), lines)
        try:
            search = yield from self._read_ahead(versions)
            search.witness = self.earlier.witnesses.get(question)
            found: Packages | Refusal | None = yield from search.exactly(self.patience)
            self.earlier.fixed[lines] = search.learned
            if found is None:
                self.long = lines
                found = yield from search.roughly()
                if not isinstance(found, Refusal):
                    found = yield from self._spared(search, found)
        except InputError:  # something on the way to these versions is not there
            return None
        self.runs += search.runs
        if isinstance(found, Refusal):
            self._learn_impossible(lines, staying, found.message)
            return None
        self.earlier.witnesses[question] = search.moved(found)
        if staying & search.released:
            return None
        self.ended = not self.long
        return search, found

    def _read_ahead(self, versions: Mapping[str, str]) -> Steps[Search]:
        """Return the search with the needs in these versions, when what they ask for is read.

        The first time the resolver begins meanwhile, with the question as it is likely to be, and a little later with
        what is asked for in the end.
        """
        first = not self.earlier.fixed
        begun: list[Question] = []

        def begin() -> Steps[Search]:
            search = yield from self._fixed(versions, {})
            if first:
                asked = search.begin(bare=len(search.stiff) > MANY_PINS)
                asked += replace(self.cheapest, cores={}).begin(after=LATER_SECONDS)
                self.cheapest.uv.leave([each for each in begun if each not in asked])
                begun[:] = self.earlier.begun[:] = asked
            return search

        def foreseen() -> Steps[dict[str, str]]:
            search = yield from begin()
            return {name: pin for name, pin in search.offered.pins.items() if name not in search.released}

        if self.sources is not None:
            read = (self.sources, self.cheapest.template, versions, self.tested, self._extras(), foreseen)
            yield from read_ahead(*read, self.cheapest.uv.serving)
        return (yield from begin())

    def choose(self) -> Steps[tuple[Search, Packages | Refusal]]:
        """Return the search and the solution with the needs' best versions; the cheapest where none is better."""
        best = yield from self._best()
        known = self.answer
        names = [need.name for need in self.absent if known is None or need.name in known]
        if known is not None and all(_is(known[name], best.get(name, "")) for name in names):
            return self.cheapest, known
        try:
            wanted = yield from self._wanted(names, best)
            if isinstance(wanted, Refusal):
                return self.cheapest, wanted
            if wanted is None or (known is not None and all(_alike(wanted, known, name) for name in names)):
                return (yield from self._fewest())
            search, found = yield from self._with_versions(wanted, [name for name in names if name in wanted])
        except InputError:  # something on the way to a better version is not there: what was found without it counts
            return (yield from self._fewest())
        if isinstance(found, Refusal):
            return (yield from self._fewest())
        return search, found

    def _fewest(self) -> Steps[tuple[Search, Packages | Refusal]]:
        """Return the solution with the fewest changes whatever the needs' versions, searched to the end."""
        if self.answer is not None:
            return self.cheapest, self.answer
        return self.cheapest, (yield from self.cheapest.run())

    def _with_versions(self, wanted: Packages, names: Sequence[str]) -> Steps[tuple[Search, Packages | Refusal]]:
        """Return the fewest changes with the needs in the versions of a solution, or that solution where it is long."""
        versions = {name: wanted[name].version for name in names if wanted[name].version}
        search = yield from self._fixed(versions, wanted)
        patience = 0 if self.long == _lines(versions) else self.patience
        found: Packages | Refusal | None = yield from search.exactly(patience)
        self.earlier.fixed[_lines(versions)] = search.learned
        if found is None:
            self.ended = False
            found = yield from self._spared(search, wanted)
        self.runs += search.runs
        return search, found

    def _spared(self, search: Search, packages: Packages) -> Steps[Packages]:
        """Return a solution that a search settles on, without what can be spared one by one where that is settled."""
        if self.settle:
            return (yield from search.sparing(packages))
        search.take_as_found(packages)
        return packages

    def _fixed(self, versions: Mapping[str, str], wanted: Packages) -> Steps[Search]:
        """Return a search with the needs in these versions, which are of a solution, or of none (empty)."""
        fixed = _lines(versions)
        search = self._search(fixed)
        search.implied = yield from implied(self.sources, search.template, versions, self._extras(), wanted)
        search.take(self.cheapest.learned)
        for lines, learned in self.earlier.fixed.items():
            search.take(learned, apart_from={line.partition("==")[0] for line in {*lines} ^ {*fixed}})
        return search

    def _extras(self) -> dict[str, tuple[str, ...]]:
        """Return the extras that are asked for of each absent need, the empty one among them."""
        return {need.name: ("", *map(canonical, need.extras)) for need in self.absent}

    def _best(self) -> Steps[dict[str, str]]:
        """Return the version that each absent need should have by itself, as far as the index tells."""
        limits = self._limits()
        asked = {need.name: limits[need.name] for need in self.absent if not need.url}
        tested = {n: self.tested[n] for n, limit in asked.items() if within(limit, self.tested.get(n, ""))}
        if self.sources is None:
            return tested
        wheels = yield from self.sources.best_wheels(asked, self.tested)
        built = yield from newer_from_source(self.sources, wheels, asked, self.tested)
        return {**tested, **wheels, **built}  # what was tested and has no wheel is best where nothing else has one

    def _limits(self) -> dict[str, str]:
        """Return what requirements and constraints say about each absent need."""
        said: dict[str, list[str]] = {need.name: [] for need in self.absent}
        for line in (*self.cheapest.question.requirements, *self.cheapest.question.constraints):
            asked = parse_requires_dist(line) if named(line) in said else None
            if asked is not None and asked.requirement.specifier:
                said[asked.target].append(str(asked.requirement.specifier))
        return {name: ",".join(limits) for name, limits in said.items()}

    def _wanted(self, names: Sequence[str], best: Mapping[str, str]) -> Steps[Packages | Refusal | None]:
        """Return a solution over what is held and what stays, each need in its best version, the first needs first.

        None where there is none, the refusal where nothing that moves would mend it. What of the needs that the
        template meets, and of the anchors, cannot stay in any case is found first.
        """
        # where the search was long, no conflict between the best versions was found
        if self.long and (together := (yield from self._over_held(self.long, self._staying()))) is not None:
            return together
        staying = self._staying()
        question = (*self._place(staying), self._offered(), *names)
        if (chosen := self.earlier.chosen.get(question)) is not None:
            again = yield from self._over_held(chosen.lines, chosen.staying)
            if again is not None:
                self.passed_over += chosen.passed_over
                return again
        told = len(self.passed_over)
        found: Packages | None = yield from self._most_at_best({name: best[name] for name in names if name in best})
        if found is None:
            first = self._search((), soft=staying)
            if self.tried and self.answer is None:  # is it a conflict, whatever moves?
                refused = yield from first.refused()
                if refused and (refusal := (yield from self.cheapest.impossible())) is not None:
                    return refusal
            answer = yield from first.run()
            self.runs += first.runs
            if isinstance(answer, Refusal):
                return None
            staying -= first.released
            found = answer
            if any(_broken(first, answer)):
                found = yield from self._over_held((), staying)
        if found is None:
            return None
        before, limits = self.runs, self._limits()
        fixed: list[str] = []
        for name in names:
            if name not in found or not found[name].version:
                continue
            target = best.get(name, "")
            if target and same_version(target, self.tested.get(name, "")) and not _is(found[name], target):
                exact = PassedOver(name, target, "", target)
                found = (yield from self._over_held((*fixed, f"{name}=={target}"), staying, exact)) or found
            while self.runs - before < MOST_TRIES and not _is(found[name], target):
                version = found[name].version
                if self.sources and not (yield from self.sources.may_be_newer(name, version, limits.get(name, ""))):
                    break
                newer = (*fixed, f"{name}>={public(version)},!={version}")
                sought = PassedOver(name, f"newer than {version}", "", target)
                tried = yield from self._over_held(newer, staying, sought)
                if tried is None:
                    break
                found = tried
            fixed.append(f"{name}=={found[name].version}")
        if self.runs - before < MOST_TRIES:
            self.earlier.chosen[question] = Chosen(tuple(fixed), staying, tuple(self.passed_over[told:]))
        return found

    def _most_at_best(self, best: Mapping[str, str]) -> Steps[Packages | None]:
        """Return a solution over what is held and what stays with most needs in their best version; None: none found.

        Needs that an explanation names are left to the resolver.
        """
        left = {name: version for name, version in best.items() if name not in self._against}
        for _ in range(MOST_BLAMED):
            if not left or len(left) == len(best):
                break
            found = yield from self._over_held(_lines(left), self._staying())
            if found is not None:
                return found
            left = {name: version for name, version in left.items() if name not in self._against}
        return None

    def _over_held(
        self, more: Sequence[str], staying: frozenset[str], sought: PassedOver | None = None
    ) -> Steps[Packages | None]:
        """Return a solution over what is held and what stays in which nothing of the template is broken; None: none.

        What of the template the solution breaks is taken into the question, in whatever version, until nothing is.
        What the last solution took in is there from the start, unless there is none with it.
        """
        told = self._known_impossible(more, staying)
        if told:
            if sought is not None:
                self.passed_over.append(replace(sought, explanation=told))
            return None
        begun = included = self.included
        for _ in range(MOST_INCLUDED):
            search = self._search(more, soft=staying)
            found = yield from search.ask(self.cheapest.forced | included)
            self.runs += search.runs
            if isinstance(found, Refusal) and begun:
                begun = included = frozenset()
                continue
            if isinstance(found, Refusal):
                self._learn_impossible(more, staying, found.message)
                if sought is not None:
                    self.passed_over.append(replace(sought, explanation=found.message))
                return None
            broken = frozenset(_broken(search, found))
            if not broken:
                self.included = included
                return found
            included |= broken
        return None

    def _place(self, staying: frozenset[str]) -> tuple[object, ...]:
        """Return what has to be the same for something that could not be had to be impossible still, bounds apart."""
        return self.cheapest.question.requirements, staying, self.cheapest.forced

    def _offered(self) -> frozenset[str]:
        """Return the distributions of which a source build is offered."""
        return frozenset(name for name, _ in self.sources.offers) if self.sources is not None else frozenset()

    def _known_impossible(self, more: Sequence[str], staying: frozenset[str]) -> str:
        """Return why constraints cannot be met, where part of them could not before; empty where nothing is known."""
        offered = self._offered()
        for each in self.earlier.impossible.get(self._place(staying), ()):
            if each.lines.issubset(more) and (offered - each.offered).isdisjoint(words_of(each.explanation)):
                self._against |= words_of(each.explanation)
                return each.explanation
        return ""

    def _learn_impossible(self, more: Sequence[str], staying: frozenset[str], told: str) -> None:
        """Keep that constraints cannot be met over what is held and what stays: those that the explanation names."""
        words = words_of(told)
        self._against |= words
        lines = frozenset(line for line in more if named(line) in words)
        self.earlier.impossible.setdefault(self._place(staying), []).append(Impossible(lines, told, self._offered()))

    def _staying(self) -> frozenset[str]:
        """Return the pins that stay before any need gets what it wants."""
        return frozenset(name for name, rank in self.cheapest.ranks.items() if rank) - self.cheapest.forced

    def _search(self, more: Sequence[str], *, soft: frozenset[str] | None = None) -> Search:
        """Return a search of the same question with more constraints; soft as in Search."""
        asked = self.cheapest.question
        constraints = (*asked.constraints, *more)
        versions = dict(asked.preferences)
        if soft is not None:  # loose pins are preferred to what was tested: they stay where they can
            versions |= {n: v for n, v in self.cheapest.offered.pins.items() if n not in self.cheapest.forced}
        return replace(
            self.cheapest,
            question=replace(asked, constraints=constraints, preferences=versions),
            soft=soft,
            cores={},
            released=frozenset(),
            proven=True,
            runs=0,
        )


def _lines(versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return versions as PEP 508 lines that ask for exactly these."""
    return tuple(f"{name}=={version}" for name, version in versions.items())


def _broken(search: Search, found: Packages) -> Iterator[str]:
    """Yield the distributions of the template that are in no solution and whose requirements it does not meet."""
    for name, requirements in search.offered.requirements.items():
        if name in found or name in search.held:
            continue
        for asked in requirements:
            package = found.get(asked.target)
            if package is not None and package.version and not asked.allows(package.version):
                yield name
                break


def _is(package: LockedPackage, best: str) -> bool:
    """Tell whether a package has the version that is best, or none that could be compared."""
    return bool(package.url) or (bool(best) and same_version(package.version, best))


def _alike(one: Packages, other: Packages, name: str) -> bool:
    """Tell whether two solutions have a need in the same version."""
    return name in one and name in other and same_version(one[name].version, other[name].version)
