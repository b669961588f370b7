"""Names of modules that the project's own code uses and that releases of them no longer have: `np.float`.

Metadata and imports say nothing of it: `import numpy as np` works with every NumPy, and the line below raises. Which
names are gone, the catalogue knows (moved_names.toml). Looked at are the names that an import binds; what a file tests
for (`hasattr(np, "float")`, a try that catches AttributeError) or gives itself (`np.float = float`) it does without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from podfit.model import NameUse
from podfit.model.syntax import dotted
from podfit.readers.imports import guards

_FROM = re.compile(rb"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]{0,4000}\)|[^\n#;]+)", re.MULTILINE)
_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([^\n#;(]+)", re.MULTILINE)
_CAUGHT = frozenset({"AttributeError", "Exception", "BaseException"})
_ASKS = frozenset({"hasattr", "getattr", "setattr"})


@dataclass
class Uses:
    """Collects the uses of some names (dotted, as `numpy.float` and `PIL.Image.ANTIALIAS`).

    found are those of all files that were read, given the names that the project gives a module itself, or asks for.
    """

    wanted: frozenset[str]
    found: list[NameUse] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    _patterns: dict[tuple[tuple[str, str], ...], re.Pattern[bytes] | None] = field(default_factory=dict)

    def read(self, data: bytes, module: ast.Module, path: str, cell: int, bound: dict[str, str], *, runs: bool) -> None:
        """Take up what a file or a cell uses; bound has the names that imports bound before, and takes up its own.

        runs tells that it runs whenever it is imported, as a cell of a notebook need not. Examples and tests tell
        nothing here: what they were written for is not what the project is.
        """
        bound.update(_bound(data, self._prefixes))
        key = tuple(bound.items())
        if key not in self._patterns:
            self._patterns[key] = self._pattern(bound)
        pattern = self._patterns[key]
        if pattern is None or not pattern.search(data):
            return
        for name, line, certain in self._in(module.body, bound):
            self.found.append(NameUse(name, path, line, cell, certain and runs))

    def left(self) -> tuple[NameUse, ...]:
        """Return what is used and that the project does not give or ask for itself, each name once a file, sorted."""
        first: dict[tuple[str, str, bool], NameUse] = {}
        for use in self.found:
            if use.name not in self.given:
                first.setdefault((use.name, use.path, use.certain), use)
        return tuple(sorted(first.values(), key=lambda use: (use.path, use.cell, use.line, use.name)))

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        """The modules that the names are of, and the packages around these."""
        parts = (name.split(".") for name in self.wanted)
        return frozenset(".".join(each[:length]) for each in parts for length in range(1, len(each)))

    def _pattern(self, bound: Mapping[str, str]) -> re.Pattern[bytes] | None:
        """Return what finds the text of a use in a source, None where nothing that is bound leads to one."""
        ends: list[str] = []
        for name, origin in bound.items():
            rests = [each[len(origin) :] for each in self.wanted if each == origin or each.startswith(f"{origin}.")]
            ends += [re.escape(f"{name}{rest}") for rest in rests]
        return re.compile(rf"(?<![\w.])(?:{'|'.join(sorted(ends))})(?!\w)".encode()) if ends else None

    def _in(self, body: list[ast.stmt], bound: Mapping[str, str]) -> Iterator[tuple[str, int, bool]]:
        """Yield the names that a module uses, the line, and whether that runs whenever the module does."""
        waiting: list[tuple[ast.AST, bool]] = [(node, True) for node in reversed(body)]
        while waiting:
            node, certain = waiting.pop()
            if isinstance(node, ast.Attribute):
                name = _resolved(dotted(node), bound)
                if name in self.wanted:
                    if isinstance(node.ctx, ast.Load):
                        yield name, node.lineno, certain
                    else:
                        self.given.add(name)
            elif isinstance(node, ast.Call) and dotted(node.func) in _ASKS and len(node.args) > 1:
                asked = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
                if isinstance(asked, str):
                    self.given.add(f"{_resolved(dotted(node.args[0]), bound)}.{asked}")
            elif isinstance(node, ast.Try) and _catches(node):
                waiting += [(each, False) for each in chain(*(handler.body for handler in node.handlers), node.orelse)]
                continue
            elif isinstance(node, ast.If) and "version" in ast.dump(node.test).lower():
                continue  # one way for one release, the other for another
            inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.IfExp, ast.BoolOp))
            inside = inside or (isinstance(node, ast.If) and not guards.is_main(node.test)) or isinstance(node, ast.Try)
            waiting += [(each, certain and not inside) for each in reversed(list(ast.iter_child_nodes(node)))]


def _bound(data: bytes, prefixes: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that import lines of a source bind to some modules, with these."""
    for base, names in _FROM.findall(data):
        module = base.decode()
        if module in prefixes:
            for part in names.decode("utf-8", "replace").strip("()").replace("\\", " ").split(","):
                words = part.split()
                if len(words) in (1, 3):
                    yield words[-1], ".".join((module, words[0]))
    for names in _IMPORT.findall(data):
        for part in names.decode("utf-8", "replace").split(","):
            words = part.split()
            if words and words[0] in prefixes:
                top = words[0].partition(".")[0]
                yield (words[-1], words[0]) if len(words) == len(("a", "as", "b")) else (top, top)


def _resolved(name: str, bound: Mapping[str, str]) -> str:
    """Return a dotted name with its first part as it was imported, empty where it was not."""
    first, dot, rest = name.partition(".")
    return f"{bound[first]}{dot}{rest}" if first in bound else ""


def _catches(node: ast.Try) -> bool:
    """Tell whether a try goes on where a module lacks a name."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or dotted(kind) in _CAUGHT for kind in kinds):
            return True
    return False
