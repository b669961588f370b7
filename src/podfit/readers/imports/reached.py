"""Which files of a project something runs by itself: the graph of the project's own imports.

A project starts at what lies at its root, at its packages' `__init__.py` and `__main__.py`, at its notebooks, and at
what its manifests and Dockerfiles name. From there its imports lead on. A file that they come to only through imports
that need not run (in a function, under a condition, guarded), or not at all, is told apart, unless several programs
that nothing imports lead to it: what it alone imports is what one use of the project wants.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from podfit.model import Grade
from podfit.readers.imports.files import Tree
from podfit.readers.imports.statements import Found
from podfit.readers.plain_file import read_bounded

_SURE = frozenset({Grade.MODULE, Grade.CONFIG, Grade.NOTEBOOK, Grade.RAISING})
"""Grades of imports that a run of their file comes to."""
_STARTS = frozenset({"__init__.py", "__main__.py", "conftest.py"})
_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")
_NAMED = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)+")
"""A dotted module or a path, as manifests name what they start."""
_SEVERAL = 2
"""Programs of a project that nothing imports and that lead to a file, from which on it is a part of the project."""
_LARGEST = 1024 * 1024


@dataclass(frozen=True)
class Reached:
    """Tells of the files of a project which ones nothing runs by itself, and why.

    root is the project's directory, found all imports with the file (and the cell) that they stand in.
    """

    root: str
    tree: Tree
    found: Iterable[tuple[Found, str, int]]
    _files: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the files by the last part of their modules' names."""
        for path in self.tree.sources:
            self._files.setdefault(_module(path).rpartition("/")[2], []).append(path)

    @cached_property
    def why(self) -> Mapping[str, str]:
        """Return why nothing runs a file by itself, by its path; files that something runs are not in it."""
        sure: dict[str, set[str]] = {}
        importers: dict[str, list[tuple[str, Found]]] = {}
        for one, path, _ in self.found:
            for target in self._targets(one, path):
                if target != path:
                    importers.setdefault(target, []).append((path, one))
                    if one.grade in _SURE:
                        sure.setdefault(path, set()).add(target)
        ran = set(_led(dict.fromkeys((*self._starts(), *self.tree.notebooks, *self.tree.configs)), sure))
        loose = [path for path in self.tree.sources if path not in ran]
        ends = _led({path: path for path in loose if path not in importers}, sure)
        alone = [path for path in loose if len(ends.get(path, ())) < _SEVERAL]
        return {path: _reason(path, importers.get(path, ())) for path in alone}

    def _starts(self) -> Iterator[str]:
        """Yield the files that a run of the project begins with."""
        named = set(self._named())
        beside = any("/" not in folder.removeprefix("src/") for folder in self.tree.packages)
        for path in self.tree.sources:
            folder, _, name = path.rpartition("/")
            outside = folder not in self.tree.packages
            first = outside and not (folder and beside)
            start = name in _STARTS and folder.rpartition("/")[0] not in self.tree.packages
            if first or start or _module(path) in named or path.removesuffix(".py") in named:
                yield path

    def _named(self) -> Iterator[str]:
        """Yield the modules, as paths without an ending, that manifests and Dockerfiles name."""
        folders = ("", *self.tree.roots)
        manifests = (f"{folder}/{name}".lstrip("/") for folder in folders for name in _MANIFESTS)
        for path in (*manifests, *self.tree.dockerfiles):
            try:
                data = read_bounded(os.path.join(self.root, path), _LARGEST, pipes=False)  # noqa: PTH118
            except OSError:
                continue
            for match in _NAMED.finditer(data.decode("utf-8", "replace")):
                name = match[0].removesuffix(".py").replace(".", "/")
                yield from (name, f"src/{name}")

    def _targets(self, one: Found, path: str) -> Iterator[str]:
        """Yield the files that an import may run: by its name's end, so that too many are taken and none is missed."""
        module = one.module.replace(".", "/")
        if one.level:
            parts = path.split("/")[: -one.level]
            module = "/".join((*parts, module)).rstrip("/") if parts else module
        whole = [module, *(f"{module}/{name}".lstrip("/") for name in one.names)]
        while "/" in module:
            module = module.rpartition("/")[0]
            whole.append(module)
        for name in filter(None, whole):
            for file in self._files.get(name.rpartition("/")[2], ()):
                if f"/{_module(file)}".endswith(f"/{name}"):
                    yield file


def _module(path: str) -> str:
    """Return a file's module as a path: its own without the ending, a package's that of its folder."""
    return path.removesuffix(".py").removesuffix("/__init__")


def _led(starts: Mapping[str, str | None], sure: Mapping[str, Iterable[str]]) -> dict[str, set[str | None]]:
    """Return the files that imports lead to from starts, each with a few marks of those that lead to it."""
    marks: dict[str, set[str | None]] = {path: {mark} for path, mark in starts.items()}
    waiting = list(marks)
    while waiting:
        path = waiting.pop()
        for target in sure.get(path, ()):
            there = marks.setdefault(target, set())
            if len(there) < _SEVERAL and not marks[path] <= there:
                there |= marks[path]
                waiting.append(target)
    return marks


def _reason(path: str, importers: Sequence[tuple[str, Found]]) -> str:
    """Return why nothing runs a file by itself: who may import it, if anything does."""
    if not importers:
        return f"nothing imports {path}"
    if any(one.grade in _SURE for _, one in importers):
        return f"nothing that the project runs by itself imports {path}"
    file, one = min(importers, key=lambda each: (list(Grade).index(each[1].grade), each[0], each[1].line))
    return f"{file}:{one.line} imports {path} {one.grade.value}"
