"""PF124: names that the project's own code uses and that the planned release no longer has.

`np.float` raises from NumPy 1.24 on, `Image.ANTIALIAS` from Pillow 10 on. What is added goes back for them; what the
template has stays, but for what a module of the project uses as it is imported: without it there is no need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from podfit.audit import Subject
from podfit.catalogue.moved_names import Gone, gone_anywhere
from podfit.model import Bound, Evidence, EvidenceKind, Finding, NameUse, Project, Verdict
from podfit.model.versions import same_or_newer, same_version
from podfit.model.words import shortened

_SHOWN = 3
"""So many places are told."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """Uses of names that a planned distribution no longer has, from the first release on that lacks one of them."""

    name: str
    version: str
    since: str
    uses: tuple[NameUse, ...]
    gone: Gone

    @property
    def reason(self) -> str:
        """What is used where, and since when it is gone."""
        names = shortened(dict.fromkeys(use.name for use in self.uses), _SHOWN)
        places = shortened((str(use) for use in self.uses), _SHOWN)
        return f"the project uses {names} ({places}), which {self.name} {self.since} and newer no longer have"

    @property
    def evidence(self) -> Evidence:
        """How it is known."""
        if self.gone.seen:
            return Evidence(EvidenceKind.MEASURED, f"{self.name} {self.gone.seen}", self.uses[0].name)
        return Evidence(EvidenceKind.PUBLISHED, f"the notes of {self.name} {self.since}", self.uses[0].name)


def used_bounds(project: Project, subject: Subject) -> tuple[Bound, ...]:
    """Return a bound on each release that the project's code needs an older one of.

    Of what the template has only where a module of the project cannot be imported with it; of what is held none.
    """
    found = []
    for lost in _lost(project, subject):
        firm = lost.name not in subject.added
        if lost.name not in subject.held and (not firm or any(use.certain for use in lost.uses)):
            found.append(Bound(lost.name, lost.reason, lost.evidence, f"<{lost.since}"))
    return tuple(found)


def used_findings(project: Project, subject: Subject, told: Iterable[str]) -> Iterator[Finding]:
    """Yield a warning for what the project's code uses and the planned release lacks; of told, others told already."""
    already = set(told)
    for lost in _lost(project, subject):
        if lost.name in already:
            continue
        held = lost.name in subject.held
        other = f"take a template whose {lost.name} is older" if held else f"declare {lost.name}<{lost.since}"
        text = f"{lost.reason}; {'the template has' if held else 'planned is'} {lost.version}"
        yield Finding("names", lost.name, Verdict.WARNING, text, lost.evidence, f"write it anew, or {other}")


def _lost(project: Project, subject: Subject) -> Iterator[_Lost]:
    """Yield what is used of each distribution and gone in the planned release, unless that was tested."""
    local = project.local.distributions if project.local is not None else {}
    by_name: dict[str, list[tuple[NameUse, Gone]]] = {}
    for use in project.uses:
        gone = gone_anywhere().get(use.name)
        release = subject.environment.get(gone.distribution) if gone is not None else None
        if gone is not None and release is not None and same_or_newer(release.version, gone.since):
            by_name.setdefault(gone.distribution, []).append((use, gone))
    for name, found in sorted(by_name.items()):
        version = subject.environment[name].version
        if name in local and same_version(local[name].version, version):
            continue
        first = next(gone for _, gone in found if all(same_or_newer(other.since, gone.since) for _, other in found))
        yield _Lost(name, version, first.since, tuple(use for use, _ in found), first)
