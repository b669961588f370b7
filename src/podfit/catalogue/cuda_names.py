"""Which CUDA a distribution is for, as its name or its version says (cuda_names.toml)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import msgspec

from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


class CudaName(msgspec.Struct, frozen=True):
    """What a distribution says of its CUDA: the major version, whether its name says so (else its version), and why.

    stem is its name up to that number and rest what follows, both empty where the version says it.
    """

    major: str
    by_name: bool
    evidence: Evidence
    stem: str = ""
    rest: str = ""

    def build_for(self, major: str) -> str:
        """Return what its build for another CUDA would be called; empty where its name does not tell."""
        return f"{self.stem}{major}{self.rest}" if self.by_name else ""


@lru_cache(maxsize=4096)
def cuda_of(name: str, version: str) -> CudaName | None:
    """Return what a distribution (a normalized name) of a version says of its CUDA; None when it says nothing."""
    if "cu" not in name:
        return None
    rules = table("cuda_names")
    if name in rules["versioned"]["names"]:
        found = re.match(r"([0-9]+)\.", version)
        return CudaName(found.group(1), False, _evidence(rules["versioned"])) if found else None
    if any(fnmatchcase(name, pattern) for pattern in rules["named"]["excluded"]):
        return None
    found = re.search(rules["named"]["pattern"], name)
    if found is None:
        return None
    return CudaName(found.group(1), True, _evidence(rules["named"]), name[: found.start(1)], name[found.end(1) :])


def _evidence(rule: dict[str, Any]) -> Evidence:
    """Return the evidence of a rule."""
    stated = rule["evidence"]
    return Evidence(EvidenceKind(stated["kind"]), stated["source"], stated["detail"])
