"""What `podfit audit` answers: the findings alone, and of wheels what their compiled files ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries
from podfit.audit.binary.linking import bringers
from podfit.audit.binary.numpy_abi import NumpyAbi
from podfit.audit.binary.torch_symbols import is_known, torch_symbols
from podfit.audit.platform import is_systems
from podfit.catalogue.system_libraries import debian_packages, everywhere
from podfit.model import Finding, Verdict
from podfit.model.check import check_named
from podfit.model.words import shortened
from podfit.report.answer import Answer, Judged
from podfit.report.model import Block, Column, Report, Section, Span, Style, Table, Text, items, section, text

_STYLES = {
    Verdict.OK: Style.OK,
    Verdict.WARNING: Style.WARNING,
    Verdict.FAILED: Style.FAILED,
    Verdict.UNKNOWN: Style.UNKNOWN,
}
_ORDER = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)


class Audited(msgspec.Struct, frozen=True):
    """One thing that was audited: its name, what is known of it in pairs of words, and the findings."""

    name: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def audit_answer(audited: Sequence[Audited]) -> Answer:
    """Return the answer about everything that was audited."""
    return Answer(
        "podfit audit",
        lambda details: _report(audited, details=details),
        lambda: _report(audited, details=True),
        lambda: _data(audited),
        lambda: tuple(Judged(one.name, finding) for one in audited for finding in one.findings),
    )


def binary_facts(binaries: WheelBinaries, tags: str) -> Iterator[tuple[str, str]]:
    """Yield what the compiled files of a wheel ask for: of the C libraries, NumPy, torch, CUDA, GPUs, the system."""
    libraries = binaries.libraries
    if tags:
        yield "for", tags
    yield "compiled files", f"{len(libraries)} of {binaries.count} read" if binaries.count else "none"
    for words, found in (
        ("needs glibc", _highest(library.glibc for library in libraries)),
        ("needs GLIBCXX", _highest(library.glibcxx for library in libraries)),
        ("needs CXXABI", _highest(library.cxxabi for library in libraries)),
        ("NumPy", _numpy(libraries)),
        ("torch", _torch(libraries)),
        ("CUDA libraries", ", ".join(_unbrought(binaries, lambda name: bool(bringers(name))))),
        ("code for GPUs", " ".join(dict.fromkeys(code for library in libraries for code in library.archs))),
        ("system libraries", ", ".join(map(_with_package, _unbrought(binaries, _wanted_of_system)))),
        ("other libraries", ", ".join(_unbrought(binaries, _unknown))),
    ):
        if found:
            yield words, found


def _wanted_of_system(name: str) -> bool:
    """Tell whether a library is one of the system that not every system has."""
    return name not in everywhere() and is_systems(name)


def _unknown(name: str) -> bool:
    """Tell whether nobody that podfit knows brings a library: another wheel does."""
    return name not in everywhere() and not bringers(name) and not is_systems(name) and not name.startswith("ld-")


def _with_package(name: str) -> str:
    """Return a library with the Debian package that brings it, where one does."""
    packages = debian_packages(name)
    return f"{name} ({packages[0].name})" if packages else name


def _unbrought(binaries: WheelBinaries, of: Any) -> list[str]:
    """Return the libraries of a kind that the files of a wheel need and that it does not bring."""
    own = binaries.provided
    needed = dict.fromkeys(name for library in binaries.libraries for name in library.needed)
    return [name for name in needed if name not in own and of(name)]


def _highest(versions: Iterable[str]) -> str:
    """Return the highest of versions, empty without any."""
    return max(versions, key=lambda each: [int(part) for part in each.split(".") if part.isdigit()], default="")


def _numpy(libraries: Sequence[LibraryFacts]) -> str:
    """Return the classes of NumPy's interface that the files use, and the least version."""
    used = [library.numpy for library in libraries if library.numpy.abi is not NumpyAbi.NONE]
    if not used:
        return ""
    least = _highest(use.least for use in used if use.least)
    classes = ", ".join(dict.fromkeys(use.abi.value for use in used))
    return f"{classes}{f', from {least} on' if least else ''}"


def _torch(libraries: Sequence[LibraryFacts]) -> str:
    """Return the first torch that has every symbol that the files ask for."""
    names = [name for library in libraries for name in library.torch if is_known(name)]
    if not any(library.torch for library in libraries):
        return ""
    least = torch_symbols().least(names) if names else ""
    return f"{least} is the first with all symbols" if least else "uses its C++ interface; which release is not known"


def _report(audited: Sequence[Audited], *, details: bool) -> Report:
    """Return a section for each thing, and the verdict."""
    sections: list[Section] = []
    for one in audited:
        sections += section(one.name, *_one(one, details=details))
    failed = sum(finding.verdict is Verdict.FAILED for one in audited for finding in one.findings)
    told = f"{failed} finding{'s' if failed != 1 else ''} failed" if failed else "nothing failed"
    return Report((), (*sections, *section("Verdict", *items(text(told)))))


def _one(one: Audited, *, details: bool) -> Iterator[Block]:
    """Yield what is known of a thing and what was found; what is fine is counted without details."""
    if one.facts:
        yield Table((Column(lead=True), Column()), tuple((text(name), text(value)) for name, value in one.facts))
    shown = [f for f in one.findings if details or f.verdict is not Verdict.OK]
    yield from items(*map(_line, sorted(shown, key=lambda finding: _ORDER.index(finding.verdict))))
    fine = len(one.findings) - len(shown)
    if fine:
        names = shortened(dict.fromkeys(f"{f.code} {f.check}" for f in one.findings if f.verdict is Verdict.OK))
        yield from items(text(f"{fine} ok: {names}"))


def _line(finding: Finding) -> Text:
    """Return a finding as a statement."""
    fix = f"; {finding.remedy}" if finding.remedy and finding.verdict is not Verdict.OK else ""
    said = f" {finding.message}{fix} [{finding.evidence.kind.value}]"
    return text(Span(finding.verdict.value, _STYLES[finding.verdict]), f" {finding.code}", said)


def _data(audited: Sequence[Audited]) -> Mapping[str, Any]:
    """Return the JSON object."""
    return {
        "schema": "podfit.audit/1",
        "audited": [
            {
                "name": one.name,
                "facts": dict(one.facts),
                "findings": [
                    {
                        "code": check_named(finding.check).code,
                        "check": finding.check,
                        "subject": finding.subject,
                        "verdict": finding.verdict.value,
                        "message": finding.message,
                        "evidence": msgspec.to_builtins(finding.evidence),
                        "remedy": finding.remedy,
                        "ignored": finding.ignored,
                    }
                    for finding in one.findings
                ],
            }
            for one in audited
        ],
    }
