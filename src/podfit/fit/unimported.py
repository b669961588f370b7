"""Releases that whatever requires them does without: a library of the system that one of these lacks costs little.

mediapipe requires sounddevice, which opens a library of the system as it is imported, and catches the error: without
the library mediapipe works but for recording. That is read in the wheels that require it (podfit.audit.at_import).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.at_import import Used
from podfit.catalogue.imports import modules_of
from podfit.fit.binaries import added_wheel
from podfit.fit.wheels import import_of
from podfit.model import Finding, Verdict
from podfit.model.steps import Steps, Wait

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile


def unimported(index: Index, subject: Subject, findings: Iterable[Finding]) -> Steps[frozenset[str]]:
    """Return the added releases that fail for a library of the system, and without which all that asks for them works.

    What the project asks for is none of them, and nothing is that something asks for which cannot be read.
    """
    needed = {need.name for need in subject.needs}
    failed = {each.subject for each in findings if each.check == "system" and each.verdict is Verdict.FAILED} - needed
    found: set[str] = set()
    for name in sorted(failed):
        askers = {other: added_wheel(subject, other) for other, asked in subject.walk.edges.items() if name in asked}
        wheels = {other: file for other, file in askers.items() if file is not None}
        if askers and len(wheels) == len(askers):
            spared = yield Wait(lambda wheels=wheels, name=name: _spared(index, wheels, name))  # type: ignore[misc]
            found |= {name} if spared else set()
    return frozenset(found)


def _spared(index: Index, wheels: dict[str, IndexFile], name: str) -> bool:
    """Tell whether all wheels, by the names of their distributions, do without name's modules; the waiting part."""
    modules = {*modules_of(name), name.replace("-", "_")}
    for asker, file in wheels.items():
        read = import_of(index, file, asker)
        if read is None or modules & _tops(read.modules) or not modules & _tops(read.guarded):
            return False
    return True


def _tops(found: Iterable[Used]) -> set[str]:
    """Return the top-level names of modules."""
    return {used.name.partition(".")[0] for used in found}
