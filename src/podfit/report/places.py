"""The place in a project's files that a statement is about, where its evidence names one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from podfit.model import Evidence, Plan, Where

_PLACE = re.compile(r"(?P<path>[^:\[\]\n]+?)(?P<cell>\[\d+\])?:(?P<line>\d{1,9})", re.ASCII)


def place_of(evidence: Iterable[Evidence], folder: str = "") -> Where | None:
    """Return the first place that evidence names (`train.py:3`), below folder; None where none does.

    Of a notebook (`a.ipynb[2]:1`, a line of a cell) the file alone is named: the line is none of the file's. Paths
    that lead to the root of the file system are none of a project's.
    """
    for each in evidence:
        found = _PLACE.fullmatch(each.source)
        if found is not None and found["path"][0] != "/":
            path = posixpath.normpath(posixpath.join(folder, found["path"]))
            return Where(path, 0 if found["cell"] else int(found["line"]))
    return None


def askers(plan: Plan) -> Mapping[str, tuple[Evidence, ...]]:
    """Return for each distribution the evidence of the needs that lead to it, its own first, then the nearest ones."""
    found: dict[str, tuple[Evidence, ...]] = {}
    waiting = [(need.name, need.evidence) for need in plan.needs]
    while waiting:
        further = []
        for name, evidence in waiting:
            if name not in found:
                found[name] = evidence
                further += [(target, evidence) for target in plan.edges.get(name, ())]
        waiting = further
    return found
