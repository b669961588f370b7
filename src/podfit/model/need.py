"""A need: a distribution that the project really uses."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from podfit.model.evidence import Evidence

_CLAUSE = re.compile(r"(?:===|[=~<>!]=|[<>])[^\s,;<>=!~)]+")
"""One part of a range, in a requirement as it was declared."""


@dataclass(frozen=True, slots=True)
class Need:
    """A distribution the project uses, with what it asks of it and why podfit believes so.

    name is normalized. extras and specifier merge every declaration; specifier is PEP 440 text, possibly empty.
    url is set for a direct reference (`name @ url`). optional is True when every piece of evidence is a guarded
    import. declared tells whether the project declares it, imported whether a module imports it.
    import_names are the modules to try when verifying. aside names the place of its range where only files beside the
    manifests give one. dispensable says why the project may run without it: nothing but an extra or a group that was
    not selected declares it, or no manifest does and no import of it is certain to run. beside tells that no manifest
    asks for it: an import, or a line elsewhere, does.
    """

    name: str
    evidence: tuple[Evidence, ...]
    specifier: str = ""
    extras: tuple[str, ...] = ()
    url: str = ""
    optional: bool = False
    declared: bool = False
    imported: bool = False
    import_names: tuple[str, ...] = ()
    aside: str = ""
    dispensable: str = ""
    beside: bool = False

    @property
    def called(self) -> str:
        """Its name with its extras, as a requirement begins: `ray[tune]`."""
        return f"{self.name}[{','.join(self.extras)}]" if self.extras else self.name

    def without(self, extras: Collection[str]) -> Need:
        """Return the same without some of its extras."""
        return replace(self, extras=tuple(each for each in self.extras if each not in extras)) if extras else self

    @property
    def line(self) -> str:
        """The need as somebody would declare it (PEP 508)."""
        return f"{self.called} @ {self.url}" if self.url else f"{self.called}{self.specifier}"

    @property
    def place(self) -> str:
        """Where its range is asked for, for the middle of a sentence: ` (requirements.txt:3)`.

        Without a range it is where it was first seen; empty where nobody tells.
        """
        asked = set(self.specifier.split(","))
        told = [each.source for each in self.evidence if asked.intersection(_CLAUSE.findall(each.detail))]
        places = dict.fromkeys(told or [each.source for each in self.evidence[:1] if each.source])
        return f" ({', '.join(places)})" if places else ""
