"""An anchor that has to move stays in its major version where what is asked for can be had there, too.

timesfm 1.2.8 asks for numpy>=1.26.4, and a template has 1.26.3: NumPy has to move. The newest jax, which it imports
in whatever version, had then led to NumPy 2, although jax 0.7.1 goes with 1.26.4, and although what else the template
has was made for NumPy 1. So the next major version is wished away (podfit.fit.wishes), and comes back where a need
would be lost or years older.
"""

from __future__ import annotations

from collections.abc import Iterator

from podfit.audit import Subject
from podfit.catalogue.anchors import anchored
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.versions import parsed


def steady(subject: Subject) -> Iterator[Bound]:
    """Yield a bound for each anchor that a solution moves to a later major version."""
    anchors = anchored(subject.template, subject.held)
    for change in subject.overlay.changes:
        before, after = parsed(change.before), parsed(change.after)
        if change.name in anchors and before is not None and after is not None and before.major < after.major:
            reason = f"the template's {change.name} {change.before} would go to {change.after}, another major version"
            evidence = Evidence(EvidenceKind.ASSUMED, "what the template has was made for", f"{change.name} {before}")
            yield Bound(
                change.name, f"{reason}; one before {before.major + 1} is wanted", evidence, f"<{before.major + 1}"
            )
