"""Fit needs over a template with the fewest changes to it (an implicit hitting set over uv's conflicts).

The template's versions are pins. While uv finds a conflict, the pins that its explanation names form a core: at least
one of them has to go. The smallest set of pins that meets every core is released and uv is asked again, so that the
first solution is one with the fewest changes. Held pins are never released.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from podfit.model import (
    Bound,
    Change,
    InputError,
    LockedPackage,
    Need,
    NoPlanError,
    Overlay,
    RefusedNeed,
    Reporter,
    SilentReporter,
    Template,
    Where,
    canonical,
)
from podfit.model.steps import Steps, finish
from podfit.model.versions import same_version
from podfit.model.words import shortened
from podfit.solve.cores import smallest_hitting_set
from podfit.solve.template_index import OfferedTemplate, flat_index, offer, resolver_platform
from podfit.solve.uv import PackageNotFoundError, Question, Refusal, Uv

_LEARNED_SECONDS = 24 * 3600
"""How long conflicts seen once steer the search: a release that dissolves one is noticed a day later at most."""

_MOST_RUNS = 80
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s,;|]+)")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(slots=True)
class _Search:
    """One search for the fewest changes: what is fixed, and what was learned on the way."""

    template: Template
    offered: OfferedTemplate
    held: frozenset[str]
    question: Question
    uv: Uv
    reporter: Reporter
    weights: Mapping[str, float]
    cores: list[frozenset[str]] = field(default_factory=list)
    reasons: dict[frozenset[str], str] = field(default_factory=dict)
    forced: frozenset[str] = frozenset()
    runs: int = 0

    def ask(
        self, released: Collection[str], *, only: Collection[str] | None = None
    ) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Ask uv with the template's pins, released ones excepted; only limits the soft pins to these names.

        What the pinned distributions ask of a released one still counts, although nothing else may lead to them.
        """
        pins = [
            name
            for name in self.offered.pins
            if name in self.held or (name not in released and (only is None or name in only))
        ]
        lines = [f"{name}=={self.offered.pins[name]}" for name in pins]
        lines += sorted({line for name in released for line, _ in self.dependants(name, pins)})
        asked = {canonical(Requirement(line).name) for line in self.question.requirements}
        extra = tuple(sorted(name for name in released if name not in asked))
        preferences = {**{name: self.offered.pins[name] for name in released}, **self.question.preferences}
        question = replace(
            self.question,
            requirements=self.question.requirements + extra,
            constraints=(*self.question.constraints, *lines),
            preferences=preferences,
        )
        self.runs += 1
        if self.runs > _MOST_RUNS:
            raise NoPlanError(
                f"the fewest changes to {self.template.name} were not found within {_MOST_RUNS} resolutions",
                remedy="narrow the declared requirements, or hold fewer distributions",
            )
        return (yield from self.uv.steps(question))

    def dependants(self, name: str, pinned: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield what the pinned distributions of the template ask of name, as constraint lines, with who asks."""
        for other in pinned:
            for asked in self.offered.requirements[other]:
                if asked.target == name and asked.requirement.specifier:
                    yield f"{name}{asked.requirement.specifier}", other

    def core(self, refusal: Refusal, released: Collection[str]) -> Steps[frozenset[str]]:
        """Return the soft pins without which the conflict would not be: at least one has to be released."""
        named: set[str] = set()
        for name, version in _PINNED.findall(refusal.message):
            name = canonical(name)
            if name in self.offered.pins and same_version(version, self.offered.pins[name]):
                named.add(name)
        words = {canonical(word.rstrip(".-_")) for word in _WORD.findall(refusal.message)}
        for name in words.intersection(released):
            pinned = (other for other in self.offered.pins if other not in released)
            named.update(other for _, other in self.dependants(name, pinned))
        named -= self.held
        named -= set(released)
        if isinstance((yield from self.ask(released, only=named)), Refusal):
            return frozenset(named)
        return (yield from self._shrink(released, named))

    def _shrink(self, released: Collection[str], named: Collection[str]) -> Steps[frozenset[str]]:
        """Return a core where uv's explanation named less than one: drop halves, then quarters, while it conflicts."""
        everything = [name for name in self.offered.pins if name not in self.held and name not in released]
        kept = sorted(everything, key=lambda name: name not in named)
        size = len(kept) // 2
        while size:
            start = len(kept)
            while start > 0:
                trial = kept[: max(0, start - size)] + kept[start:]
                if isinstance((yield from self.ask(released, only=trial)), Refusal):
                    kept = trial
                start -= size
            size //= 2
        return frozenset(kept)

    def _limits(self, refusal: Refusal, released: Collection[str]) -> str:
        """Return whose requirements the limits on released names in uv's explanation are: uv cannot know."""
        words = {canonical(word.rstrip(".-_")) for word in _WORD.findall(refusal.message)}
        pinned = [other for other in self.offered.pins if other not in released]
        said = [
            f"{other} {self.offered.pins[other]} requires {line}"
            for name in sorted(words.intersection(released))
            for line, other in self.dependants(name, pinned)
            if line.replace(" ", "") in refusal.message.replace(" ", "")
        ]
        return f" Of the template, {', '.join(said[:3])}." if said else ""

    def run(self) -> Steps[tuple[dict[str, LockedPackage], frozenset[str]] | Refusal]:
        """Return the solution with the fewest released pins and these pins, or the refusal that no release removes."""
        while True:
            released = smallest_hitting_set(self.cores, self.weights) | self.forced
            answer = yield from self.ask(released)
            if not isinstance(answer, Refusal):
                return answer, released
            core = yield from self.core(answer, released)
            message = answer.message + self._limits(answer, released)
            if not core:
                return Refusal(message)
            if core in self.cores:
                raise NoPlanError(f"the resolver contradicts itself: {message}")
            self.cores.append(core)
            self.reasons[core] = message
            self.reporter.step(f"{self.template.name}: {shortened(sorted(core))} cannot all stay")


def solve_overlay(
    template: Template,
    needs: Sequence[Need],
    uv: Uv,
    *,
    held: Collection[str],
    preferences: Mapping[str, str],
    constraints: Iterable[str] = (),
    bounds: Sequence[Bound] = (),
    index_arguments: Sequence[str] = (),
    exclude_newer: str = "",
    reporter: Reporter | None = None,
) -> Overlay:
    """Return the overlay of `overlay_steps`, waited for in the caller's thread; same arguments, same errors."""
    return finish(
        overlay_steps(
            template,
            needs,
            uv,
            held=held,
            preferences=preferences,
            constraints=constraints,
            bounds=bounds,
            index_arguments=index_arguments,
            exclude_newer=exclude_newer,
            reporter=reporter,
        )
    )


def overlay_steps(
    template: Template,
    needs: Sequence[Need],
    uv: Uv,
    *,
    held: Collection[str],
    preferences: Mapping[str, str],
    constraints: Iterable[str] = (),
    bounds: Sequence[Bound] = (),
    index_arguments: Sequence[str] = (),
    exclude_newer: str = "",
    reporter: Reporter | None = None,
) -> Steps[Overlay]:
    """Resolve needs over template with the fewest changes to it, none to a held distribution.

    held are names of template distributions; preferences are the versions of the local environment by name;
    constraints are PEP 508 lines that limit without asking; bounds were learned, and limit all but what is held.
    Raises InputError for an index that cannot be reached or a package that does not exist, NoPlanError when even
    without the project's limits nothing fits.
    """
    reporter = reporter or SilentReporter()
    held = frozenset(name for name in held if name in template.distributions)
    offered = offer(template, held)
    notes: list[str] = []
    stated = {need.name: need for need in needs}
    ignored, refused = _held_needs(offered, held, needs)
    limits = [*_usable_constraints(constraints, offered, held, template, notes)]
    limits += [f"{b.name}{b.specifier}" for b in bounds if not b.filename and b.name not in held]
    excluded = {(b.name, b.filename) for b in bounds}
    question = Question(
        requirements=(),
        constraints=tuple(limits),
        preferences=dict(preferences),
        python_version=template.target.python,
        platform=resolver_platform(template),
        find_links=flat_index(template, offered, uv.cache),
        index_arguments=tuple(index_arguments),
        exclude_newer=exclude_newer,
        build_constraints=offered.build_constraints,
    )
    relaxed: set[str] = set(ignored) | {need.name for need in refused}
    dropped: set[str] = set()
    loose = [name for name in offered.pins if name not in held]
    forced = frozenset(n.name for n in needs if n.url and n.name in loose)
    forced |= {b.name for b in bounds if b.name in loose and b.excludes(b.name, offered.pins[b.name])}
    runs = 0
    weights = _weights(offered)
    while True:
        lines = tuple(_line(n, n.name in relaxed) for n in needs if n.name not in dropped and _asked(n, offered))
        search = _Search(
            template, offered, held, replace(question, requirements=lines), uv, reporter, weights, forced=forced
        )
        memory = _Memory(uv, search)
        search.cores, search.reasons = memory.read()
        try:
            found = yield from search.run()
        except PackageNotFoundError as error:
            raise _located(error, stated) from None
        except InputError as error:
            raise _at_its_address(error, needs) from None
        runs += search.runs
        if not isinstance(found, Refusal):
            memory.write(search)
            break
        culprits = _culprits(found, needs, relaxed, dropped)
        if not culprits:
            raise NoPlanError(f"nothing fits {template.name}: {found.message}")
        for name in culprits:
            if name in relaxed or not (stated[name].specifier or stated[name].url):
                dropped.add(name)
            relaxed.add(name)
            if name not in {r.name for r in refused}:
                refused.append(RefusedNeed(name, found.message))
    packages, _ = found
    return Overlay(
        packages={
            name: replace(p, artefacts=tuple(f for f in p.artefacts if (name, f.filename) not in excluded))
            for name, p in packages.items()
        },
        changes=tuple(_changes(search, packages)),
        refused=tuple(replace(r, fitting=packages[r.name].version if r.name in packages else "") for r in refused),
        ignored_pins=ignored,
        broken=offered.broken,
        left_out=offered.left_out,
        notes=tuple(notes),
        runs=runs,
    )


class _Memory:
    """The conflicts that earlier solves of the same question met, so that the next one asks uv once."""

    def __init__(self, uv: Uv, search: _Search) -> None:
        pins = sorted(search.offered.pins.items())
        key = hashlib.sha256(repr((search.question.key(), pins, sorted(search.held))).encode()).hexdigest()[:32]
        self._path: Path = uv.cache / "conflicts" / f"{key}.json"
        self._refresh = uv.refresh

    def read(self) -> tuple[list[frozenset[str]], dict[frozenset[str], str]]:
        """Return what was learned and is not yet stale: cores and the explanation of each."""
        try:
            if self._refresh or time.time() - self._path.stat().st_mtime > _LEARNED_SECONDS:
                return [], {}
            pairs = [(frozenset(names), str(text)) for names, text in json.loads(self._path.read_bytes())]
        except (OSError, ValueError, TypeError):
            return [], {}
        return [core for core, _ in pairs], dict(pairs)

    def write(self, search: _Search) -> None:
        """Keep what was learned; a cache that cannot be written costs time, not the plan."""
        known = {frozenset(core) for core in self.read()[0]}
        if not search.cores or known == set(search.cores):
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps([[sorted(core), search.reasons[core]] for core in search.cores]))
            temporary.replace(self._path)


def _held_needs(
    offered: OfferedTemplate, held: Collection[str], needs: Sequence[Need]
) -> tuple[dict[str, str], list[RefusedNeed]]:
    """Judge what the project asks of held distributions: exact pins give way, ranges that exclude them conflict."""
    ignored: dict[str, str] = {}
    refused: list[RefusedNeed] = []
    for need in needs:
        version = offered.pins.get(need.name, "")
        if need.name not in held or not version:
            continue
        specifier = SpecifierSet(need.specifier)
        if need.url:
            ignored[need.name] = need.url
        elif not specifier.contains(version, prereleases=True):
            if all(s.operator in ("==", "===") and not s.version.endswith(".*") for s in specifier):
                ignored[need.name] = need.specifier
            else:
                text = (
                    f"the project needs {need.name}{need.specifier}, the template has {version}, which is never changed"
                )
                refused.append(RefusedNeed(need.name, text))
    return ignored, refused


def _usable_constraints(
    lines: Iterable[str], offered: OfferedTemplate, held: Collection[str], template: Template, notes: list[str]
) -> Iterator[str]:
    """Yield the project's constraints, without those that would exclude a held distribution (these become notes)."""
    for line in lines:
        requirement = Requirement(line)
        name = canonical(requirement.name)
        if name in held and not requirement.specifier.contains(offered.pins.get(name, "0"), prereleases=True):
            notes.append(
                f"the project's constraint {line} is not applied: {template.name} has {name} {offered.pins.get(name)}, "
                "which is never changed"
            )
        else:
            yield line


def _asked(need: Need, offered: OfferedTemplate) -> bool:
    """Tell whether the resolver can be asked for need: not when the template has it in a way no index can express."""
    return need.name not in offered.left_out


def _line(need: Need, relaxed: bool) -> str:
    """Return need as a PEP 508 line, without its limits when relaxed."""
    extras = f"[{','.join(need.extras)}]" if need.extras else ""
    if relaxed:
        return f"{need.name}{extras}"
    return f"{need.name}{extras} @ {need.url}" if need.url else f"{need.name}{extras}{need.specifier}"


def _culprits(refusal: Refusal, needs: Sequence[Need], relaxed: Collection[str], dropped: Collection[str]) -> list[str]:
    """Return the needs that uv's explanation names and that can still give way, those with limits first."""
    words = {canonical(word.rstrip(".-_")) for word in _WORD.findall(refusal.message)}
    named = [need for need in needs if need.name in words and need.name not in dropped]
    limited = [need.name for need in named if (need.specifier or need.url) and need.name not in relaxed]
    return limited or [need.name for need in named]


def _changes(search: _Search, packages: Mapping[str, LockedPackage]) -> Iterator[Change]:
    """Yield the template distributions whose version differs in the solution."""
    for name, package in sorted(packages.items()):
        before = search.offered.pins.get(name)
        if before is None or same_version(package.version, before):
            continue
        texts = [text for core, text in search.reasons.items() if name in core]
        if name in search.forced:
            texts = ["the project asks for a direct URL"]
        yield Change(name, before, package.version or package.url, texts[0] if texts else "")


def _weights(offered: OfferedTemplate) -> dict[str, float]:
    """Return what releasing each pin costs: the number of template distributions that rely on it."""
    weights = dict.fromkeys(offered.pins, 0.0)
    for requirements in offered.requirements.values():
        for asked in requirements:
            if asked.target in weights:
                weights[asked.target] += 1.0
    return weights


def _located(error: PackageNotFoundError, needs: Mapping[str, Need]) -> PackageNotFoundError:
    """Return the error with the place that asks for the package, when a need does."""
    need = needs.get(error.package)
    if need is None or not need.evidence:
        return error
    where = _place(need)
    imported = need.import_names[0] if need.imported and not need.declared and need.import_names else ""
    return PackageNotFoundError(error.package, error.index, where=where, imported=imported)


def _at_its_address(error: InputError, needs: Iterable[Need]) -> InputError:
    """Return the error with the place of the direct URL that it speaks of, when it speaks of one."""
    for need in needs:
        address = re.sub(r"^\w+\+", "", need.url)
        if address and need.evidence and error.where is None and address in error.message:
            remedy = error.remedy or "correct the address"
            return InputError(error.message, where=_place(need), remedy=remedy)
    return error


def _place(need: Need) -> Where:
    """Return where a need shows first."""
    path, _, line = need.evidence[0].source.rpartition(":")
    return Where(path, int(line)) if path and line.isdigit() else Where(need.evidence[0].source)
