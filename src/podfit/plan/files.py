"""The files of a release that the template can take, in the order in which it would."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import BuildTag, InvalidWheelFilename, parse_wheel_filename

from podfit.model import Artefact, LockedPackage, NoPlanError, Template
from podfit.model.words import shortened


def planned_files(name: str, package: LockedPackage, template: Template) -> tuple[Artefact, ...]:
    """Return the files of a package that fit template, best first; empty for a direct reference without a file.

    Raises NoPlanError when its files are known and none fits, or when the one that does would be a build from source
    only because the template's C library is not known: that is nothing to install.
    """
    files = best_first(package.artefacts, template)
    target = template.target
    if not package.artefacts or any(file.kind == "wheel" for file in files):
        return files
    what = f"{name} {package.version or package.url}"
    waiting = [file for file in package.artefacts if file.kind == "wheel" and target.would_fit(_tags(file))]
    if target.glibc_minor is None and waiting:
        raise NoPlanError(
            f"{template.name} does not state its glibc, and {what} is published for one ({waiting[0].filename})",
            remedy="say which glibc it has with --glibc 2.35, or probe the template: podfit probe",
        )
    if not files:
        offered = shortened([file.filename for file in package.artefacts], 3)
        raise NoPlanError(
            f"no file of {what} fits {template.name} ({target}): there is {offered}",
            remedy="ask for another version, or take another template",
        )
    return files


def best_first(files: Iterable[Artefact], template: Template) -> tuple[Artefact, ...]:
    """Return the wheels that the template accepts, best first, then the source distribution.

    The better tag comes first (PEP 425); of one tag, the wheel with the highest build tag, as pip takes it: the number
    counts as a number, then what follows it as text, and no build tag is the lowest (PEP 427).
    """
    rank = template.target.ranks
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


def _tags(file: Artefact) -> frozenset[str]:
    """Return the tags of a wheel, none where its name is no wheel's."""
    try:
        return frozenset(map(str, parse_wheel_filename(file.filename)[3]))
    except InvalidWheelFilename:
        return frozenset()
