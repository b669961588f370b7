"""Do two planned distributions bring the same files? What is installed last wins, and neither is as it was tested."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from podfit.audit.interface import Audited, Subject
from podfit.catalogue.variants import variants
from podfit.model import Evidence, EvidenceKind, Finding, Verdict


def shared_files(subject: Subject) -> Audited:
    """Warn about each pair of builds of one package that bring the same files; at least one is added by the plan."""
    return Audited(tuple(_pairs(subject)))


def _pairs(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each pair whose files are known and overlap; one that requires the other is made to."""
    edges = subject.walk.edges
    for group in variants(subject.environment):
        for one, other in combinations(group, 2):
            both = subject.files.get(one, frozenset()) & subject.files.get(other, frozenset())
            companions = other in edges.get(one, ()) or one in edges.get(other, ())
            if not both or companions or not {one, other} & set(subject.added):
                continue
            example = min(both, key=lambda path: (path.count("/"), path))
            yield Finding(
                "files",
                one,
                Verdict.WARNING,
                f"{one} and {other} both bring {example} ({len(both)} files in all): what is installed last wins",
                Evidence(EvidenceKind.BINARY, f"the directories of the wheels of {one} and {other}"),
                f"keep one of them; {_asked(subject, one, other)}",
            )


def _asked(subject: Subject, one: str, other: str) -> str:
    """Return who asks for the two."""
    needed = {need.name for need in subject.needs}
    said = []
    for name in (one, other):
        askers = sorted(asker for asker, targets in subject.walk.edges.items() if name in targets)
        who = ["the project", *askers] if name in needed else askers
        said.append(f"{name} is asked for by {', '.join(who[:3]) or 'nobody'}")
    return ", ".join(said)
