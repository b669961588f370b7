"""Releases whose Requires-Python ends before the template's Python: uv takes them, for it passes over upper ends."""

from __future__ import annotations

from podfit.audit import Subject
from podfit.fit.phases import Given
from podfit.model import Bound, PodfitError
from podfit.model.steps import Steps, Wait
from podfit.model.versions import admits

MOST_TOLD = 60
"""So many releases of one distribution at most are excluded at once."""


def of_other_pythons(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound that excludes each added release that is not for the template's Python, and all such."""
    python = subject.template.interpreter.version
    bounds: list[Bound] = []
    for name, release in sorted(subject.added.items()):
        if not release.requires_python or admits(release.requires_python, python):
            continue
        try:
            releases = yield Wait(lambda name=name: given.index.releases(name))  # type: ignore[misc]
        except PodfitError:
            releases = {}
        others = [
            version
            for version, files in releases.items()
            if files and not any(admits(file.requires_python, python) for file in files)
        ]
        excluded = dict.fromkeys((release.version, *(others if len(others) <= MOST_TOLD else ())))
        reason = f"{name} {release.version} is for Python {release.requires_python}, the template has {python}"
        bounds.append(Bound(name, reason, release.evidence, ",".join(f"!={version}" for version in excluded)))
    return tuple(bounds)
