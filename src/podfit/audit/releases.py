"""What one release says beside its requirements: judged for itself, so that a release that passes can be looked for.

A judge is asked about the releases of a solution, and about older ones when one of those does not pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries
from podfit.audit.binary.linking import (
    Link,
    TorchLink,
    built_for,
    torch_link,
)
from podfit.audit.binary.loaded import parts, unread_alternative
from podfit.audit.binary.numpy_abi import refusal, silent_fault
from podfit.audit.chosen import chosen_libraries
from podfit.audit.cuda_libraries import CUDA_CHECK, cuda_libraries
from podfit.audit.judging import Judge, Objection, Surroundings
from podfit.audit.platform import symbol_versions, system_libraries
from podfit.catalogue.cuda_names import cuda_of
from podfit.model import Evidence, EvidenceKind, Release
from podfit.model.requirement import RequiresDist, named, only_extra

NUMPY_CHECK = "numpy"
EXTRA_CHECK = "extra"
TORCH_CHECK = "torch"

_HARDWARE = re.compile(r"(?:cuda|cu|gpu)[0-9]*x?|cpu")
"""Extras that are called by what they run on."""

_EXACT = re.compile(r"===?[^,*]+")
"""A specifier of one version."""

_STANDS_FOR = {"tf": "tensorflow", "np": "numpy"}
"""Extras that are called by a distribution's common short name."""


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
    """Yield an objection when an extra that is named after a held distribution (or NumPy) asks for another version.

    `torch>=2.6; extra == "torch"` says which torch the release works with, also where nobody asks for the extra. Of a
    release that names several such distributions one that it works with is enough, unless the project itself uses the
    other. Where the project excludes every release that would do, this is advice: the maintainers' statement, no fact.
    """
    del binaries
    named = [(extra, asked) for extra, asked in _named(release, around)]
    works = {asked.target for _, asked in named if asked.allows(around.environment[asked.target].version)}
    for extra, asked in named:
        if asked.target in works or (works - {"numpy"} and asked.target not in around.needed | {"numpy"}):
            continue
        there = around.environment[asked.target].version
        reason = f"{release.name} {release.version} works with {asked.short} (its extra {extra}), not {there}"
        evidence = Evidence(EvidenceKind.METADATA, f"{release.name} {release.version} METADATA", asked.line)
        yield Objection(EXTRA_CHECK, reason, evidence, advice=True)


def hardware_extras(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when all extras for NVIDIA's GPUs or a CPU ask for another version of something held.

    fla-core 0.5.2 names torch in such extras alone: `torch>=2.7.0; extra == "cuda"`. Advice, as `named_extras` is.
    """
    del binaries
    asked: dict[str, list[tuple[str, RequiresDist]]] = {}
    for line in release.requires_dist or ():
        extra = only_extra(line)
        if _HARDWARE.fullmatch(extra) and named(line) in around.held and named(line) in around.environment:
            for each in around.markers.active([line], [extra]):
                asked.setdefault(each.target, []).append((extra, each))
    for name, lines in asked.items():
        there = around.environment[name].version
        if not any(each.allows(there) for _, each in lines):
            extra, each = lines[0]
            reason = f"{release.name} {release.version} works with {each.short} (its extra {extra}), not {there}"
            evidence = Evidence(EvidenceKind.METADATA, f"{release.name} {release.version} METADATA", each.line)
            yield Objection(EXTRA_CHECK, reason, evidence, advice=True)
            return


def _named(release: Release, around: Surroundings) -> Iterator[tuple[str, RequiresDist]]:
    """Yield the extras that are called like a distribution that is there and stays, with the line about that."""
    for line in release.requires_dist or ():
        extra = only_extra(line)
        name = _STANDS_FOR.get(extra, extra)
        if not extra or name != named(line) or name == release.name or name not in around.environment:
            continue  # before anything is parsed: there are thousands of lines about extras
        if name in around.held or name == "numpy":
            yield from ((extra, asked) for asked in around.markers.active([line], [extra]))


def torch_interface(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when a part of the release that uses torch finds not all of its symbols in the planned one.

    A part is a file with what it draws in; of files for several versions (`libNAME4.so`, `libNAME5.so`) one is enough.
    """
    torch = around.environment.get("torch")
    users = [library for library in binaries.libraries if library.torch] if binaries is not None else []
    own = release.name in around.template.distributions and release.name in around.held
    if torch is None or binaries is None or not users or own:
        return
    told = built_for(release.version, release.requires_dist or ())
    links = {library.path: torch_link(library, torch.version, built_for=told) for library in users}
    broken = next(_broken(binaries, links), None)
    if broken is not None:
        link = links[broken.path]
        evidence = Evidence(
            EvidenceKind.BINARY, f"{release.name} {release.version}: {broken.path}", ", ".join(link.missing[:3])
        )
        said, voucher = f"{release.name} {release.version}: {link.sentence}", _voucher(release, around)
        if voucher:
            said += (
                f"; {voucher} asks for exactly these two, which its maintainers ran together: what misses is not used"
            )
        yield Objection(TORCH_CHECK, said, evidence, fatal=not voucher)
    elif unread := next((path for path, link in links.items() if link.link is Link.UNREAD), None):
        text = f"{release.name} {release.version} is compiled against torch, and {links[unread].sentence}"
        evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {unread}")
        remedy = f"import {release.name} on the machine before you rest on it (podfit verify does)"
        yield Objection(TORCH_CHECK, text, evidence, fatal=False, unknown=True, remedy=remedy)
    elif told and not any(link.link is Link.OK for link in links.values()):
        text = (
            f"{release.name} {release.version} was built for torch {told}; torch {torch.version} has every symbol that "
            "it asks for, and whether it works there nobody showed"
        )
        evidence = Evidence(EvidenceKind.METADATA, f"{release.name} {release.version}", f"built for torch {told}")
        yield Objection(TORCH_CHECK, text, evidence, fatal=False, unknown=True)


def _voucher(release: Release, around: Surroundings) -> str:
    """Return who requires exactly a release and exactly the torch that is there; empty where nobody does.

    torchao 0.9.0 imports beside torch 2.8.0 without its compiled operators, and sglang 0.5.5 asks for both.
    """
    wanted = {release.name: release.version, "torch": around.environment["torch"].version}
    for name, other in sorted(around.environment.items()):
        lines = [line for line in other.requires_dist or () if named(line) in wanted]
        exact = {
            each.target
            for each in (around.markers.active(lines) if len(lines) >= len(wanted) else ())
            if each.allows(wanted[each.target]) and _EXACT.fullmatch(str(each.requirement.specifier))
        }
        if exact == wanted.keys():
            return f"{name} {other.version}"
    return ""


def _broken(binaries: WheelBinaries, links: Mapping[str, TorchLink]) -> Iterator[LibraryFacts]:
    """Yield a file that misses a symbol for each part of a wheel of which no alternative has all; links by path."""
    absent = {path for path, link in links.items() if link.link is Link.MISSING}
    for part in parts(binaries):
        first = [next((each for each in drawn if each.path in absent), None) for drawn in part.alternatives]
        if first[0] is not None and all(first) and not unread_alternative(part.name, binaries):
            yield first[0]


def cuda_names(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when the release's name or version says that it is for another CUDA than the template's."""
    del binaries
    cuda = around.template.cuda
    said = cuda_of(release.name, release.version)
    if cuda is None or not cuda.value or said is None or said.major == cuda.value.partition(".")[0]:
        return
    what = "its name says" if said.by_name else "its version says"
    reason = f"{release.name} {release.version} is for CUDA {said.major}, as {what}; the template is for {cuda.value}"
    other = said.build_for(cuda.value.partition(".")[0])
    if other:
        reason += f"; a build for that would be called {other}"
    yield Objection(CUDA_CHECK, reason, said.evidence, whole=said.by_name)


JUDGES: tuple[Judge, ...] = (
    named_extras,
    hardware_extras,
    cuda_names,
    numpy_interface,
    torch_interface,
    cuda_libraries,
    chosen_libraries,
    symbol_versions,
    system_libraries,
)
"""The judges of releases, the cheap one first."""


def objections(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> tuple[Objection, ...]:
    """Return what stands against a release, from all judges."""
    return tuple(said for judge in JUDGES for said in judge(release, binaries, around))


def uses_numpy(release: Release) -> bool:
    """Tell whether a release states that it uses NumPy, extras included: only then its modules are worth reading."""
    return any(named(line) == "numpy" for line in release.requires_dist or ())
