"""The files of a release in the order in which the template would take them."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from podfit.model import Artefact, Template
from podfit.model.tags import platform_tags


def best_first(files: Iterable[Artefact], template: Template) -> tuple[Artefact, ...]:
    """Return the wheels that the template accepts, best tag first (PEP 425), then the source distribution."""
    rank = {tag: number for number, tag in enumerate(platform_tags(template))}
    wheels: list[tuple[int, Artefact]] = []
    rest: list[Artefact] = []
    for file in files:
        if file.kind != "wheel":
            rest.append(file)
            continue
        try:
            tags = parse_wheel_filename(file.filename)[3]
        except InvalidWheelFilename:
            continue
        best = min((rank[str(tag)] for tag in tags if str(tag) in rank), default=None)
        if best is not None:
            wheels.append((best, file))
    return (*(file for _, file in sorted(wheels, key=lambda pair: (pair[0], pair[1].filename))), *rest)
