"""Whose a compiled module is, as far as a log, the environment or the catalogue tells: never by how it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from podfit.catalogue.imports import extension_of, find
from podfit.diagnose import extract
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised

_BESIDE = re.compile(r"(?:site|dist)-packages[\\/]+(?P<module>[A-Za-z_]\w*)\.(?:[\w.-]*\.)?(?:so|pyd|dylib)\b")
"""A compiled module that lies in no package's folder."""
_NOBODYS = ("", "torch", "importlib")


@dataclass(frozen=True, slots=True)
class Owned:
    """A compiled module and its distribution (empty: nothing tells); importer is one that imports it, where that is all."""

    module: str
    distribution: str = ""
    importer: str = ""

    def __str__(self) -> str:
        """Return words for it."""
        if self.importer:
            return f"{self.module} (a compiled module that {self.importer} imports)"
        if self.distribution and extract.distribution_of(self.module) != self.distribution:
            return f"{self.distribution} (its {self.module})"
        return self.distribution or (f"the compiled module {self.module}" if self.module else "")


def owned(path: str, reading: Reading, one: Raised | None) -> Owned:
    """Return whose the compiled module at a path is: by its folder, the environment's files, the catalogue, the importer."""
    beside = _BESIDE.search(path)
    if beside is None:
        module = extract.module_of(path)
        return Owned(module, "" if module in _NOBODYS else extract.distribution_of(module))
    module = beside["module"]
    known = find(module)
    distribution = reading.there.owners.get(module) or extension_of(module) or (known.distribution if known else "")
    return Owned(module, distribution, "" if distribution else importing(one))


def importing(one: Raised | None) -> str:
    """Return the distribution of the deepest frame that is not torch's own, empty for none."""
    modules = (extract.module_of(frame.path) for frame in reversed(one.frames if one else ()))
    return next((extract.distribution_of(each) for each in modules if each not in _NOBODYS), "")
