"""The files of a project: which ones are its own code, which ones only test or build it."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from podfit.readers.plain_file import read_bounded

# Directories that hold other people's code, or nothing but products.
_FOREIGN = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages", "__pypackages__"})
# So environments are called, and packages (of simulated ones): what is a package, or stands in one, is the project's.
_ENVIRONMENTS = frozenset({"venv", "env", "virtualenv"})
_MAY_BE_CODE = "env"
"""That one of them which is a common word: it is an environment where it has an environment's directories."""
_INSTALLED = frozenset({"bin", "lib", "lib64", "Scripts", "Lib"})
_PRODUCTS = frozenset({"build", "dist"})
_ASIDE = frozenset({"tests", "test", "docs", "doc"})
_CI = "ci"
"""So folders of continuous integration are called; a package of that name may compute something."""
_VENDORED = frozenset(
    {"third_party", "thirdparty", "3rdparty", "external", "externals", "extern", "vendor", "vendored", "submodules"}
)
_DECLARES = re.compile(
    r"^(?:requirements?[\w.-]*\.(?:txt|in)|(?:[\w.-]+\.)?dockerfile(?:[.-][\w.-]+)?|README(?:\.\w+)?|cog\.yaml"
    r"|\w+\.pyx|[\w-]+\.proto|[\w.-]*(?:install|setup|env|deps|dependencies|requirements)[\w.-]*\.sh)$",
    re.IGNORECASE,
)
_CONDA = re.compile(r"^(?:[\w.-]*environment[\w.-]*|conda[\w.-]*|env)\.ya?ml$", re.IGNORECASE)
MOST_ENTRIES = 1_000_000
"""Files and directories of one project that are looked at: a limit that podfit sets, assumed."""
MOST_FILES = 10_000
"""Files of code of one project that are read, and as many configurations: a limit that podfit sets, assumed."""
# Run by tools that build, test or check the project, never by the project itself.
_NARROW = "name the project's own directory, or leave directories out with --exclude"
_BUILD_FILES = frozenset({"setup.py", "noxfile.py"})
_TEST_NAMES = re.compile(r"^(?:test_.*|.*_test)\.py$")
_TEST_TOOLS = re.compile(rb"^[ \t]*(?:import|from)[ \t][^#\n]*\b(?:pytest|unittest|hypothesis)\b", re.MULTILINE)
_TEST_CODE = re.compile(rb"^(?:async[ \t]+)?def[ \t]+test_|^class[ \t]+Test", re.MULTILINE)
_PROGRAM = re.compile(rb"\bargparse\b|\b__main__\b|\bsys\.argv\b")
LARGEST_TEST = 4 * 1024 * 1024
"""Bytes past which a file that is called like a test is not looked into."""


@dataclass
class Tree:
    """The files found under a root, as paths relative to it with `/`.

    sources and notebooks are to be read; configs are YAML files; aside are Python files that only test, document or
    build the project; neighbours are modules beside a single file, not to be read. packages are the directories with
    an `__init__.py`, code the directories with any Python below; roots the directories with a project file of their
    own. unreadable are the paths that the system refused, outside links that lead out of the project. test_files are
    those of the sources and notebooks that would stand aside if they were not asked for. requirements are requirement
    files and conda's environments below the root, dockerfiles the Dockerfiles and cog.yaml, shells the scripts that are
    called after setting up or installing, readmes the READMEs of the root, cython the `.pyx` files, protos those of
    Protocol Buffers; none of them in tests, documentation or other people's code.
    """

    sources: list[str] = field(default_factory=list)
    notebooks: list[str] = field(default_factory=list)
    configs: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)
    code: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    test_files: set[str] = field(default_factory=set)
    requirements: list[str] = field(default_factory=list)
    dockerfiles: list[str] = field(default_factory=list)
    shells: list[str] = field(default_factory=list)
    readmes: list[str] = field(default_factory=list)
    cython: list[str] = field(default_factory=list)
    protos: list[str] = field(default_factory=list)
    cut: str = ""
    """Why the tree is not whole, a sentence; empty when it is."""

    @property
    def subprojects(self) -> tuple[str, ...]:
        """The directories below the root with a project file of their own, vendored code apart."""
        return tuple(sorted(root for root in self.roots if root and not _VENDORED & set(root.lower().split("/"))))


def find_files(root: str, exclude: Sequence[str], include_tests: bool) -> Tree:
    """Return the tree under root. exclude holds glob patterns of relative paths or names of files and directories.

    Links to directories are not followed. include_tests keeps the files of tests, documentation and build tools.
    """
    tree = Tree()
    number = 0
    for path, aside in _walk(root, "", exclude, tree):
        if path.endswith((".yaml", ".yml")):  # a benchmark has tens of thousands, and its code stands among them
            if not aside and len(tree.configs) < MOST_FILES:
                tree.configs.append(path)
            elif not aside:
                tree.cut = tree.cut or f"only the first {MOST_FILES} configurations were read, up to {path}"
            continue
        number += 1
        if number > MOST_FILES:
            tree.cut = f"only the first {MOST_FILES} files of code were read, up to {path}; {_NARROW}"
            break
        if aside and not include_tests:
            tree.aside.append(path)
        elif path.endswith(".ipynb"):
            tree.notebooks.append(path)
            tree.test_files.update([path] if aside else [])
        else:
            tree.sources.append(path)
            tree.test_files.update([path] if aside else [])
    for path in (*tree.sources, *tree.aside):
        folder = path.rpartition("/")[0]
        while folder and folder not in tree.code:
            tree.code.add(folder)
            folder = folder.rpartition("/")[0]
    return tree


def single_file(root: str, name: str) -> Tree:
    """Return the tree of one file in the directory root, with the modules beside it, which are the project's own."""
    tree = Tree()
    (tree.notebooks if name.endswith(".ipynb") else tree.sources).append(name)
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.endswith(".py") and entry.name != name:
                tree.neighbours.append(entry.name)
            elif entry.is_dir() and os.path.isfile(os.path.join(entry.path, "__init__.py")):  # noqa: PTH113, PTH118
                tree.packages.add(entry.name)
                tree.code.add(entry.name)
    return tree


def _walk(root: str, folder: str, exclude: Sequence[str], tree: Tree) -> Iterator[tuple[str, bool]]:
    """Yield the relative paths of sources, notebooks and YAML files, and whether they stand aside."""
    stack = [(folder, False)]
    seen = 0
    while stack:
        folder, aside = stack.pop()
        try:
            with os.scandir(os.path.join(root, folder) if folder else root) as entries:  # noqa: PTH118 - tens of thousands
                listing = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            tree.unreadable.append(folder or ".")
            continue
        seen += len(listing)
        if seen > MOST_ENTRIES:
            tree.cut = f"only the first {MOST_ENTRIES} files were looked at, up to {folder or '.'}; {_NARROW}"
            return
        names = {entry.name for entry in listing}
        if folder and names & {"pyvenv.cfg", "conda-meta"}:
            continue
        above, _, called = folder.rpartition("/")
        if "__init__.py" in names:
            tree.packages.add(folder)
        elif called in _PRODUCTS or (
            called in _ENVIRONMENTS and above not in tree.packages and (called != _MAY_BE_CODE or names & _INSTALLED)
        ):
            continue
        if names & {"pyproject.toml", "setup.py", "setup.cfg"}:
            tree.roots.add(folder)
        aside = aside or (called.lower() == _CI and folder not in tree.packages)
        below = []
        for entry in listing:
            name = entry.name
            path = f"{folder}/{name}" if folder else name
            if name.startswith(".") or (exclude and _excluded(path, name, exclude)):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if name not in _FOREIGN and not name.endswith((".egg-info", ".dist-info")):
                        below.append((path, aside or name.lower() in _ASIDE))
                elif not aside and _DECLARES.search(name) and entry.is_file():
                    _note(tree, folder, name)
                elif name.endswith((".py", ".ipynb", ".yaml", ".yml")) and entry.is_file():
                    if entry.is_symlink() and _leads_out(root, entry.path):
                        tree.outside.append(path)
                        continue
                    if not aside and folder and _CONDA.search(name):
                        _note(tree, folder, name)
                    build = name in _BUILD_FILES and folder not in tree.packages
                    yield path, aside or build or name == "conftest.py" or _tests(root, path, name)
            except OSError:
                tree.unreadable.append(path)
        stack.extend(reversed(below))


def _leads_out(root: str, path: str) -> bool:
    """Tell whether a link leads out of the project: what it names is not the project's to show."""
    from podfit.readers.declared.foreign import leads_out  # most projects have no such link

    return leads_out(path, root)


def _tests(root: str, path: str, name: str) -> bool:
    """Return whether a file is called like a test and is one: much code that tries a model out is called so, too."""
    if not _TEST_NAMES.match(name):
        return False
    try:
        data = read_bounded(os.path.join(root, path), LARGEST_TEST, pipes=False)  # noqa: PTH118 - thousands of files
    except OSError:
        return False
    return bool(_TEST_TOOLS.search(data) or (_TEST_CODE.search(data) and not _PROGRAM.search(data)))


def _note(tree: Tree, folder: str, name: str) -> None:
    """Keep a file that says what to install."""
    path = f"{folder}/{name}" if folder else name
    if name.endswith(".pyx"):
        tree.cython.append(path)
    elif name.endswith(".proto"):
        tree.protos.append(path)
    elif "ockerfile" in name or name == "cog.yaml":
        tree.dockerfiles.append(path)
    elif name.endswith(".sh"):
        tree.shells.append(path)
    elif name.lower().startswith("readme"):
        tree.readmes.extend([] if folder else [path])
    elif folder and not _VENDORED & set(folder.lower().split("/")) and not folder.endswith("requirements"):
        tree.requirements.append(path)


def _excluded(path: str, name: str, patterns: Sequence[str]) -> bool:
    for pattern in patterns:
        clean = pattern.removeprefix("./").rstrip("/")
        if fnmatch.fnmatchcase(path, clean) or fnmatch.fnmatchcase(name, clean):
            return True
    return False
