"""Conda packages as distributions: names that differ from PyPI's, and packages that are no Python at all."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import resources

from podfit.model import canonical

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PYTHON_BUILD = re.compile(r"(^|[_\d])py(\d|h|pi|py|min|ge|_)")


@lru_cache(maxsize=1)
def pypi_names() -> dict[str, str]:
    """Return what conda names are on PyPI where that differs: a name, or empty for what is no Python distribution.

    Read from conda_names.toml, which gives the evidence of each; both names are normalized.
    """
    text = resources.files("podfit.readers.declared").joinpath("conda_names.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    renamed = {canonical(conda): canonical(pypi) for conda, (pypi, _) in data["names"].items()}
    return {**dict.fromkeys(map(canonical, data["foreign"]), ""), **renamed}


def is_python(build: str) -> bool:
    """Tell whether a build string is that of a Python package: `py312h...`, `pyhd8ed1ab_0` (noarch), `pypi_0` (pip)."""
    return bool(_PYTHON_BUILD.search(build))


def on_pypi(name: str, build: str) -> str:
    """Return the normalized PyPI name of conda's package, empty when it is no Python distribution.

    The names that differ come from the table of `podfit.readers.declared`, with its evidence; apart from them the
    build tells, where there is one. Packages that pip put there (`pypi_0`) have PyPI's names already.
    """
    if build.startswith("pypi"):
        return canonical(name)
    known = pypi_names().get(canonical(name))
    if known is not None:
        return known
    if name.startswith("_"):
        return ""  # conda's own mutexes, and no name that PyPI allows
    return canonical(name) if not build or is_python(build) else ""
