"""Scan a project: every import of its sources and notebooks, its own modules, and the calls that imply needs."""

from __future__ import annotations

import ast
import gc
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick

from podfit.model import (
    Call,
    Declaration,
    Grade,
    ImportSite,
    InputError,
    NameUse,
    Reporter,
    SilentReporter,
    VersionCheck,
    Where,
)
from podfit.model.syntax import UNPARSED, syntax_tree
from podfit.model.words import shortened
from podfit.readers.imports import settings
from podfit.readers.imports.files import Tree, find_files, single_file
from podfit.readers.imports.grades import Places
from podfit.readers.imports.installing import installing, may_install
from podfit.readers.imports.own import OwnModules
from podfit.readers.imports.reached import Reached
from podfit.readers.imports.search_path import added
from podfit.readers.imports.statements import Aliases, Found, Statements
from podfit.readers.imports.uses import Uses
from podfit.readers.plain_file import exists, is_dir, read_bounded

LARGEST = 32 * 1024 * 1024
"""Bytes past which a file is data in the clothes of code; no notebook that a person still opens is that large."""

_TARGET = re.compile(
    r"""^\s*(?:-\s+)?["']?(_target_|class_path|target)["']?\s*:\s*["']?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)["']?"""
    r"""\s*(?:#.*)?$"""
)
_CLONE = re.compile(r"\bgit clone\b[^\n;&|]*?/([A-Za-z_]\w*?)(?:\.git)?/?(?=[\s'\";&|]|$)")
"""A line that clones a repository whose name a module can have."""
_PYTHON_2 = re.compile(
    rb"^[ \t]*print[ \t]+[^(=\s]|^[ \t]*exec[ \t]+['\"]|^[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:"
    rb"|^[ \t]*raise[ \t]+\w+[ \t]*,",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class ImportScan:
    """What a scan found.

    imports are those of modules outside the project, in the order of path, cell and line; own_modules the top-level
    names that the project itself provides. notices are sentences about files that were not read, or only in part.
    calls are the calls that may imply a need nobody imports. declarations are what scripts (PEP 723) and notebooks
    (`!pip install`) say for themselves, checks the versions that code insists on; tree are the files that were found.
    requires_python is what all scripts that say so (PEP 723) ask of the Python, empty where they differ. uses are the
    names that some releases of what is imported lack.
    """

    imports: tuple[ImportSite, ...]
    own_modules: frozenset[str]
    notices: tuple[str, ...]
    calls: tuple[Call, ...]
    declarations: tuple[Declaration, ...] = ()
    checks: tuple[VersionCheck, ...] = ()
    tree: Tree = field(default_factory=Tree)
    requires_python: str = ""
    uses: tuple[NameUse, ...] = ()


@dataclass
class _State:
    """What is collected while files are read: imports with the place they were found at.

    A file that matches modules and has one of the words may have a call that implies a need. cloned are names of
    repositories that notebooks clone: the one that is called as the project's directory is the project.
    """

    root: str
    wanted: frozenset[str]
    modules: re.Pattern[bytes]
    words: BytesAhoCorasick
    places: Places
    declarations: list[Declaration] = field(default_factory=list)
    checks: list[VersionCheck] = field(default_factory=list)
    found: list[tuple[Found, str, int]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    settings: list[tuple[Call, frozenset[str]]] = field(default_factory=list)
    search_path: set[str] = field(default_factory=set)
    pythons: set[str] = field(default_factory=set)
    cloned: set[str] = field(default_factory=set)
    uses: Uses = field(default_factory=lambda: Uses(frozenset()))


def scan_imports(
    root: Path, *, exclude: Sequence[str] = (), include_tests: bool = False, reporter: Reporter | None = None
) -> ImportScan:
    """Return the imports, own modules and telling calls of the project in root, a directory or a single file.

    exclude holds glob patterns of files and directories to leave out, relative to root or names at any depth. Tests,
    documentation, conftest.py and build scripts are left out unless include_tests, and a notice says so. A file that
    cannot be parsed is a notice, never an error. Raises InputError when root is not there.
    """
    from podfit.catalogue.imports import call_modules, call_names, is_generic, is_known
    from podfit.catalogue.moved_names import gone_anywhere

    reporter = reporter or SilentReporter()
    if not exists(root):
        raise InputError("there is no such project", where=Where(str(root)), remedy="name the project's directory")
    reporter.step(f"reading the imports of {root}")
    if is_dir(root):
        base, tree = str(root), find_files(str(root), exclude, include_tests)
    else:
        base, tree = str(root.parent), single_file(str(root.parent), root.name)
    words = "|".join(sorted(call_modules()))
    after = r"(?:(?!\bimport\b)[^#\n])*"  # up to the next `import`: a line of many is read once
    told = rf"\bimport\b{after}\b(?:{words})\b|^[ \t]*from[ \t]+(?:{words})\b"
    telling = re.compile(told.encode(), re.MULTILINE)
    places = Places(tree.sources, tree.notebooks, tree.test_files)
    literals = BytesAhoCorasick([word.encode() for word in sorted(call_names())])
    state = _State(base, call_names(), telling, literals, places, uses=Uses(frozenset(gone_anywhere())))
    with _no_collection():
        for path in tree.sources:
            _source(state, path)
        for path in tree.notebooks:
            _notebook(state, path)
        for path in tree.configs:
            _config(state, path)
        state.calls += _settings(state)
        own = OwnModules(base, tree, is_known, is_generic, frozenset(state.search_path))
        own.names |= _built(state, tree)
        own.names |= {name for name in state.cloned & {root.resolve().name} if not is_known(name)}
        reached = Reached(base, tree, state.found)
        imports = tuple(_sites(state.found, own, places, reached.why))
    if tree.cut:
        state.notices.append(tree.cut)
    if tree.aside:
        state.notices.append(_aside(tree.aside))
    state.notices.extend(f"{path}: cannot be read" for path in tree.unreadable)
    state.notices.extend(f"{path}: not read, for it is a link out of the project" for path in tree.outside)
    calls = sorted(state.calls, key=lambda call: (call.path, call.cell, call.line))
    return ImportScan(
        imports,
        frozenset(own.names),
        tuple(state.notices),
        tuple(calls),
        tuple(state.declarations),
        tuple(state.checks),
        tree,
        next(iter(state.pythons)) if len(state.pythons) == 1 else "",
        state.uses.left(),
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the cyclic garbage collector from running: syntax trees have no cycles, and it would walk each of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _built(state: _State, tree: Tree) -> set[str]:
    """Return the modules that the project builds: extensions of its setup files, Cython's, and what protoc makes."""
    from podfit.readers.imports.extensions import built_modules

    names: set[str] = {path.rpartition("/")[2].removesuffix(".pyx") for path in tree.cython}
    for path in tree.protos:
        stem = path.rpartition("/")[2].removesuffix(".proto").replace("-", "_")
        names |= {f"{stem}_pb2", f"{stem}_pb2_grpc"}
    for path in (*tree.aside, *tree.sources):
        if path.rpartition("/")[2] in ("setup.py", "build.py", "setup_cuda.py"):
            data = _read(state, path)
            names |= built_modules(data) if data else frozenset()
    return names


def _sites(
    found: Iterable[tuple[Found, str, int]], own: OwnModules, places: Places, behind: Mapping[str, str]
) -> Iterable[ImportSite]:
    """Yield what is not relative and not the project's own, sorted by place; behind has the files that nothing runs."""
    for one, path, cell in sorted(found, key=lambda entry: (entry[1], entry[2], entry[0].line)):
        if one.level or not one.module or own.has(one.module, one.names, path):
            continue
        grade, reason = one.grade, one.reason
        place = places.grade(path)
        if place is not None and grade is not Grade.GUARDED:
            grade = place
            reason = "in an example" if place is Grade.EXAMPLE else reason
        elif cell and grade is Grade.MODULE:
            grade = Grade.NOTEBOOK
        yield ImportSite(one.module, path, one.line, bool(reason), reason, cell, one.names, grade, behind.get(path, ""))


def _read(state: _State, path: str) -> bytes | None:
    full = os.path.join(state.root, path)  # noqa: PTH118 - thousands of files
    try:
        data = read_bounded(full, LARGEST, pipes=False)
    except OSError as error:
        state.notices.append(f"{path}: cannot be read ({error.strerror or error})")
        return None
    if len(data) > LARGEST:
        state.notices.append(f"{path}: larger than {LARGEST // 1024**2} MiB, not read")
        return None
    return data


def _source(state: _State, path: str) -> None:
    data = _read(state, path)
    if data is None:
        return
    try:
        module = syntax_tree(data)
    except UNPARSED as error:
        state.notices.append(_syntax(path, error, data))
        return
    if b"# /// script" in data:
        from podfit.readers.declared import script

        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        made, notices = script.declarations(Path(state.root), path, text, state.places.grade(path) is None)
        state.declarations += made
        state.notices += notices
        if state.places.grade(path) is None and (python := script.python_of(text)):
            state.pythons.add(python)
    if state.places.grade(path) is None:
        state.uses.read(data, module, path, 0, {}, runs=True)
    if may_install(data):
        _installs(state, path, module)
    if b"sys.path" in data:
        state.search_path |= added(module, path)
    dynamic = b"import_module" in data or b"__import__" in data
    calls = dynamic or bool(state.words.find_matches_as_indexes(data) and state.modules.search(data))
    lines = None if calls else _telling_lines(data)
    statements = Statements(path, state.wanted, Aliases(), expressions=calls, lines=lines)
    _walk(state, statements, module)


_TELLING_WORDS = re.compile(rb"[iI]mport|except|assert|find_spec|find_loader")
"""One of these stands in every statement that something is collected from, where no calls are looked for."""


def _telling_lines(data: bytes) -> list[int] | None:
    """Return the numbers of the lines of a source that something can be collected from, None where any can be."""
    if b"coding" in b"".join(data.split(b"\n", 2)[:2]) or data.startswith(b"\xff\xfe"):
        return None  # in UTF-7 no word need look like itself
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found, line, last = [], 1, 0
    for match in _TELLING_WORDS.finditer(data):
        line += data.count(b"\n", last, match.start())
        last = match.start()
        found.append(line)
    return found


def _installs(state: _State, path: str, module: ast.Module, cell: int = 0) -> None:
    """Collect what a program's own calls install; in functions and examples it only tells about what is imported."""
    from podfit.readers.declared import installs

    for found, at_once in installing(module):
        asks = at_once and state.places.grade(path) is None
        made, notices = installs.declarations(Path(state.root), path, [found], scope=path, asks=asks, cell=cell)
        state.declarations += made
        state.notices += notices


def _notebook(state: _State, path: str) -> None:
    from podfit.readers.declared import installs
    from podfit.readers.imports.notebook import NotebookError, cells_of, python_of

    data = _read(state, path)
    if data is None:
        return
    try:
        language, cells = cells_of(data)
    except NotebookError as error:
        at = f"{path}:{error.line}" if error.line else path
        state.notices.append(f"{at}: {error}; its imports are not seen")
        return
    if language not in ("python", "python3", "ipython"):
        state.notices.append(f"{path}: a notebook in {language}, not read")
        return
    aliases, bound = Aliases(), dict[str, str]()
    for cell in cells:
        if "install" in cell.source or "uv add" in cell.source:
            found = list(installs.commands(cell.source))
            asks = state.places.grade(path) is None
            made, notices = installs.declarations(
                Path(state.root), path, found, scope=path, asks=asks, cell=cell.number
            )
            state.declarations += made
            state.notices += notices
        try:
            module = syntax_tree(python_of(cell.source))
        except UNPARSED as error:
            state.notices.append(_syntax(f"{path}[{cell.number}]", error, cell.source.encode("utf-8", "replace")))
            continue
        if state.places.grade(path) is None:
            state.uses.read(cell.source.encode("utf-8", "replace"), module, path, cell.number, bound, runs=False)
        if "git clone" in cell.source:
            state.cloned.update(_CLONE.findall(cell.source))
        if may_install(cell.source.encode("utf-8", "replace")):
            _installs(state, path, module, cell.number)
        if "sys.path" in cell.source:
            state.search_path |= added(module, path)
        _walk(state, Statements(path, state.wanted, aliases, cell.number), module)


def _walk(state: _State, statements: Statements, module: ast.Module) -> None:
    try:
        statements.module(module.body)
    except RecursionError:
        state.notices.append(f"{statements.path}: nested too deeply to be read whole")
    state.found.extend((found, statements.path, statements.cell) for found in statements.found)
    state.calls.extend(statements.calls)
    place = f"{statements.path}[{statements.cell}]" if statements.cell else statements.path
    state.checks.extend(
        VersionCheck(module, specifier, Where(place, line)) for module, specifier, line in statements.checks
    )


def _config(state: _State, path: str) -> None:
    """Collect the classes that frameworks make from a configuration: importing their modules is part of the run.

    hydra writes `_target_`, Lightning's command line `class_path`, latent diffusion and its kin `target`; the last one
    is an everyday word and counts only for modules that the catalogue knows.
    """
    from podfit.catalogue.imports import is_known

    data = _read(state, path)
    if data is None:
        return
    if state.places.grade(path) is None:
        state.settings += settings.given(data, path)
    if b"target" not in data and b"class_path" not in data:
        return
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if match := _TARGET.match(line):
            module, _, name = match[2].rpartition(".")
            if match[1] == "target" and not is_known(module.partition(".")[0]):
                continue
            state.found.append((Found(module, number, (name,), grade=Grade.CONFIG), path, 0))


def _settings(state: _State) -> list[Call]:
    """Return what configuration files give as keywords to functions of modules that the project imports."""
    imported = {found.module.partition(".")[0] for found, _, _ in state.found}
    return [call for call, modules in state.settings if modules & imported]


def _syntax(place: str, error: Exception, data: bytes) -> str:
    """Return the notice for a source that cannot be parsed."""
    if not isinstance(error, SyntaxError):
        reason = "nested too deeply" if isinstance(error, (RecursionError, MemoryError)) else str(error)
        return f"{place}: cannot be parsed ({reason}); its imports are not seen"
    at = f"{place}:{error.lineno}" if error.lineno else place
    if _PYTHON_2.search(data):
        return f"{at}: Python 2 code, not read"
    reason = (error.msg or "syntax error").splitlines()[0]
    running = ".".join(map(str, sys.version_info[:2]))
    return f"{at}: Python {running} cannot parse this ({reason}); its imports are not seen"


def _aside(paths: Sequence[str]) -> str:
    """Return the notice about the files of tests, documentation and build tools."""
    tops = sorted({path.partition("/")[0] + ("/" if "/" in path else "") for path in paths})
    files = "1 file" if len(paths) == 1 else f"{len(paths)} files"
    return f"{files} of tests, documentation and build tools left out ({shortened(tops)})"
