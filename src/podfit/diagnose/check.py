"""Causes checked against an environment: confirmed, contradicted or unchecked; and their fixes solved over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.catalogue.gpus import runs
from podfit.catalogue.symptoms import symptoms
from podfit.catalogue.torch_pairs import partner
from podfit.diagnose.facts import Facts
from podfit.diagnose.model import Cause, Checked
from podfit.far.symptoms import case, filled
from podfit.model import canonical

_Told = tuple[Checked, str]
_NOTHING: _Told = (Checked.UNCHECKED, "")


def checked(causes: Sequence[Cause], facts: Facts) -> tuple[Cause, ...]:
    """Return the causes with what the environment says of each, what it confirms first, the first one's fix solved.

    A contradicted cause goes behind the others and is told with what contradicts it.
    """
    rows = {row["id"]: row for row in symptoms("log")}
    judged = [_judged(cause, rows.get(cause.symptom), facts) for cause in causes]
    order = {Checked.CONFIRMED: 0, Checked.UNCHECKED: 1, Checked.CONTRADICTED: 2}
    leading = judged[0].category if judged else ""
    ranked = sorted(judged, key=lambda one: (one.checked is Checked.CONTRADICTED, one.category != leading))
    if ranked and ranked[0].checked is Checked.CONTRADICTED:
        ranked.sort(key=lambda one: order[one.checked])
    if ranked and ranked[0].checked is not Checked.CONTRADICTED:
        from podfit.diagnose.solved import with_solved_fix

        ranked[0] = with_solved_fix(ranked[0], rows.get(ranked[0].symptom), facts)
    return tuple(ranked)


def _judged(cause: Cause, row: Mapping[str, object] | None, facts: Facts) -> Cause:
    """Return a cause with what the environment says of it."""
    check = case(row, cause.fields).get("check") if row is not None else None
    if not isinstance(check, Mapping):
        return cause
    for kind, judge in _CHECKS.items():
        if kind in check:
            told = {name: filled(str(value), cause.fields) for name, value in check.items()}
            verdict, words = judge(told, facts) if told[kind] or kind == "pair" else _NOTHING
            sure = {Checked.CONFIRMED: 0.98, Checked.CONTRADICTED: min(cause.confidence, 0.3)}.get(
                verdict, cause.confidence
            )
            return replace(cause, checked=verdict, told=words, confidence=sure)
    return cause


def _says(holds: bool, words: str) -> _Told:
    return (Checked.CONFIRMED if holds else Checked.CONTRADICTED), words


def _inside(version: str, specifier: str) -> bool | None:
    """Tell whether a version is within a specifier; None where one of them cannot be read."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


def _distribution(told: Mapping[str, str], facts: Facts) -> _Told:
    """A distribution is there in a version within a specifier. What a template lacks may have come after it."""
    name = canonical(told["distribution"])
    have = facts.versions.get(name, "")
    if not have:
        verdict = Checked.CONTRADICTED if facts.whole else Checked.UNCHECKED
        return verdict, f"{facts.source} has no {name}{'' if facts.whole else ' of its own'}"
    holds = _inside(have, told.get("is", ""))
    return _NOTHING if holds is None or not told.get("is") else _says(holds, f"{facts.source} has {name} {have}")


def _absent(told: Mapping[str, str], facts: Facts) -> _Told:
    """A distribution is not there."""
    name = canonical(told["absent"])
    have = facts.versions.get(name)
    return _says(have is None, f"{facts.source} has {f'{name} {have}' if have is not None else f'no {name}'}")


def _pair(told: Mapping[str, str], facts: Facts) -> _Told:
    """A distribution of torch's family is for another torch than the one that is there."""
    name, torch = canonical(told["pair"] or "torchvision"), facts.versions.get("torch", "")
    have = facts.versions.get(name, "")
    if not have or not torch:
        return _NOTHING
    words = f"{facts.source} has {name} {have} and torch {torch}"
    for line in facts.requires(name):
        needs = re.match(r"torch\s*\(?\s*(==[\w.]+)", line)
        if needs:
            holds = _inside(torch.partition("+")[0], needs[1])
            return _NOTHING if holds is None else _says(not holds, f"{words}; it requires torch{needs[1]}")
    belongs = partner(name, torch)
    return _says(belongs.split(".")[:2] != have.split(".")[:2], words) if belongs else _NOTHING


def _symbol(told: Mapping[str, str], facts: Facts) -> _Told:
    """A symbol is not in the torch that is there."""
    from podfit.audit.binary.torch_symbols import is_known, torch_symbols

    torch = facts.versions.get("torch", "")
    digest = torch_symbols()
    release = digest.release(torch)
    if not release or not is_known(told["symbol"]):
        return _NOTHING
    gone = bool(digest.missing([told["symbol"]], release))
    least = digest.least([told["symbol"]])
    since = f"; torch {least} and newer have it" if gone and least else ""
    return _says(gone, f"torch {torch} of {facts.source} {'does not provide' if gone else 'provides'} it{since}")


def _torch(told: Mapping[str, str], facts: Facts) -> _Told:
    """The torch that is there is one without CUDA."""
    torch = facts.versions.get("torch", "")
    known = facts.template.facts.torch
    cuda = known.cuda.value if known is not None and known.cuda is not None else None
    if "+cpu" in torch or cuda == "":
        return Checked.CONFIRMED, f"{facts.source} has torch {torch}, a build without CUDA"
    if "+cu" in torch or cuda:
        return Checked.CONTRADICTED, f"{facts.source} has torch {torch}, a build with CUDA"
    return _NOTHING


def _arch(told: Mapping[str, str], facts: Facts) -> _Told:
    """Torch's build has no code for an architecture."""
    known = facts.template.facts.torch
    archs = known.arch_list.value if known is not None and known.arch_list is not None else ()
    wanted = re.search(r"(\d+)", told["arch"])
    if not archs or not wanted:
        return _NOTHING
    digits = wanted[1]
    capable = runs(f"{digits[:-1]}.{digits[-1]}", archs) if len(digits) > 1 else False
    return _says(not capable, f"torch of {facts.source} has code for {', '.join(archs)}")


def _library(told: Mapping[str, str], facts: Facts) -> _Told:
    """A CUDA library is not there."""
    from podfit.audit.binary.linking import bringers, provided_by

    library = told["library"]
    for name in bringers(library):
        have = facts.versions.get(name)
        if have is not None and library in provided_by(name, have):
            return Checked.CONTRADICTED, f"{facts.source} has {name} {have}, which brings {library}"
    cuda = facts.template.facts.cuda
    listed = cuda.libraries.value if cuda is not None and cuda.libraries is not None else None
    if listed is None or not bringers(library):
        return _NOTHING
    there = any(path.rpartition("/")[2].startswith(library) for path in listed)
    return _says(not there, f"{facts.source} {'has' if there else 'has no'} {library}")


def _level(told: Mapping[str, str], facts: Facts) -> _Told:
    """The system's C or C++ library is older than a level."""
    family, _, need = told["level"].partition("_")
    have = {"GLIBC": facts.template.platform.glibc, "GLIBCXX": facts.template.platform.glibcxx}.get(family, "")
    try:
        older = bool(have) and Version(have) < Version(need)
    except InvalidVersion:
        return _NOTHING
    return _says(older, f"{facts.source} has {family} {have}") if have else _NOTHING


def _python(told: Mapping[str, str], facts: Facts) -> _Told:
    """The Python that is there is outside a specifier."""
    have = facts.template.interpreter.version
    holds = _inside(have, told["python"].strip("'\""))
    return _NOTHING if holds is None else _says(not holds, f"{facts.source} has Python {have}")


def _driver(told: Mapping[str, str], facts: Facts) -> _Told:
    """The driver is the one that the log tells of."""
    driver = facts.template.facts.driver
    have = driver.cuda.value if driver is not None and driver.cuda is not None else ""
    if not have or told["driver"] == "none":
        return _NOTHING
    return _says(have == told["driver"], f"the driver of {facts.source} can do CUDA {have}")


def _managed(told: Mapping[str, str], facts: Facts) -> _Told:
    """The Python belongs to the operating system."""
    managed = facts.template.interpreter.externally_managed
    return _says(managed, f"{facts.source} is {'' if managed else 'not '}marked as externally managed")


def _disk(told: Mapping[str, str], facts: Facts) -> _Told:
    """A disk has less than 100 MB left; a full disk that was cleared since says nothing."""
    disks = facts.template.facts.disks or ()
    full = [disk.mount for disk in disks if disk.total_bytes and disk.free_bytes < 100_000_000]
    return (Checked.CONFIRMED, f"{', '.join(full)} of {facts.source} is full") if full else _NOTHING


_CHECKS: dict[str, Callable[[Mapping[str, str], Facts], _Told]] = {
    "distribution": _distribution,
    "absent": _absent,
    "pair": _pair,
    "symbol": _symbol,
    "torch": _torch,
    "arch": _arch,
    "library": _library,
    "level": _level,
    "python": _python,
    "driver": _driver,
    "managed": _managed,
    "disk": _disk,
}
