"""What an extra of a planned release says of a distribution that its import uses, whoever asks for that.

nemo-toolkit 2.1.0 requires nothing that its collections import; its extras do, `lightning<=2.4.0` among it. That its
modules import lightning is read in the wheel, and makes it a need (podfit.fit.imported); what it works with, the extra
tells. Extras for tests, documentation and development tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from podfit.audit import Subject
from podfit.audit.at_import import AtImport
from podfit.catalogue.imports import providers
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.requirement import Markers, RequiresDist, named, only_extra

_APART = ("dev", "doc", "lint", "quality", "style", "test", "typing")
"""How extras for who works on a project itself are called, or begin."""

_LOW = (">", ">=", "~=")
"""Operators that ask for a later release."""


def said_in_extras(subject: Subject, read: Mapping[str, AtImport]) -> Iterator[Bound]:
    """Yield a bound on each added release that extras of one that imports it name and none admits: what the first says.

    read are the facts of planned wheels, by name.
    """
    markers = Markers(subject.template.marker_environment)
    limited = {each.name for each in subject.timely if not each.gave_way}
    for asker, facts in sorted(read.items()):
        release = subject.added[asker]
        used = {name for each in facts.modules for name in providers(each.name, subject.added)} - {asker}
        used -= subject.held | {"numpy"}
        told: dict[str, list[tuple[str, RequiresDist]]] = {}
        for line in release.requires_dist or ():
            name = named(line) if used else ""
            if name not in used:
                continue
            extra = only_extra(line)
            if not extra:
                used.discard(name)  # it is required: that is what counts
            elif not extra.startswith(_APART):
                told.setdefault(name, []).extend((extra, each) for each in markers.active([line], [extra]))
        for name, lines in sorted(told.items()):
            there = subject.added[name].version
            if name not in used or any(each.allows(there) for _, each in lines) or not lines:
                continue
            extra, each = lines[0]
            low = [part for part in each.requirement.specifier if part.operator in _LOW]
            if name in limited and not all(part.contains(there) for part in low):
                continue  # a later one is not of the template's time
            evidence = Evidence(EvidenceKind.METADATA, f"{asker} {release.version} METADATA", each.line)
            reason = f"{asker} {release.version} imports {name} and works with {each.short} (its extra {extra})"
            yield Bound(name, f"{reason}, not {there}", evidence, str(each.requirement.specifier))
