"""The files of a release in the order in which the template would take them."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import BuildTag, InvalidWheelFilename, parse_wheel_filename

from podfit.model import Artefact, Template
from podfit.model.tags import platform_tags


def best_first(files: Iterable[Artefact], template: Template) -> tuple[Artefact, ...]:
    """Return the wheels that the template accepts, best first, then the source distribution.

    The better tag comes first (PEP 425); of one tag, the wheel with the highest build tag, as pip takes it: the number
    counts as a number, then what follows it as text, and no build tag is the lowest (PEP 427).
    """
    rank = {tag: number for number, tag in enumerate(platform_tags(template))}
    wheels: list[tuple[int, BuildTag, Artefact]] = []
    rest: list[Artefact] = []
    for file in files:
        if file.kind != "wheel":
            rest.append(file)
            continue
        try:
            _, _, build, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        best = min((rank[str(tag)] for tag in tags if str(tag) in rank), default=None)
        if best is not None:
            wheels.append((best, build, file))
    wheels.sort(key=lambda found: found[2].filename)
    wheels.sort(key=lambda found: found[1], reverse=True)
    wheels.sort(key=lambda found: found[0])
    return (*(file for _, _, file in wheels), *rest)
