"""The contract of an environment format: recognize a document by its content, turn it into a `Listing`.

A new format is one new module with a `FORMAT` and one line in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from podfit.model import Distribution, Evidence
from podfit.readers.environment.document import Document


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file or an interpreter says about one environment.

    format names the format for people (`pip freeze`). distributions is keyed by normalized name. installed is False
    for lock files, which say what would be installed on some machine. python_version (`3.12` or `3.12.2`), machine
    (`x86_64`), system (`linux`, `darwin`), glibc (`2.35`) and implementation (`cpython`) are empty where the source
    does not state them. import_map gives, for a top-level import name, the normalized names of its distributions.
    notices are sentences about what was read in an unexpected way.
    """

    format: str
    path: str
    distributions: Mapping[str, Distribution]
    evidence: Evidence
    installed: bool = True
    python_version: str = ""
    implementation: str = ""
    machine: str = ""
    system: str = ""
    glibc: str = ""
    import_map: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One format. recognizes looks at content, cheaply; read raises InputError with the line that is wrong."""

    name: str
    recognizes: Callable[[Document], bool]
    read: Callable[[Document], Listing]
