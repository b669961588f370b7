"""The search for the fewest changes to a template (an implicit hitting set over uv's conflicts).

The template's versions are pins. Pins that a requirement excludes by itself are known before uv is asked
(podfit.solve.limits). While uv finds a conflict, the pins that its explanation names form a core: at least one of them
has to go. The smallest set of pins that meets every core is released and uv is asked again, so that the first solution
is one with the fewest changes. Held pins are never released.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement

from podfit.model import LockedPackage, Reporter, Template, canonical
from podfit.model.steps import Steps, Wait
from podfit.model.versions import same_version
from podfit.model.words import shortened
from podfit.solve.answer import Refusal
from podfit.solve.conflicts import Core, Memory
from podfit.solve.cores import hitting_set
from podfit.solve.limits import known_cores, said_behind
from podfit.solve.sources import Sources
from podfit.solve.template_index import OfferedTemplate
from podfit.solve.unsolvable import words_of
from podfit.solve.uv import Question, Uv

Packages = Mapping[str, LockedPackage]

MOST_RUNS = 40
"""So many resolutions look for the fewest changes; then every pin that a conflict names is released at once."""

QUICK_RUNS = 12
"""So many resolutions look for the fewest changes where nothing is settled yet: another round may follow."""

MANY_PINS = 250
"""Of so many pins some will stand against what is asked for, and preferring all of them leads uv far astray."""

LONG_SECONDS = 2.0
"""A resolver that looks for so long walks from release to release, mostly because nothing suits: what is asked after a
refusal begins beside it."""

_MOST_ROUGH_RUNS = 8
_MOST_SPARING_RUNS = 16
_SHRINK_AT_MOST = 6
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s,;|]+)")
_EXACT = re.compile(r"^[A-Za-z0-9._-]+==[^,*]+$")


@dataclass(slots=True)
class Search:
    """One search for the fewest changes: what is fixed, and what was learned on the way.

    forced are pins to release whatever the conflicts say. soft are the pins that stay where they can (None: all that
    are not held); of the others that are neither held nor released uv hears nothing but preferences. ranks say which
    of them go last (podfit.solve.cores). implied are PEP 508 lines that follow from the requirements whatever else is
    chosen, each with who asks. witness are the pins that a solution of this very question moves, None where none is
    known: what keeps none of these can be had, and no resolver is asked. After `run`, runs is the number of
    resolutions, released the pins that went, and proven tells whether no smaller set would have done.
    """

    template: Template
    offered: OfferedTemplate
    held: frozenset[str]
    question: Question
    uv: Uv
    reporter: Reporter
    weights: Mapping[str, float]
    forced: frozenset[str] = frozenset()
    sources: Sources | None = None
    built: frozenset[str] = frozenset()
    soft: frozenset[str] | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)
    cores: dict[frozenset[str], Core] = field(default_factory=dict)
    released: frozenset[str] = frozenset()
    proven: bool = True
    runs: int = 0
    witness: frozenset[str] | None = None
    _most: int = MOST_RUNS
    _why: str = ""

    @property
    def stiff(self) -> frozenset[str]:
        """The pins that stay where they can."""
        return self.soft if self.soft is not None else frozenset(self.offered.pins) - self.held

    def run(self) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Return the solution with the fewest released pins, or the refusal that no release removes.

        After MOST_RUNS the pins that conflicts name are all released, and the solution is not proven to be the one
        with the fewest changes.
        """
        answer = yield from self.exactly(MOST_RUNS)
        return answer if answer is not None else (yield from self.roughly())

    def exactly(self, most: int) -> Steps[dict[str, LockedPackage] | Refusal | None]:
        """Return the solution with the fewest released pins, or a refusal; None where that takes over most resolutions.

        What was learned until then is kept: another call goes on from there.
        """
        self._most = most
        memory = self._recall()
        checked: frozenset[str] | None = None
        while self.runs < most:
            self._release()
            asks = checked is None and self.witness is None and bool(self.stiff - self.released)
            beside = self._question(self.released, ()) if asks else None
            answer = yield from self._asked(self._question(self.released, None), beside)
            if not isinstance(answer, Refusal):
                memory.write()
                return answer
            if not self.stiff - self.released:
                return self._told(answer)
            if checked is None or words_of(answer.message) & (self.released - checked):
                # with no soft pin at all: what is refused then, in any version of what was released, nothing can mend
                bare = yield from self._bare(beside)
                if bare is not None:
                    return bare
                checked = self.released
            core = yield from self._core(answer, self.released)
            message = self._told(answer).message
            if not core:
                return Refusal(message)
            if core in self.cores:
                break
            self.take([Core(core, message, frozenset(words_of(self._why)))])
            self.reporter.step(f"{self.template.name}: {shortened(sorted(core))} cannot all stay")
        return None

    def begin(self, *, bare: bool = False, after: float = 0.0) -> list[Question]:
        """Have uv begin with what `exactly` asks first, which is returned; with bare also with what follows a refusal.

        It begins after so many seconds, or when somebody waits for it.
        """
        self._recall()
        self._release()
        asked = [self._offering(self._question(self.released, only)) for only in ((None, ()) if bare else (None,))]
        for question in asked:
            self.uv.begin(question, after)
        return asked

    def refused(self) -> Steps[bool]:
        """Tell whether what `exactly` asks first is refused."""
        self._recall()
        self._release()
        return isinstance((yield from self.ask(self.released)), Refusal)

    def impossible(self) -> Steps[Refusal | None]:
        """Return the refusal that no release of pins removes, None where there is none."""
        self._recall()
        self._release()
        return (yield from self._bare())

    def _bare(self, question: Question | None = None) -> Steps[Refusal | None]:
        """Return the refusal with no soft pin at all, None where there is an answer; question asks for it."""
        if self.witness is not None:
            return None
        question = question or self._question(self.released, ())
        if self.uv.has_answer(self._offering(question)):
            return None
        bare = yield from self._asked(question)
        if not isinstance(bare, Refusal):
            return None
        return self._told(bare)

    def _recall(self) -> Memory:
        """Learn what is known before uv is asked; return where it is kept what this search learns."""
        memory = Memory(self)
        memory.read()
        asked = dict.fromkeys(self.question.requirements, "the project needs")
        for core, reason in known_cores({**self.implied, **asked}, self.offered, self.held):
            self.take([Core(core, reason, frozenset(words_of(reason)))])
        return memory

    def _release(self) -> None:
        """Release the fewest pins that meet every conflict."""
        chosen = hitting_set(self.cores, self.weights, ranks=self.ranks)
        self.released, self.proven = chosen.names | self.forced, chosen.proven

    def take(self, cores: Iterable[Core], *, apart_from: Collection[str] = ()) -> None:
        """Keep cores, each once, of pins that stay where they can.

        apart_from are the names on which the question that taught them had other constraints: what rests on one of
        these is left out.
        """
        stiff = self.stiff
        for core in cores:
            if core.names <= stiff and core.proof.isdisjoint(apart_from):
                self.cores.setdefault(core.names, core)

    @property
    def learned(self) -> tuple[Core, ...]:
        """The cores that were learned, each with what it rests on."""
        return tuple(self.cores.values())

    def roughly(self) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Return a solution that releases whatever conflicts name, or the last refusal: not the fewest changes."""
        self.proven = False
        self.released = frozenset(self.forced.union(*self.cores))
        last = Refusal("")
        for _ in range(_MOST_ROUGH_RUNS):
            answer = yield from self.ask(self.released)
            if not isinstance(answer, Refusal):
                return answer
            last = Refusal(self._told(answer).message)
            named = self._named(answer, self.released)
            if not named:
                break
            self.released |= named
        return last

    def moved(self, packages: Packages) -> frozenset[str]:
        """Return the distributions of the template that have another version in a solution."""
        pins = self.offered.pins
        return frozenset(n for n, each in packages.items() if n in pins and not same_version(each.version, pins[n]))

    def take_as_found(self, packages: Packages) -> None:
        """Settle on a solution as it is, whose changes were not searched for the fewest."""
        self.released, self.proven = self.moved(packages) | self.forced, False

    def sparing(self, packages: Packages) -> Steps[Packages]:
        """Return a solution without the changes of a given one that can be spared one by one: not the fewest.

        What most others rely on is tried first; what a core of one pin names cannot be spared.
        """
        self.take_as_found(packages)
        tried = self.forced.union(*(core for core in self.cores if len(core) == 1))
        for _ in range(_MOST_SPARING_RUNS):
            left = self.released - tried
            if not left:
                break
            name = max(left, key=lambda each: (self.ranks.get(each, 0), self.weights.get(each, 0.0), each))
            tried |= {name}
            answer = yield from self.ask(self.released - {name})
            if not isinstance(answer, Refusal):
                packages = answer
                self.take_as_found(packages)
        return packages

    def ask(
        self, released: Collection[str], *, only: Collection[str] | None = None
    ) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Ask uv with the template's pins, released ones excepted; only limits the soft pins to these names.

        What the pinned distributions ask of a released one still counts, its extras too, although nothing else may
        lead to them. Where only names some, whether there is an answer counts and not which: the other pins are
        preferred then, whose metadata are at hand, so that no page is read of what nobody will take. (Where it names
        none of many, preferring four hundred makes uv search for more than it can hold.)
        """
        return (yield from self._asked(self._question(released, only)))

    def _question(self, released: Collection[str], only: Collection[str] | None) -> Question:
        """Return the question of `ask`."""
        stay = (self.stiff if only is None else self.stiff.intersection(only)).difference(released)
        pins = {name: None for name in self.offered.pins if name in self.held or name in stay}
        lines = [f"{name}=={self.offered.pins[name]}" for name in pins]
        loose = released if self.soft is None else self.offered.pins.keys() - pins
        lines += sorted({line for name in loose for line, _ in self.offered.dependants(name, pins)})
        asked = {canonical(Requirement(line).name) for line in self.question.requirements}
        extra: list[str] = []
        for name in sorted(released):
            extras = self.offered.extras_of(name, pins)
            if name not in asked or extras:
                extra.append(f"{name}[{','.join(extras)}]" if extras else name)
        preferences = {**{name: self.offered.pins[name] for name in released}, **self.question.preferences}
        if only or (only is not None and len(self.offered.pins) <= MANY_PINS):
            preferences |= {name: pin for name, pin in self.offered.pins.items() if name not in pins}
        return replace(
            self.question,
            requirements=(*self.question.requirements, *extra),
            constraints=(*self.question.constraints, *lines),
            preferences=preferences,
        )

    def _asked(self, question: Question, beside: Question | None = None) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Ask uv; what it would have to build is offered by its metadata, or built where that is allowed.

        beside is what is asked next after a refusal: it begins where the answer takes LONG_SECONDS.
        """
        sources = self.sources
        question = self._offering(question)
        while True:
            self.runs += 1
            answer = yield from self._answered(question, beside)
            if sources is not None and sources.likely is not None and not isinstance(answer, Refusal):
                yield Wait(functools.partial(sources.likely.answer, answer))
            if sources is None or not isinstance(answer, Refusal) or not answer.unbuilt:
                return answer
            allowed = sources.allowed.intersection(answer.unbuilt)
            if not allowed <= set(question.build):
                self.built |= allowed
                question = replace(question, build=self._allowed(sources))
            elif (
                yield from sources.learn(answer, (*question.requirements, *filter(_EXACT.search, question.constraints)))
            ):
                question = replace(question, assumed=sources.directory())
            else:
                return replace(answer, message=answer.message + sources.said(answer))

    def _answered(self, question: Question, beside: Question | None) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Ask uv once, beside as in `_asked`; what was begun of that is left where no refusal came."""
        if beside is None:
            return (yield from self.uv.steps(question))
        beside = self._offering(beside)
        if not self.uv.has_answer(beside):
            self.uv.begin(beside, LONG_SECONDS)
        refused = False
        try:
            answer = yield from self.uv.steps(question)
            refused = isinstance(answer, Refusal) and not answer.unbuilt
        finally:
            if not refused:
                self.uv.leave([beside])
        return answer

    def _offering(self, question: Question) -> Question:
        """Return a question with what is offered of source builds and what may be built."""
        if self.sources is None:
            return question
        return replace(question, assumed=self.sources.directory(), build=self._allowed(self.sources))

    def _allowed(self, sources: Sources) -> tuple[str, ...]:
        """Return what uv may build: everything where so told, else the allowed names that have no wheel."""
        return (":all:",) if ":all:" in sources.allowed else tuple(sorted(self.built))

    def _named(self, refusal: Refusal, released: Collection[str]) -> set[str]:
        """Return the soft pins that an explanation names, and those that limit a released name in it."""
        named: set[str] = set()
        for name, version in _PINNED.findall(refusal.message):
            name = canonical(name)
            if name in self.offered.pins and same_version(version, self.offered.pins[name]):
                named.add(name)
        for name in words_of(refusal.message).intersection(released):
            pinned = self.offered.pins.keys() - released
            named.update(other for _, other in self.offered.dependants(name, pinned))
        return (named & self.stiff) - set(released)

    def _core(self, refusal: Refusal, released: Collection[str]) -> Steps[frozenset[str]]:
        """Return the soft pins without which the conflict would not be: at least one has to be released."""
        named = self._named(refusal, released)
        self._why = refusal.message
        if (yield from self._conflict(released, named)):
            return (yield from self._smaller(released, named))
        return (yield from self._shrink(released, named))

    def _conflict(self, released: Collection[str], names: Collection[str]) -> Steps[bool]:
        """Tell whether these soft pins alone cannot stay, and keep how uv explains it."""
        if self.witness is not None and self.witness.isdisjoint(names):
            return False
        answer = yield from self.ask(released, only=names)
        if isinstance(answer, Refusal):
            self._why = answer.message
        return isinstance(answer, Refusal)

    def _smaller(self, released: Collection[str], core: Collection[str]) -> Steps[frozenset[str]]:
        """Return a core without the names that the conflict does not need, while runs are left."""
        kept = sorted(core)
        if len(kept) > _SHRINK_AT_MOST:
            kept = yield from self._without_parts(released, kept)
        if 1 < len(kept) <= _SHRINK_AT_MOST:
            for name in tuple(kept):
                trial = [other for other in kept if other != name]
                if self.runs >= self._most // 2:
                    break
                if (yield from self._conflict(released, trial)):
                    kept = trial
        return frozenset(kept)

    def _shrink(self, released: Collection[str], named: Collection[str]) -> Steps[frozenset[str]]:
        """Return a core where uv's explanation named less than one: drop halves, then quarters, while it conflicts."""
        everything = [name for name in self.offered.pins if name in self.stiff and name not in released]
        ordered = sorted(everything, key=lambda name: name not in named)
        return frozenset((yield from self._without_parts(released, ordered)))

    def _without_parts(self, released: Collection[str], conflict: Sequence[str]) -> Steps[list[str]]:
        """Return a conflict without the halves, then quarters, down to single names, that it does not need."""
        kept = list(conflict)
        size = len(kept) // 2
        while size and self.runs < self._most:
            start = len(kept)
            while start > 0 and self.runs < self._most:
                trial = kept[: max(0, start - size)] + kept[start:]
                if (yield from self._conflict(released, trial)):
                    kept = trial
                start -= size
            size //= 2
        return kept

    def _told(self, refusal: Refusal) -> Refusal:
        """Return a refusal with whose requirements the limits on what was released are."""
        said = said_behind(refusal.message, self.released, self.offered, self.held)
        return replace(refusal, message=refusal.message + said)
