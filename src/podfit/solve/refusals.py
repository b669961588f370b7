"""Which need gives way to a refusal, and what is said about it: the asker, who stands against it, what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.imports import known_distributions, module_named, unpublished
from podfit.model import InputError, Need, RefusedNeed, canonical
from podfit.model.steps import Steps
from podfit.model.words import did_you_mean, listed, shortened
from podfit.solve.answer import Refusal
from podfit.solve.limits import holders
from podfit.solve.nearest import is_pin
from podfit.solve.said import CRASHED, NO_ADDRESS, UNRESOLVED, host_of
from podfit.solve.search import Search
from podfit.solve.sources import Sources
from podfit.solve.template_index import OfferedTemplate
from podfit.solve.unsolvable import words_of
from podfit.solve.uv import PackageNotFoundError
from podfit.solve.watched import TooMuchError

_ALIKE = 0.85
"""How much alike a name and what was perhaps meant must be, from 0 to 1."""

_NO_BUILD = "Building source distributions"
"""How uv says that it would have to build what an address leads to, and may not."""


def culprits_of(
    message: str,
    needs: Sequence[Need],
    relaxed: Collection[str],
    dropped: Collection[str],
    met: Collection[str] = (),
) -> list[str]:
    """Return the needs that uv's explanation names and that can still give way: those with limits first.

    met are the needs that the template meets, limits and all: together they can be had, so that another one gives way
    before any of them.
    """
    words = words_of(message)
    left = [need for need in needs if need.name not in dropped]
    named = [need for need in left if need.name in words]
    limited = [need.name for need in named if (need.specifier or need.url) and need.name not in relaxed]
    others = [name for name in limited if name not in met]
    return others or [need.name for need in named if need.name not in met] or limited or [need.name for need in named]


def giving_way(
    search: Search,
    message: str,
    needs: Sequence[Need],
    relaxed: Collection[str],
    dropped: Collection[str],
    met: Collection[str],
) -> Steps[Blamed]:
    """Return the needs that give way to a refusal: a dispensable one, one that did before, else as few as can be told.

    relaxed are those whose limits are gone, dropped those that are left out, met as in `culprits_of`. What never moves
    is there whether anybody asks for it or not: a need for it mends nothing by giving way, its extras apart.
    """
    met = {*met, *(need.name for need in needs if need.name in search.held and not need.extras)}
    spared = yield from dispensable(search, message, needs, dropped)
    if spared.names:
        return spared
    further = yield from given_up(search, message, needs, relaxed, dropped)
    if further:
        return Blamed(tuple(further))
    culprits = culprits_of(message, needs, relaxed, dropped, met)
    limited = {need.name for need in needs if need.specifier and need.name not in relaxed}
    if limited.isdisjoint(culprits):
        return Blamed(tuple((yield from enough(search, culprits))))
    return (yield from fewest(search, message, culprits))


def dispensable(search: Search, message: str, needs: Sequence[Need], dropped: Collection[str]) -> Steps[Blamed]:
    """Return the need that the project may run without where the others that a refusal names can be had beside it.

    After these comes one that no manifest asks for: what one does is had before it.
    """
    lines = {canonical(Requirement(line).name): line for line in search.question.requirements}
    named = [need for need in needs if need.name in words_of(message) and need.name in lines]
    first = [need for need in named if need.dispensable]
    then = [need for need in named if need.beside and need not in first]
    for need in (*first, *(then if len(then) < len(named) else ())) if len(named) > 1 else ():
        others = tuple(lines[other.name] for other in named if other.name != need.name)
        if need.name not in dropped and not (yield from _refused(search, others)):
            return Blamed((need.name,), others)
    return Blamed(())


def given_up(
    search: Search, message: str, needs: Iterable[Need], relaxed: Collection[str], dropped: Collection[str]
) -> Steps[list[str]]:
    """Return the need that gave way before and without which the others can be had as they are, [] for none.

    The others are all that is asked for, or else those that the refusal names. It gives way further then: nobody gives
    up what can be had for some other release of what cannot.
    """
    words = words_of(message)
    for need in needs:
        left = need.name in relaxed and need.name not in {*search.held, *dropped} and need.name in words
        if left and (yield from _had_without(search, need.name)):
            return [need.name]
        if left and (yield from _had_without(search, need.name, words)):
            return [need.name]
    return []


def enough(search: Search, culprits: Sequence[str]) -> Steps[list[str]]:
    """Return the one need of some, the last of them first, without which all others can be had; else all of them."""
    for name in reversed(culprits) if len(culprits) > 1 else ():
        if (yield from _had_without(search, name)):
            return [name]
    return list(culprits)


def _had_without(search: Search, name: str, named: Collection[str] = ()) -> Steps[bool]:
    """Tell whether everything that is asked for but one need can be had; of everything those named, if any are."""
    lines = {line: canonical(Requirement(line).name) for line in search.question.requirements}
    others = tuple(line for line, each in lines.items() if each != name and (not named or each in named))
    return bool(others or not named) and not (yield from _refused(search, others))


def extras_against(need: Need, search: Search, beside: Sequence[str] = ()) -> Steps[tuple[str, ...]]:
    """Return the extras of a need that do not fit what search keeps, next to lines beside; () where it is not these.

    Without them it does, and its limits stay as they are asked for. Of several extras those that fit together stay.
    """
    if not need.extras or need.url or not (yield from _refused(search, (need.line, *beside))):
        return ()
    if (yield from _refused(search, (replace(need, extras=()).line, *beside))):
        return ()
    kept: tuple[str, ...] = ()
    for extra in need.extras if len(need.extras) > 1 else ():
        if not (yield from _refused(search, (replace(need, extras=(*kept, extra)).line, *beside))):
            kept = (*kept, extra)
    return tuple(extra for extra in need.extras if extra not in kept)


@dataclass(frozen=True, slots=True)
class Blamed:
    """The needs that give way to a refusal. beside are the lines that stay of the others that it names.

    excluded names these where they are exact pins that exclude the one need wherever it is installed.
    """

    names: tuple[str, ...]
    beside: tuple[str, ...] = ()
    excluded: str = ""


def fewest(search: Search, message: str, culprits: Sequence[str]) -> Steps[Blamed]:
    """Return the one need of some whose limits alone have to go; all where a conflict is not of these alone.

    What the others require gives way first (`a depends on b`: b).
    """
    lines = {canonical(Requirement(line).name): line for line in search.question.requirements}
    every = Blamed(tuple(culprits))
    if len(culprits) < 2 or not all(name in lines for name in culprits):
        return every
    together = tuple(lines[name] for name in culprits)
    if not (yield from _refused(search, together)):
        return every
    required = [name for name in culprits if re.search(rf"depends? on (?:one of:\s*)?{re.escape(name)}\b", message)]
    for name in dict.fromkeys((*required, *reversed(culprits))):
        others = tuple(lines[other] for other in culprits if other != name)
        asked = Requirement(lines[name])
        free = f"{name}[{','.join(sorted(asked.extras))}]" if asked.extras else name
        if (yield from _refused(search, (*others, free))):
            continue
        anywhere = replace(search, held=frozenset(), soft=frozenset())
        pins = all(all(map(is_pin, Requirement(line).specifier)) for line in together)
        if pins and (yield from _refused(anywhere, together)) and not (yield from _refused(anywhere, (*others, free))):
            return Blamed(
                (name,), others, f"{listed(others)} exclude{'s' * (len(others) == 1)} it in every environment"
            )
        return Blamed((name,), others)
    return every


def _refused(search: Search, requirements: tuple[str, ...]) -> Steps[bool]:
    """Tell whether nothing meets some lines beside what never moves; what has to be asked elsewhere counts so."""
    alone = replace(search, question=replace(search.question, requirements=requirements), released=frozenset())
    try:
        return isinstance((yield from alone.ask(search.released, only=())), Refusal)
    except InputError:
        return True


def against_held(offered: OfferedTemplate, held: Collection[str], needs: Iterable[Need]) -> list[RefusedNeed]:
    """Return the needs whose limits share no version with what a held distribution requires: nothing can mend that."""
    refused = []
    for need in needs:
        version = offered.pins.get(need.name, "")
        specifier = SpecifierSet(need.specifier)
        if need.name in held or not version or specifier.contains(version, prereleases=True):
            continue
        fixed = [holder for holder in holders(need.name, specifier, offered) if holder.name in held]
        if fixed:
            text = f"the template keeps its {need.name} {version}: {fixed[0].name} is never changed."
            refused.append(RefusedNeed(need.name, explained(need, text, offered)))
    return refused


def absent(
    error: PackageNotFoundError, needs: Sequence[Need], relaxed: Collection[str], dropped: Collection[str]
) -> list[str]:
    """Return the need that asks for a package that is not there, or those that lead to it."""
    if any(need.name == error.package and need.name not in dropped for need in needs):
        return [error.package]
    return culprits_of(error.explanation, needs, relaxed, dropped)


def told(error: PackageNotFoundError, needs: Iterable[Need], unasked: Mapping[str, str]) -> str:
    """Return what is said about a package that is not there, with what to do; unasked are indexes, each with why."""
    if unasked and not error.denied:
        others = "; ".join(f"{label} was not asked: {reason}" for label, reason in unasked.items())
        return f"{error.message}, and {others}"
    by_name = {need.name: need for need in needs}
    need = by_name.get(error.package)
    text = f"{error.message}; {error.remedy}"
    if need is None:
        return f"{text} ({error.explanation})" if error.explanation else text
    known = module_named(error.package) if need.declared and not error.denied else None
    if known is not None and known.distribution != error.package:
        return f"{error.message}; the module {known.module} comes with {known.distribution}: declare that"
    built = unpublished(error.package) if need.declared and not error.denied else None
    if built is not None and built.url:
        return f"{error.message}; it {built.reason}; declare its address with a commit: {built.url}"
    known_names = [*(name for name in by_name if name != need.name), *known_distributions()]
    hint = did_you_mean(error.package, known_names, most=1, cutoff=_ALIKE) if need.declared and not error.denied else ""
    text = f"{error.message}; {hint} {error.remedy}" if hint else text
    if need.imported and not need.declared and need.import_names and not error.denied:
        text = (
            f"{need.import_names[0]} is imported, and {error.message}; declare the package that provides it, "
            "or leave the file out with --exclude"
        )
    return text


def at_address(error: InputError, needs: Iterable[Need]) -> list[str]:
    """Return the needs whose direct URL an error speaks of; else those of which an index serves what cannot be used."""
    needs, found = list(needs), []
    for need in needs:
        address = re.sub(r"^\w+\+", "", need.url)
        if address and (address in error.message or address.partition("#")[0] in error.message):
            found.append(need.name)
        elif "@" in address and error.message.startswith(f"{host_of(address)} cannot be reached"):
            found.append(need.name)  # of an address with a user or password the host alone is told
    if found or not error.message.startswith(UNRESOLVED):
        return found
    given = re.search(r"does not match given name `([^`]+)`", error.message)
    named = {canonical(each) for each in ([given[1]] if given else _SERVED.findall(error.message))}
    return [need.name for need in needs if not need.url and need.name in named]


def leading_to(search: Search, error: InputError, dropped: Collection[str]) -> Steps[list[str]]:
    """Return the needs each of which alone meets what an index serves of something below it and cannot be used.

    Where that filled uv's memory, those with an address of their own are asked for: podfit reads what an index serves.
    """
    lines = search.question.requirements if error.message.startswith(UNRESOLVED) else ()
    if isinstance(error, TooMuchError):
        lines = tuple(line for line in search.question.requirements if Requirement(line).url)
    found = []
    for line in lines:
        alone = replace(search, question=replace(search.question, requirements=(line,)), released=frozenset())
        try:
            yield from alone.ask(search.released, only=())
        except InputError as other:
            name = canonical(Requirement(line).name)
            found += [name] if other.message == error.message and name not in dropped else []
    return found


_SERVED = re.compile(
    r"(?<=[/`])[A-Za-z0-9][A-Za-z0-9._]*(?:-[A-Za-z][A-Za-z0-9._]*)*(?=/?`|-[0-9][^/`]*\.(?:whl|gz|zip))"
)
"""The names in an error's addresses and quotes: of a page, of a file, of a package by itself."""


_METADATA = re.compile(r"Failed to read metadata|METADATA` is invalid|dist-info directory|Metadata field .* not found")
_DAMAGED = re.compile(r"Failed to extract archive|Invalid zip file|[Cc]entral directory|Failed to unzip|bad zip")


def told_of_address(error: InputError, culprits: Sequence[str], needs: Iterable[Need]) -> str:
    """Return what is said about the culprits, whose address an error speaks of, with what to do."""
    if isinstance(error, TooMuchError):
        return "what its address gives fills the memory, so that uv was stopped: name another file"
    if _DAMAGED.search(error.message):
        return "the file at its address is damaged, cut short or no archive at all: put it there again, or name another"
    if CRASHED.search(error.message) or NO_ADDRESS.search(error.message):
        return "what its file says that it requires is nothing that can be asked for: name another file"
    if _METADATA.search(error.message):
        return "the metadata in the file at its address are missing or cannot be read: build it again, or name another"
    direct = any(need.url for need in needs if need.name in culprits)
    if error.message.startswith(UNRESOLVED) and _NO_BUILD not in error.message and not direct:
        said = error.message.removeprefix(UNRESOLVED)
        return f"what the index serves of it cannot be used: {said}; ask for another release of it, or another index"
    if _NO_BUILD not in error.message:
        return f"{error.message}; {error.remedy or 'correct the address'}"
    return (
        "its address leads to source code, whose version and dependencies are known only once it is built, and "
        "planning builds nothing: name a wheel of it instead, or have it built on this machine, which runs its code: "
        f"{' '.join(f'--allow-build {name}' for name in culprits)}"
    )


def told_of_wheels(
    refused: Iterable[RefusedNeed], stated: Mapping[str, Need], sources: Sources | None
) -> Steps[list[RefusedNeed]]:
    """Return the refused needs, each with what its range has no wheel for, where nobody said so yet."""
    refused = list(refused)
    limits = {
        each.name: stated[each.name].specifier for each in refused if "has no wheel for Python" not in each.message
    }
    limits = {name: limit for name, limit in limits.items() if limit}
    found = (yield from sources.without_wheels(limits)) if sources is not None else {}
    return [replace(r, message=f"{r.message} {found[r.name]}") if r.name in found else r for r in refused]


def explained(need: Need, message: str, offered: OfferedTemplate) -> str:
    """Return what stands against a need: who asks where, who of the template excludes it, and the resolver's words."""
    asked = f"the project needs {need.called}{need.specifier}{need.place}"
    against = list(holders(need.name, SpecifierSet(need.specifier), offered)) if need.specifier else []
    if against:
        said = shortened([str(holder) for holder in against], 3)
        return f"{asked}; of the template, {said}. {message[:1].upper()}{message[1:]}"
    return f"{asked}: {message[:1].lower()}{message[1:]}" if message.startswith("Because ") else f"{asked}: {message}"
