"""Conda packages as distributions: names that differ from PyPI's, and packages that are no Python at all."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from typing import Any

from podfit.catalogue import imports as catalogue
from podfit.catalogue.cuda_names import cuda_of
from podfit.catalogue.freezes import conda_builds, host_bound, system_bound
from podfit.catalogue.shared import shipped_records
from podfit.model import canonical

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PYTHON_BUILD = re.compile(r"(^|[_\d])py(\d|h|pi|py|min|ge|_)")


class Known(Enum):
    """What is known of a conda package's distribution on PyPI."""

    DISTRIBUTION = "a distribution of PyPI"
    FOREIGN = "no Python distribution"
    SEVERAL = "several distributions of PyPI, of which the code's imports tell one"
    UNSURE = "a distribution of the same name, for all that is known"


@dataclass(frozen=True, slots=True)
class CondaName:
    """What a conda package is on PyPI: how well that is known, and the normalized name, empty where there is none."""

    known: Known
    pypi: str = ""


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    """Return conda_names.toml, which gives the evidence of each entry."""
    text = resources.files("podfit.readers.declared").joinpath("conda_names.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)
    return found


@lru_cache(maxsize=1)
def pypi_names() -> dict[str, str]:
    """Return what conda names are on PyPI where that differs: a name, or empty for what is no Python distribution.

    Both names are normalized.
    """
    renamed = {canonical(conda): canonical(pypi) for conda, (pypi, _) in _table()["names"].items()}
    return {**dict.fromkeys(map(canonical, _table()["foreign"]), ""), **renamed}


@lru_cache(maxsize=1)
def _same() -> frozenset[str]:
    """Return the normalized names that are known to be the same on PyPI, beside those of the import names.

    What the catalogue's templates hold comes from PyPI by these names.
    """
    stated = {canonical(name) for names in _table()["same"].values() for name in names}
    return frozenset(stated | {release.partition(" ")[0] for release in shipped_records()})


def is_python(build: str) -> bool:
    """Tell whether a build string is that of a Python package: `py312h...`, `pyhd8ed1ab_0` (noarch), `pypi_0` (pip)."""
    return bool(_PYTHON_BUILD.search(build))


@lru_cache(maxsize=4096)
def known_as(name: str, build: str = "") -> CondaName:
    """Return what conda's package is on PyPI; build is its build string, empty or a pattern where none is told.

    PyPI has a distribution of nearly every name, so that a name which conda gives to something else, or for all that is
    known may give to something else, says nothing of the one on PyPI: glib, snappy, pyg.
    """
    plain = canonical(name)
    if build.startswith("pypi"):
        return CondaName(Known.DISTRIBUTION, plain)
    told = _renamed(plain)
    c_build = bool(build) and "*" not in build and not is_python(build)
    if told == "" or name.startswith("_") or (told is None and c_build):
        return CondaName(Known.FOREIGN)
    pypi = told or plain
    module = catalogue.module_named(pypi)
    if module is not None and module.distribution.startswith(f"{pypi}-") and cuda_of(module.distribution, ""):
        return CondaName(Known.SEVERAL)  # cupy-cuda12x, cudf-cu12: one for each CUDA
    if told or _is_distribution(plain):
        return CondaName(Known.DISTRIBUTION, pypi)
    return CondaName(Known.SEVERAL) if module is not None else CondaName(Known.UNSURE, pypi)


def _renamed(plain: str) -> str | None:
    """Return what the tables say of a normalized conda name, None when they say nothing."""
    if (found := pypi_names().get(plain)) is not None:
        return found
    patterns = _table()["patterns"].items()
    return next((canonical(pypi) for pattern, (pypi, _) in patterns if fnmatchcase(plain, pattern)), None)


def _is_distribution(plain: str) -> bool:
    """Tell whether a normalized name is known to be a distribution of PyPI, as people mean it who write it."""
    if plain in conda_builds():
        return False  # of conda's making: PyPI's, if any, are built another way
    return (
        bool(catalogue.modules_of(plain))
        or catalogue.meant(plain) is not None
        or catalogue.backport(plain) is not None
        or system_bound(plain) is not None
        or host_bound(plain) is not None
        or plain in _same()
    )


def on_pypi(name: str, build: str) -> str:
    """Return the normalized PyPI name of conda's package, empty when it is no Python distribution.

    The names that differ come from the table of `podfit.readers.declared`, with its evidence; apart from them the
    build tells, where there is one. Packages that pip put there (`pypi_0`) have PyPI's names already.
    """
    if build.startswith("pypi"):
        return canonical(name)
    known = _renamed(canonical(name))
    if known is not None:
        return known
    if name.startswith("_"):
        return ""  # conda's own mutexes, and no name that PyPI allows
    return canonical(name) if not build or is_python(build) else ""
