"""Wheels and environments on disk: what is in their compiled files, and what stands against them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from podfit.audit import Subject, walk
from podfit.audit.binary.facts import MOST_LIBRARY_BYTES, LibraryFacts, WheelBinaries, library_facts, wheel_binaries
from podfit.audit.binary.library import NotElfError
from podfit.audit.consistency import CHECK, final_environment
from podfit.audit.judging import Surroundings
from podfit.audit.machine import machine
from podfit.audit.registry import as_finding
from podfit.audit.releases import objections
from podfit.catalogue.for_gpus import with_code_for
from podfit.catalogue.held import is_held
from podfit.fit.machines import on_machine
from podfit.index.archives import opened
from podfit.index.metadata import parse_metadata
from podfit.model import (
    Evidence,
    EvidenceKind,
    Finding,
    InputError,
    Overlay,
    Release,
    Template,
    Verdict,
    Where,
    canonical,
)
from podfit.model.requirement import Markers
from podfit.readers.installed import Installed, read_installed


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an audit looked at: its name, a release and its binaries where it is a wheel, and what was found.

    tags are what a wheel is for, as its name says.
    """

    name: str
    findings: tuple[Finding, ...]
    release: Release | None = None
    binaries: WheelBinaries = field(default_factory=WheelBinaries)
    tags: str = ""


def inspect_wheel(path: str, template: Template | None) -> Inspected:
    """Return what a wheel says of itself, held against template where one is given.

    Raises InputError for what is no wheel, or cannot be opened; what is damaged inside is a finding.
    """
    file = Path(path)
    try:
        name, version, _, tags = parse_wheel_filename(file.name)
        with opened(file) as bundle:
            binaries = wheel_binaries(bundle)
            release = _release(bundle, canonical(str(name)), str(version), file.name)
    except (InvalidWheelFilename, OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        remedy = "name a wheel as an index has it"
        raise InputError(f"the wheel cannot be read: {error}", where=Where(path), remedy=remedy) from None
    findings = [_unread(release.name, why, file.name) for why in binaries.unread]
    if template is not None:
        if not template.target.fits(frozenset(map(str, tags))):
            evidence = Evidence(EvidenceKind.METADATA, file.name, "its tags")
            text = f"{file.name} is not for {template.target}"
            findings.append(Finding("wheels", release.name, Verdict.FAILED, text, evidence, "another wheel of it"))
        environment = {**final_environment(template, {}), release.name: release}
        findings += judged(release, binaries, template, environment)
        overlay = Overlay({}, (), (), {}, (), ())
        subject = Subject(
            template, (), overlay, {release.name: release}, frozenset(), binaries={release.name: binaries}
        )
        findings += [each for each in machine(subject).findings if each.subject == release.name]
    shown = ", ".join(sorted(str(tag) for tag in tags)[:3])
    return Inspected(file.name, tuple(findings), release, binaries, shown)


def judged(
    release: Release,
    binaries: WheelBinaries | None,
    template: Template,
    environment: dict[str, Release],
    brought: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Return what stands against a release in an environment, from all judges of releases."""
    held = frozenset(name for name in template.distributions if is_held(name))
    around = Surroundings(
        template, environment, held - {release.name}, frozenset(), Markers(template.marker_environment), brought
    )
    return [
        as_finding(release.name, said, fatal=said.fatal and not said.advice)
        for said in objections(release, binaries, around)
    ]


def _release(bundle: zipfile.ZipFile, name: str, version: str, filename: str) -> Release:
    """Return the release that a wheel's METADATA states; one without is known by the file's name alone."""
    evidence = Evidence(EvidenceKind.METADATA, f"{filename} METADATA")
    inside = [each for each in bundle.namelist() if each.endswith(".dist-info/METADATA") and each.count("/") == 1]
    if not inside or bundle.getinfo(inside[0]).file_size > 16 << 20:
        return Release(name, version, None, "", evidence)
    try:
        found = parse_metadata(bundle.read(inside[0]), filename, "METADATA")
    except (ValueError, zipfile.BadZipFile, RuntimeError, EOFError):
        return Release(name, version, None, "", evidence)
    return Release(name, version, found.requires_dist, found.requires_python, evidence)


def inspect_environment(path: str, gpu: str = "", driver: str = "") -> Inspected:
    """Return what stands against the distributions of an environment, whose files are read and nothing is run.

    gpu and driver name the machine, as `on_machine` takes them. Raises InputError where there is no environment.
    """
    found = read_installed(path)
    pod = on_machine(found.template, gpu, driver)
    environment = final_environment(pod, {})
    brought = frozenset(path.rpartition("/")[2] for name in found.files for path in found.libraries(name))
    findings = list(_consistent(pod))
    for name, release in sorted(environment.items()):
        if not is_held(name, release.version):
            findings += judged(release, installed_binaries(found, name), pod, environment, brought)
    findings += _owned_twice(found)
    findings += machine(
        Subject(pod, (), Overlay({}, (), (), {}, (), ()), {}, frozenset(), code_for=with_code_for)
    ).findings
    return Inspected(found.folder, tuple(findings))


def installed_binaries(found: Installed, name: str) -> WheelBinaries:
    """Return what the compiled files of an installed distribution say."""
    paths = found.libraries(name)
    libraries: list[LibraryFacts] = []
    unread: list[str] = []
    for path in paths:
        place = Path(found.folder, path)
        try:
            if place.stat().st_size > MOST_LIBRARY_BYTES:
                unread.append(f"{path}: it is larger than any library")
                continue
            libraries.append(library_facts(path, place.read_bytes()))
        except (OSError, NotElfError, ValueError) as error:
            unread.append(f"{path}: {error}")
    names = tuple(path.rpartition("/")[2] for path in paths)
    return WheelBinaries(tuple(libraries), tuple(unread), len(paths), names)


def _consistent(template: Template) -> Iterator[Finding]:
    """Yield each requirement that does not hold, or that all do."""
    seen = walk(final_environment(template, {}), template)
    for violation in seen.violations:
        remedy = f"install what {violation.name} asks for, or another version of it"
        yield Finding(CHECK, violation.name, Verdict.FAILED, str(violation), violation.evidence, remedy)
    if not seen.violations:
        evidence = Evidence(EvidenceKind.METADATA, "Requires-Dist of every distribution, judged by packaging")
        text = f"{seen.judged} requirements of {len(template.distributions)} distributions hold"
        yield Finding(CHECK, template.name, Verdict.OK, text, evidence)


def _owned_twice(found: Installed) -> Iterator[Finding]:
    """Yield a warning for each two distributions whose RECORDs list the same files."""
    owners: dict[str, list[str]] = {}
    for name, paths in found.files.items():
        for path in paths:
            if "__pycache__" not in path:
                owners.setdefault(path, []).append(name)
    pairs: dict[tuple[str, str], list[str]] = {}
    for path, names in owners.items():
        for other in names[1:]:
            pairs.setdefault((names[0], other), []).append(path)
    for (one, other), shared in sorted(pairs.items()):
        text = f"{one} and {other} both own {min(shared, key=len)} ({len(shared)} files in all): the last installed won"
        evidence = Evidence(EvidenceKind.METADATA, f"the RECORDs of {one} and {other}")
        yield Finding("files", one, Verdict.WARNING, text, evidence, "keep one of them, and install it again")


def _unread(name: str, why: str, filename: str) -> Finding:
    """Return that a file of a wheel could not be read."""
    evidence = Evidence(EvidenceKind.BINARY, filename)
    return Finding("numpy", name, Verdict.UNKNOWN, f"a compiled file of {name} was not read: {why}", evidence)


def inspect_all(paths: Sequence[str], template: Template | None, gpu: str = "", driver: str = "") -> list[Inspected]:
    """Return what was found in each of some wheels and environments, in order; errors as the two above."""
    return [
        inspect_wheel(path, template) if path.endswith(".whl") else inspect_environment(path, gpu, driver)
        for path in paths
    ]
