"""What lies in a source distribution that tells how it is built; nothing of it runs."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from podfit.index.archives import walk

_LANGUAGES = {
    "C": (".c",),
    "C++": (".cc", ".cpp", ".cxx"),
    "CUDA": (".cu",),
    "Cython": (".pyx",),
    "Fortran": (".f", ".f90"),
    "Rust": (".rs",),
}
_APART = frozenset({"benchmark", "benchmarks", "doc", "docs", "example", "examples", "test", "tests"})
"""Folders whose files are not part of what is built."""

_MOST_BYTES = 1 << 20
"""A longer setup.py or pyproject.toml is not read."""

_MOST_BELOW = 500
_MOST_MODULES = 2000


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """What a source distribution shows of its build.

    setup and pyproject are the texts of setup.py and pyproject.toml, empty where there is none. languages are those of
    its source files beside Python, by name; beside are the modules and packages next to setup.py, below those in its
    folders (a setup.py may put a folder onto sys.path). modules are the dotted names of its Python files, those in
    `src/` without that.
    """

    setup: str
    pyproject: str
    languages: tuple[str, ...]
    beside: tuple[str, ...]
    below: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def source_files(data: bytes, filename: str) -> SourceFiles:
    """Return what a source distribution shows of its build. Raises ValueError when the archive cannot be read."""
    texts = {"setup.py": "", "pyproject.toml": ""}
    languages: set[str] = set()
    beside: set[str] = set()
    below: set[str] = set()
    modules: set[str] = set()
    for path, read in walk(data, filename):
        parts = path.strip("/").split("/")
        if len(parts) < 2:
            continue
        if len(parts) == 2 and parts[1] in texts:
            content = read()
            texts[parts[1]] = content.decode("utf-8", "replace") if len(content) <= _MOST_BYTES else ""
        if len(parts) > 2 or parts[1].endswith(".py"):
            beside.add(parts[1].removesuffix(".py"))
        if len(parts) == 3 and parts[2].endswith(".py") and len(below) < _MOST_BELOW:
            below.add(parts[2].removesuffix(".py"))
        if parts[-1].endswith(".py") and len(modules) < _MOST_MODULES:
            modules.add(_module(parts[1:]))
        if _APART.isdisjoint(part.lower() for part in parts[1:-1]):
            suffix = posixpath.splitext(parts[-1])[1].lower()
            languages.update(name for name, suffixes in _LANGUAGES.items() if suffix in suffixes)
    names = tuple(sorted(beside)), tuple(sorted(below))
    return SourceFiles(
        texts["setup.py"], texts["pyproject.toml"], tuple(sorted(languages)), *names, tuple(sorted(modules))
    )


def _module(parts: Sequence[str]) -> str:
    """Return the dotted name of a Python file by its path below the top folder."""
    inner = [*parts[:-1], parts[-1].removesuffix(".py")]
    if inner[0] == "src" and len(inner) > 1:
        inner = inner[1:]
    return ".".join(inner[:-1] if inner[-1] == "__init__" and len(inner) > 1 else inner)
