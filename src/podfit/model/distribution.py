"""One installed or recorded distribution, and one release as its metadata states it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from packaging.utils import canonicalize_name

from podfit.model.evidence import Evidence


@lru_cache(maxsize=1 << 15)
def canonical(name: str) -> str:
    """Return name normalized as PEP 503 says: lower case, runs of `-`, `_` and `.` made one `-`."""
    return str(canonicalize_name(name))


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution with its exact version, in a template or in a local environment.

    name is normalized (PEP 503). version is the text of the source, local part included (`2.4.0+cu124`); it is
    empty when the source named none (a conda line, an editable checkout). requires_dist holds Requires-Dist
    lines (PEP 508), or None when the metadata was not seen, which is different from an empty tuple.
    direct_url is the URL of a PEP 610 direct reference (git, file, archive), empty otherwise.
    import_names are top-level import names where the source knew them. location is one of "venv",
    "system", "user" or a path; uninstallable is False for distutils installs that pip cannot remove.
    record_sha256 is the hash of its RECORD file as installed, empty when it was not read.
    """

    name: str
    version: str
    evidence: Evidence
    requires_dist: tuple[str, ...] | None = None
    requires_python: str = ""
    direct_url: str = ""
    editable: bool = False
    installer: str = ""
    location: str = ""
    uninstallable: bool = True
    import_names: tuple[str, ...] = ()
    record_sha256: str = ""

    def __post_init__(self) -> None:
        """Reject a name that is not normalized: every lookup in podfit relies on it."""
        if self.name != canonical(self.name):
            raise ValueError(f"{self.name!r} is not a normalized distribution name")


@dataclass(frozen=True, slots=True)
class Release:
    """One exact version with what its metadata says.

    requires_dist is None when the metadata could not be read. evidence tells where it was read.
    """

    name: str
    version: str
    requires_dist: tuple[str, ...] | None
    requires_python: str
    evidence: Evidence
