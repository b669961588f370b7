"""Conda's packages as declarations, as far as it is known what they are on the index; the rest is told of."""

from __future__ import annotations

from dataclasses import dataclass, field

from podfit.model import Declaration, Where
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.environment.conda_names import CondaName, Known


def declaration_of(found: CondaName, requirement: str, where: Where, group: str = "") -> Declaration:
    """Return the declaration of a line of conda: one that asks for nothing where it is not known what it is on PyPI.

    Such a line speaks where the code imports the name, and else it is none.
    """
    if found.known is Known.UNSURE:
        return Declaration(requirement, where, group=group, scope=where.path, asks=False)
    return Declaration(requirement, where, group=group)


@dataclass
class Told:
    """Conda's packages of one file that are not simply taken, by what is to be told of them."""

    foreign: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def of(self, name: str, found: CondaName) -> bool:
        """Take what is to be told of a package; tell whether it has a name to be declared by."""
        lists = {Known.FOREIGN: self.foreign, Known.SEVERAL: self.several, Known.UNSURE: self.unsure}
        if found.known in lists:
            lists[found.known].append(name)
        return bool(found.pypi)

    def notices(self, source: Source, reading: Reading) -> None:
        """Add the notices about the packages of source to reading."""
        for names, why in (
            (self.foreign, "left to the template, for they are no Python distributions"),
            (self.several, "what the code imports tells which distributions of the index these are"),
            (self.unsure, "taken where the code imports them, for the index may have something else by these names"),
        ):
            if names:
                reading.notice(f"{source.shown}: {why}: {', '.join(sorted(set(names)))}")
