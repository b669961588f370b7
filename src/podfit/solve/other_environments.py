"""Pins of another environment: what a file says that pins what the template holds in another version.

`torch==1.6.0` beside `matplotlib==3.3.1` tells of a machine with torch 1.6. The template's torch takes the place of the
first; the second was chosen for that machine as well, and where it cannot be had its nearest release takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from podfit.catalogue.held import is_held
from podfit.catalogue.torch_pairs import partner
from podfit.model import Need, RefusedNeed, Template
from podfit.model.versions import parsed, same_version
from podfit.solve.nearest import is_pin, parted

_OF_CUDA = re.compile(r"(?P<stem>.+-cu)[0-9]{2}")
"""A library that is made for each CUDA under a name of its own: nvidia-cublas-cu11, nvidia-cublas-cu12."""


def of_held(
    pins: Mapping[str, str], held: Collection[str], needs: Sequence[Need]
) -> tuple[dict[str, str], list[RefusedNeed]]:
    """Judge what the project asks of held distributions: exact pins give way, ranges that exclude them conflict.

    A range gives way, too, where it admits what belongs to the torch that the project pins: it follows from that pin.
    A pin beside a range gives way alone: the template's version has to be in the range.
    Returns the specifiers (or addresses) that gave way, by name, and the refused needs. pins are the template's.
    """
    ignored: dict[str, str] = {}
    refused: list[RefusedNeed] = []
    torch = next((need.specifier for need in needs if need.name == "torch" and "torch" in held), "")
    for need in needs:
        version = pins.get(need.name, "")
        if need.name not in held or not version:
            continue
        specifier = SpecifierSet(need.specifier)
        if need.url:
            ignored[need.name] = need.url
        elif not specifier.contains(version, prereleases=True):
            had, within = parted(need.specifier)
            if len(had) and within.contains(version, prereleases=True):
                ignored[need.name] = str(had)
            elif _follows(need, torch):
                ignored[need.name] = need.specifier
            else:
                asked = f"the project needs {need.name}{need.specifier}{need.place}"
                refused.append(RefusedNeed(need.name, f"{asked}; the template's {version} is never changed."))
    return ignored, refused


def _follows(need: Need, torch: str) -> bool:
    """Tell whether a range admits the release that belongs to a pinned torch."""
    pin = next((each for each in SpecifierSet(torch) if is_pin(each)), None)
    if pin is None:
        return False
    pair = partner(need.name, pin.version.removesuffix(".*"))
    return bool(pair) and SpecifierSet(need.specifier).contains(pair, prereleases=True)


def other_environments(needs: Iterable[Need], ignored: Mapping[str, str]) -> dict[str, str]:
    """Return the files that pin what the template holds in another version, each with the first such pin.

    ignored maps the held needs whose exact pins gave way to these pins.
    """
    found: dict[str, str] = {}
    for need in needs:
        for evidence in need.evidence if need.name in ignored else ():
            path, _, line = evidence.source.rpartition(":")
            if path and line.isdigit() and need.specifier and _version(ignored[need.name]) in evidence.detail:
                found.setdefault(path, f"{need.name}{ignored[need.name]} ({evidence.source})")
    return found


def _version(pin: str) -> str:
    """Return the version of a pin as people write it: without the star of conda's `=1.12`."""
    return next((each.version.removesuffix(".*") for each in SpecifierSet(pin)), "")


def left_as_it_is(
    needs: Sequence[Need], ignored: Mapping[str, str], pins: Mapping[str, str], held: Collection[str]
) -> list[RefusedNeed]:
    """Return the needs that are pinned in such a file, that nothing imports, and that the template has otherwise.

    Nobody takes a dozen of the template's packages back for typing-extensions==3.10.0.2 of torch 1.12's machine. A
    range beside the pin has to admit the template's version. pins are the template's versions.
    """
    files = other_environments(needs, ignored)
    found = []
    for need in needs if files else ():
        version = pins.get(need.name, "")
        if not version or need.name in held or need.imported or need.url or not _told(need, files):
            continue
        had, within = parted(need.specifier)
        if len(had) and within.contains(version, prereleases=True) and not had.contains(version, prereleases=True):
            text = f"the project needs {need.name}{need.specifier}{need.place}; the template has {version}."
            found.append(RefusedNeed(need.name, text))
    return found


def of_another_cuda(
    needs: Sequence[Need], ignored: Mapping[str, str], pins: Mapping[str, str], held: Collection[str]
) -> list[RefusedNeed]:
    """Return the needs that are pinned in such a file, that nothing imports, and that are libraries of its CUDA.

    What is held is the same library for the template's: nvidia-cublas-cu11 and nvidia-cublas-cu12 both write
    nvidia/cublas, and the first belongs to the torch of that file alone.
    """
    files = other_environments(needs, ignored)
    found = []
    for need in needs if files else ():
        own = "" if need.name in pins or need.imported or need.url else _of_another_cuda(need.name, held)
        if own and is_pinned(need) and _told(need, files):
            said = f"the project needs {need.line}{need.place}; the template's torch has {own} {pins.get(own, '')}."
            found.append(RefusedNeed(need.name, said))
    return found


def is_pinned(need: Need) -> bool:
    """Tell whether a need is asked for in one version."""
    return any(is_pin(each) for each in SpecifierSet(need.specifier))


def _of_another_cuda(name: str, held: Collection[str]) -> str:
    """Return what is held that is the same library for another CUDA, as both names say; empty for none."""
    library = _OF_CUDA.match(name)
    same = [each for each in held if library and (other := _OF_CUDA.match(each)) and other["stem"] == library["stem"]]
    return min((each for each in same if each != name), default="")


def _told(need: Need, files: Mapping[str, str]) -> str:
    """Return the pin of another machine in a file that declares a need, empty for none."""
    places = [evidence.source.rpartition(":")[0] for evidence in need.evidence]
    return next((files[place] for place in places if place in files), "")


def gave_way(
    refused: Iterable[RefusedNeed],
    needs: Mapping[str, Need],
    files: Mapping[str, str],
    held: Collection[str],
    pins: Mapping[str, str],
) -> list[RefusedNeed]:
    """Return the refused needs; those whose exact pins nobody can insist on say why in `gave_way`.

    files are those of `other_environments`, pins the template's versions. A pin gives way where a line that declares
    the need is in such a file, or where the refusal tells so (other pins of the project exclude it everywhere); and
    where another release of its series (its first number) is planned. One whose release is made for another version of
    something held stays refused: which release of it fits is for a person; unless that is the very version that is
    pinned beside it and gave way, and a release used alike is planned (xformers goes with torch). What no manifest asks
    for gives way, too: its range, its pin to the release of its series that fits, or all of it where no import of it is
    sure to run; and so does what nothing imports in such a file, for whatever fits, and what the project may run
    without, for what something else brings. A pin beside a manifest that asks for any version gives way to any.
    """
    return [
        each if each.open else replace(each, gave_way=_reason(each, needs.get(each.name), files, held, pins))
        for each in refused
    ]


def may_be_there(refused: Iterable[RefusedNeed], template: Template, held: Collection[str]) -> list[RefusedNeed]:
    """Return the refused needs; where a template's list is incomplete, what would be held there is open.

    And so is what asks for that. Images bring torchvision built for their own torch, which no index has a wheel for.
    """
    refused, listed = list(refused), template.distributions
    absent = [each for each in refused if not (each.open or each.gave_way or each.fitting or each.name in listed)]
    tied: dict[str, str] = {}
    for _ in absent if template.incomplete else ():
        for each in absent:
            frameworks = listed.keys() & set(held) if is_held(each.name) else tied.keys() - {each.name}
            if other := made_for(each.name, each.message, frameworks):
                tied[each.name] = tied.get(other, other)
    return [
        replace(each, message=f"{_perhaps_there(tied[each.name], template)}; {template.how_to_list}", open=True)
        if each.name in tied
        else each
        for each in refused
    ]


def _perhaps_there(other: str, template: Template) -> str:
    """Return in words that an incomplete list may lack what goes with something that it has."""
    return (
        f"nothing that an index has of it goes with the {other} {template.distributions[other].version} of "
        f"{template.name}, and the list of that is incomplete: it, or what it asks for, may be there, made for that"
    )


def _reason(
    refused: RefusedNeed, need: Need | None, files: Mapping[str, str], held: Collection[str], pins: Mapping[str, str]
) -> str:
    taken = refused.fitting
    if need is None:
        return ""
    told = _told(need, files)
    if not taken:
        other = made_for_another(refused.name, refused.message, held)
        if need.dispensable or not (need.specifier and told) or need.imported or other:
            return need.dispensable
        return f"{told} stands beside it, and is of another machine, too, and nothing imports it"
    had, within = parted("" if need.url else need.specifier)
    if told and len(had) and not need.imported and within.contains(taken, prereleases=True):
        return f"{told} stands beside it, and is of another machine, too, and nothing imports it"
    version = _version(str(had))
    gives = bool(version) and within.contains(taken, prereleases=True)
    if made_for_another(refused.name, refused.message, held):
        follows = gives and _goes_with(told, refused) and _series(version) == _series(taken)
        return f"that goes with {told}, which gave way, too" if follows else ""
    if need.dispensable and not need.aside:
        return need.dispensable  # it was left out, and something else brings another release of it
    if need.aside and not need.beside:
        return f"{need.aside} is not among what the project requires here, and a manifest asks for any version"
    if not (gives or need.aside):
        return ""
    planned = refused.near == taken or pins.get(refused.name) == taken
    if gives and not ((planned or need.aside) and _first(version) == _first(taken)):
        return ""
    if need.aside:
        return f"{need.aside} is not among what the project requires here"
    return f"{told} stands beside it, and is of another machine, too" if told else refused.gave_way


def made_for_another(name: str, message: str, held: Collection[str]) -> bool:
    """Tell whether an explanation is that the refused release asks for something held in another version."""
    return bool(made_for(name, message, held))


def made_for(name: str, message: str, held: Collection[str]) -> str:
    """Return what is held that a refused release asks for in another version, by an explanation; empty for none."""
    asked = re.findall(rf"{re.escape(name)}\S* depends? on (?:one of:\s*)?([a-z0-9._-]*[a-z0-9])", message)
    return next((each for each in asked if each in held), "")


def _goes_with(pin: str, refused: RefusedNeed) -> bool:
    """Tell whether a refused release asks for exactly the version of something held that a pin beside it names."""
    asked = re.search(rf"{re.escape(refused.name)}\S* depends on ([a-z0-9._-]*[a-z0-9])==([\w.+!]*\w)", refused.message)
    named, _, rest = pin.partition(" (")[0].partition("==")
    return asked is not None and bool(rest) and named == asked[1] and same_version(rest, asked[2])


def _series(version: str) -> tuple[int, ...]:
    """Return what stays the same between releases that are meant to be used alike: 1 of 1.4.2, 0.4 of 0.4.2."""
    read = parsed(version)
    return (read.epoch, *read.release[: 1 if read.release[0] else 2]) if read is not None else ()


def _first(version: str) -> tuple[int, int]:
    """Return what tells a series: the epoch and the first number."""
    read = parsed(version)
    return (read.epoch, read.release[0]) if read is not None else (-1, -1)
