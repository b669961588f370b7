"""Needs that the project may run without, and that bring what an audit fails: no part of a project is worth the rest.

ChatTTS imports transformer-engine in one function, and what that brings is for another CUDA. A resolver that cannot
have such a need leaves it out by itself; what only the audits know, it has to be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podfit.audit import Subject
from podfit.model import Bound, Finding, Verdict
from podfit.model.graph import reached

_NO_VERSION = "<0"
"""A specifier that no version is in."""


def not_worth(subject: Subject, findings: Iterable[Finding]) -> Iterator[Bound]:
    """Yield a bound that leaves out each dispensable need without which a failed finding is of nothing planned."""
    failed = [each for each in findings if each.verdict is Verdict.FAILED and each.subject in subject.added]
    if not failed:
        return
    edges = subject.walk.edges
    kept = reached([need.name for need in subject.needs if not need.dispensable], edges)
    for need in subject.needs:
        brought = reached([need.name], edges) - kept if need.dispensable else ()
        found = next((each for each in failed if each.subject in brought), None)
        if found is not None:
            version = subject.added[found.subject].version
            what = found.subject if found.subject == need.name else f"{found.subject}, which it brings"
            yield Bound(need.name, f"{what}, {version}: {found.message}", found.evidence, _NO_VERSION)
