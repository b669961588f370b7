"""Own modules: which imported names a project provides itself, seen from the file that imports them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from podfit.model.syntax import UNPARSED, syntax_tree
from podfit.readers.imports.files import Tree
from podfit.readers.imports.guards import is_main
from podfit.readers.plain_file import read_bounded

# Directories that a build tool or PYTHONPATH puts on the path.
_SOURCE_ROOTS = ("src", "lib", "python")
_NEVER = frozenset({"__init__", "setup", "conftest"})
"""Files that nobody imports by name."""


@dataclass
class OwnModules:
    """Answers whether a name that a file imports is a module of the project.

    Python's own order decides where it can: a regular module or package on an import root wins, a namespace package
    (a directory without `__init__.py`) loses to anything installed. A module that lies elsewhere is the project's by
    its name alone if it lies beside scripts, in a directory that is no package, and no well-known distribution has
    that name. All others have to show it: the local file must define what the importing one takes of it, so that a
    project's `models/datasets.py` does not make `import datasets` its own.

    known tells whether a distribution with that import name is well known, generic whether projects commonly use the
    name; search_path are directories that the code itself puts on Python's path, where a name that is not well known
    is the project's. names are the own names met so far.
    """

    root: str
    tree: Tree
    known: Callable[[str], bool]
    generic: Callable[[str], bool]
    search_path: frozenset[str] = frozenset()
    names: set[str] = field(default_factory=set)
    _files: dict[str, set[str]] = field(default_factory=dict)
    _places: dict[str, set[str]] = field(default_factory=dict)
    _defined: dict[str, frozenset[str]] = field(default_factory=dict)
    _roots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Sort the tree's modules by directory and note what the import roots provide."""
        if "" in self.tree.packages:
            # A root with an `__init__.py` is a package for its parent's sake; its scripts still run beside each other.
            self.tree.packages.discard("")
            self.names.add(os.path.basename(os.path.abspath(self.root)))  # noqa: PTH100, PTH119
        for path in (*self.tree.sources, *self.tree.aside, *self.tree.neighbours):
            folder, _, name = path.rpartition("/")
            if path.endswith(".py"):
                self._files.setdefault(folder, set()).add(name[:-3])
                self._places.setdefault(name[:-3], set()).add(folder)
        for folder in self.tree.code:
            parent, _, name = folder.rpartition("/")
            self._places.setdefault(name, set()).add(parent)
        self._places.pop("__init__", None)
        bases = {"", *self.tree.roots} - self.tree.packages
        roots = bases | {f"{base}/{name}".lstrip("/") for base in bases for name in _SOURCE_ROOTS} - self.tree.packages
        added = (self.search_path & self.tree.code) - roots
        for folder in added:
            below = {one.rpartition("/")[2] for one in self.tree.code if one.rpartition("/")[0] == folder}
            there = {name for name in below | self._files.get(folder, set()) if name.isidentifier()}
            self.names |= {name for name in there - _NEVER if not self.known(name)}
        self._roots = (*sorted(roots), *sorted(added))
        for root in sorted(roots):
            self.names |= self._files.get(root, set()) - _NEVER
        for folder in self.tree.code:
            parent, _, name = folder.rpartition("/")
            if not name.isidentifier():
                continue
            if folder in self.tree.packages and not self._packaged(parent):
                if parent in roots or not self.known(name):
                    self.names.add(name)
            elif parent in roots and not self.known(name):
                self.names.add(name)

    def has(self, module: str, taken: Iterable[str], path: str) -> bool:
        """Return whether module, imported by the file at path (which takes the names taken of it), is the project's."""
        top = module.partition(".")[0]
        if top in self.names:
            return True
        if top not in self._places or top in sys.stdlib_module_names:
            return False
        if not self.known(top) and not all(self._packaged(place) for place in self._places[top]):
            if self._lacks(module):
                return False
            self.names.add(top)
            return True
        names = tuple(taken)
        if self._beside(module, names, path):
            return True
        # a file of a package that speaks of it by its name, and takes what it has: whoever runs it has that on the path
        around = [place for place in self._places[top] if path.startswith(f"{place}/{top}/".lstrip("/"))]
        if not names:
            return False
        if any(self._inside(place, module, names, path, at_home=False) for place in around):
            return True
        return not self.known(top) and any(self._made(place, module, names, path) for place in self._places[top])

    def _lacks(self, module: str) -> bool:
        """Return whether all that is called as a module's package is plain directories without what is imported of it.

        `experiments/libero/run.py` is not what `import libero.envs` means. A word that projects commonly use (`utils`)
        may be put together from elsewhere.
        """
        top, _, rest = module.partition(".")
        second = rest.partition(".")[0]
        places = [f"{place}/{top}".lstrip("/") for place in self._places[top]]
        if not second or self.generic(top) or any(place in self.tree.packages for place in places):
            return False
        if any(top in self._files.get(place, ()) for place in self._places[top]):
            return False
        return not any(second in self._files.get(each, ()) or f"{each}/{second}" in self.tree.code for each in places)

    def _made(self, folder: str, module: str, taken: tuple[str, ...], path: str) -> bool:
        """Return whether the module in folder makes all that a file at path takes of it, none of it by an import.

        No table knows such a name, and whoever runs the file has that folder on the path (`PYTHONPATH=tools`).
        """
        place = f"{folder}/{module.replace('.', '/')}".lstrip("/")
        parent, _, name = place.rpartition("/")
        file = f"{place}.py" if name in self._files.get(parent, ()) else f"{place}/__init__.py"
        return file != path and set(taken) <= frozenset(_bound(self._body(file), imports=False))

    def _packaged(self, folder: str) -> bool:
        """Return whether folder is a package or lies inside one, so that modules in it have dotted names."""
        while folder and folder not in self.tree.packages:
            folder = folder.rpartition("/")[0]
        return folder in self.tree.packages

    def _beside(self, module: str, taken: tuple[str, ...], path: str) -> bool:
        """Return whether a module with a well-known name is the local one: its file has what the import takes."""
        home = folder = path.rpartition("/")[0]
        folders = [folder]
        while folder:
            folder = folder.rpartition("/")[0]
            folders.append(folder)
        for folder in (*folders, *(root for root in self._roots if root not in folders)):
            answer = self._inside(folder, module, taken, path, at_home=folder == home)
            if answer is not None:
                return answer
        return False

    def _inside(self, folder: str, module: str, taken: tuple[str, ...], path: str, *, at_home: bool) -> bool | None:
        """Return whether module is the one in folder, None when folder has nothing of that name."""
        top, _, rest = module.partition(".")
        place = f"{folder}/{top}".lstrip("/")
        # A script has its own directory first on its path; a module of a package does not, unless run by its path.
        script = at_home and not self._packaged(folder)
        if top in self._files.get(folder, ()) and f"{place}.py" != path:
            if rest:
                return False
            defined = self._names_in(f"{place}.py")
            if at_home and not script and not self.known(top):
                script = "*" in defined or self._is_script(path)  # what no table knows, a file run by its path finds
            if taken:
                return script or "*" in taken or set(taken) <= defined
            return script or (at_home and self._uses(path, top) <= defined)
        if place not in self.tree.code:
            return None
        if rest:
            parent, _, name = f"{place}/{rest.replace('.', '/')}".rpartition("/")
            there = f"{parent}/{name}" in self.tree.code or name in self._files.get(parent, ())
            # a namespace package may have its other parts below another root
            return there if there or place in self.tree.packages else None
        if taken:
            within = self._files.get(place, set()) | self._names_in(f"{place}/__init__.py")
            return all(name in within or f"{place}/{name}" in self.tree.code for name in taken)
        if folder and folder in self._roots and place not in self.tree.packages:
            # below src/ or a project of its own, a directory of packages is a namespace of the project's
            return any(package.startswith(f"{place}/") for package in self.tree.packages)
        if at_home and not script and not self.known(top):
            script = self._is_script(path)
        return script and place in self.tree.packages

    def _is_script(self, path: str) -> bool:
        """Return whether a file does something where it is run and not imported (`if __name__ == "__main__"`)."""
        return any(isinstance(node, ast.If) and is_main(node.test) for node in self._body(path))

    def _body(self, path: str) -> Sequence[ast.stmt]:
        """Return the statements of a file, none where it cannot be parsed."""
        try:
            return syntax_tree(read_bounded(os.path.join(self.root, path), pipes=False)).body  # noqa: PTH118
        except (OSError, *UNPARSED):
            return ()

    def _uses(self, path: str, module: str) -> set[str]:
        """Return the attributes that a file uses of a module; of a well-known one with no use, a name that none has."""
        used: set[str] = set()
        try:
            data = read_bounded(os.path.join(self.root, path), pipes=False)  # noqa: PTH118
            nodes = list(ast.walk(syntax_tree(data)))
        except (OSError, *UNPARSED):
            return {""}
        imports = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names = {alias.asname or alias.name for alias in imports if alias.name == module}
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
                used.add(node.attr)
        return used or (set() if self.generic(module) or not self.known(module) else {""})

    def _names_in(self, path: str) -> frozenset[str]:
        """Return the names that the top level of a file binds, `*` for those of a star import; empty if unparsed."""
        if path not in self._defined:
            self._defined[path] = frozenset(_bound(self._body(path)))
        return self._defined[path]


def _bound(body: Iterable[ast.stmt], *, imports: bool = True) -> Iterable[str]:
    """Yield the names that statements bind; those that an import binds only where imports says so."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names if imports)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
        elif isinstance(node, (ast.If, ast.Try, ast.For, ast.While, ast.With)):
            yield from _bound(node.body, imports=imports)
            yield from _bound(getattr(node, "orelse", ()), imports=imports)
            yield from _bound(getattr(node, "finalbody", ()), imports=imports)
            for handler in getattr(node, "handlers", ()):
                yield from _bound(handler.body, imports=imports)
