"""What lies in a source distribution that tells how it is built; nothing of it runs."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from podfit.index.archives import ArchiveError, walk
from podfit.model import canonical
from podfit.model.syntax import UNPARSED, ending, syntax_tree, told

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

_MOST_SAID = 120
"""So much of a statement is told."""

_MOST_BELOW = 500
_MOST_MODULES = 2000
_HEADERS = (".h", ".hh", ".hpp", ".hxx")
_INCLUDING = (".c", ".cc", ".cpp", ".cxx", ".pyx", ".pxd", *_HEADERS)
_INCLUDE = re.compile(
    rb"""^[ \t]*(?:#[ \t]*include[ \t]*[<"]|cdef[ \t]+extern[ \t]+from[ \t]+["'])([\w./+-]{1,100})""", re.M
)
_MOST_READ = 400
"""Files of C and C++ of which the headers are looked for: a limit that podfit sets, assumed."""
_RAISE = re.compile(rb"^raise\b", re.M)
"""Without it no module ends in an error at its outermost level."""


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """What a source distribution shows of its build.

    setup and pyproject are the texts of setup.py and pyproject.toml, empty where there is none. languages are those of
    its source files beside Python, by name; beside are the modules and packages next to setup.py, below those in its
    folders (a setup.py may put a folder onto sys.path). headers are what its C and C++ includes and no file of it is
    called. modules are the dotted names of its Python files, those in `src/` without that. raising is the place and the
    statement in which the package that is called like the project ends whenever it is imported (a placeholder).
    """

    setup: str
    pyproject: str
    languages: tuple[str, ...]
    beside: tuple[str, ...]
    below: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    raising: tuple[str, str] | None = None


@dataclass
class _Included:
    """The headers that files include, and the names of those that are there."""

    asked: set[str] = field(default_factory=set)
    there: set[str] = field(default_factory=set)
    read: int = 0

    def add(self, name: str, content: Callable[[], bytes]) -> None:
        """Note a file of C or C++; one that cannot be read includes nothing."""
        if name.endswith(_HEADERS):
            self.there.add(name)
        if name.endswith(_INCLUDING) and self.read < _MOST_READ:
            self.read += 1
            with contextlib.suppress(ArchiveError):
                self.asked.update(found.decode("ascii") for found in _INCLUDE.findall(content()))

    @property
    def missing(self) -> tuple[str, ...]:
        """What is included and lies nowhere in the archive, sorted: so many names at most as files are read."""
        named = {one for one in self.asked if one.endswith(_HEADERS) or "/" in one.strip("./")}
        return tuple(sorted(one for one in named if posixpath.basename(one) not in self.there))[:_MOST_READ]


def source_files(data: bytes, filename: str) -> SourceFiles:
    """Return what a source distribution shows of its build. Raises ValueError when the archive cannot be read."""
    texts = {"setup.py": "", "pyproject.toml": ""}
    languages: set[str] = set()
    beside: set[str] = set()
    below: set[str] = set()
    modules: set[str] = set()
    raising: tuple[str, str] | None = None
    included = _Included()
    for path, read in walk(data, filename):
        parts = path.strip("/").split("/")
        if len(parts) < 2 and not (parts[0] in texts and not texts[parts[0]]):
            continue  # a file beside the one folder, unless there is no such folder
        if len(parts) <= 2 and parts[-1] in texts:
            content = read()
            texts[parts[-1]] = content.decode("utf-8", "replace") if len(content) <= _MOST_BYTES else ""
        if len(parts) < 2:
            continue
        if len(parts) > 2 or parts[1].endswith(".py"):
            beside.add(parts[1].removesuffix(".py"))
        if len(parts) == 3 and parts[2].endswith(".py") and len(below) < _MOST_BELOW:
            below.add(parts[2].removesuffix(".py"))
        if parts[-1].endswith(".py") and len(modules) < _MOST_MODULES:
            modules.add(_module(parts[1:]))
        if parts[-1] == "__init__.py" and canonical(filename).startswith(f"{canonical(_module(parts[1:]))}-"):
            raising = raising or _raising("/".join(parts[1:]), read())
        if _APART.isdisjoint(part.lower() for part in parts[1:-1]):
            included.add(parts[-1], read)
            suffix = posixpath.splitext(parts[-1])[1].lower()
            languages.update(name for name, suffixes in _LANGUAGES.items() if suffix in suffixes)
    names = tuple(sorted(beside)), tuple(sorted(below))
    return SourceFiles(
        texts["setup.py"],
        texts["pyproject.toml"],
        tuple(sorted(languages)),
        *names,
        headers=included.missing,
        modules=tuple(sorted(modules)),
        raising=raising,
    )


def _raising(path: str, source: bytes) -> tuple[str, str] | None:
    """Return the place and the text of the statement in which a module always ends; None where it does not."""
    if not _RAISE.search(source) or len(source) > _MOST_BYTES:
        return None
    with contextlib.suppress(*UNPARSED):
        node = ending(syntax_tree(source))
        return None if node is None else (f"{path}:{node.lineno}", told(node, _MOST_SAID))
    return None


def _module(parts: Sequence[str]) -> str:
    """Return the dotted name of a Python file by its path below the top folder."""
    inner = [*parts[:-1], parts[-1].removesuffix(".py")]
    if inner[0] == "src" and len(inner) > 1:
        inner = inner[1:]
    return ".".join(inner[:-1] if inner[-1] == "__init__" and len(inner) > 1 else inner)
