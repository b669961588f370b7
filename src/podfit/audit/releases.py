"""What one release says beside its requirements: judged for itself, so that a release that passes can be looked for.

A judge is asked about the releases of a solution, and about older ones when one of those does not pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement

from podfit.audit.binary.facts import WheelBinaries
from podfit.audit.binary.numpy_abi import refusal, silent_fault
from podfit.model import Evidence, EvidenceKind, Release, Template, canonical
from podfit.model.requirement import Markers, only_extra, parse_requires_dist

NUMPY_CHECK = "numpy"
EXTRA_CHECK = "extra"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STANDS_FOR = {"tf": "tensorflow", "np": "numpy"}
"""Extras that are called by a distribution's common short name."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a release is judged in: the template, and the planned environment by name."""

    template: Template
    environment: Mapping[str, Release]
    held: frozenset[str]
    markers: Markers = field(compare=False)


@dataclass(frozen=True, slots=True)
class Objection:
    """What stands against a release in its surroundings: the check, a sentence, the evidence.

    fatal tells that it does not run; otherwise it runs and may be wrong. target and specifier are set where another
    version of target would do as well: the versions of it that the release accepts.
    """

    check: str
    reason: str
    evidence: Evidence
    fatal: bool = True
    target: str = ""
    specifier: str = ""


Judge = Callable[[Release, WheelBinaries | None, Surroundings], Iterator[Objection]]
"""Yields what stands against one release; the binaries are None where nobody read them."""


def numpy_interface(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when a compiled module of the release refuses the planned NumPy, or misreads it."""
    numpy = around.environment.get("numpy")
    if binaries is None or numpy is None or release.name == "numpy":
        return
    for speak, fatal in ((refusal, True), (silent_fault, False)):
        for library in binaries.libraries:
            reason = speak(library.numpy, numpy.version)
            if reason:
                read = f"{len(binaries.libraries)} of {binaries.count} compiled files were read"
                evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {library.path}", read)
                said = f"{release.name} {release.version}: {library.path.rpartition('/')[2]}: {reason}"
                yield Objection(NUMPY_CHECK, said, evidence, fatal)
                break


def named_extras(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when an extra that is named after a distribution asks for another version of it.

    `torch>=2.6; extra == "torch"` says which torch the release works with, also where nobody asks for the extra.
    """
    del binaries
    for line in release.requires_dist or ():
        extra = only_extra(line)
        if not extra or _STANDS_FOR.get(extra, extra) != _asked_name(line):
            continue  # before anything is parsed: there are thousands of lines about extras
        asked = parse_requires_dist(line)
        if asked is None or asked.target == release.name:
            continue
        there = around.environment.get(asked.target)
        if there is None or asked.allows(there.version) or not _applies(line, extra, around):
            continue
        reason = f"{release.name} {release.version} works with {asked.short} (its extra {extra}), not {there.version}"
        evidence = Evidence(EvidenceKind.METADATA, f"{release.name} {release.version} METADATA", line)
        free = asked.target not in around.held and asked.target != "numpy"
        specifier = str(Requirement(line).specifier)
        yield Objection(EXTRA_CHECK, reason, evidence, True, asked.target if free else "", specifier if free else "")


def _applies(line: str, extra: str, around: Surroundings) -> bool:
    """Tell whether a line counts on the template once its extra is asked for."""
    return any(True for _ in around.markers.active([line], [extra]))


JUDGES: tuple[Judge, ...] = (named_extras, numpy_interface)
"""The judges of releases, the cheap one first."""


def objections(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> tuple[Objection, ...]:
    """Return what stands against a release, from all judges."""
    return tuple(said for judge in JUDGES for said in judge(release, binaries, around))


def uses_numpy(release: Release) -> bool:
    """Tell whether a release states that it uses NumPy, extras included: only then its modules are worth reading."""
    return any(_asked_name(line) == "numpy" for line in release.requires_dist or ())


def _asked_name(line: str) -> str:
    """Return the normalized name that a Requires-Dist line (PEP 508) begins with; empty for what is none."""
    found = _NAME.match(line)
    return canonical(found.group()) if found else ""
