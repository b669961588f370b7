"""How one of the project's own distributions is built: read from its files, nothing is run."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podfit.model import Content, Evidence, EvidenceKind, MemberBuild
from podfit.model.syntax import UNPARSED, syntax_tree
from podfit.model.toml_text import toml_table
from podfit.readers.declared.setup_literals import setup_call
from podfit.readers.plain_file import is_file

LEGACY = "setuptools>=40.8.0"
"""What PEP 518's table stands for where it is left out (pip: "Fallback Behaviour" of its build system interface)."""

_COMPILING = ("maturin", "setuptools_rust", "scikit_build_core", "mesonpy", "py_build_cmake", "sipbuild", "enscons")
"""Backends that are there to compile, by the first part of their module."""
_STATIC = ("flit_core", "flit", "uv_build", "pdm", "hatchling", "poetry")
"""Backends that pack Python alone, unless a table names a program of the project's own."""
_HOOKS = (("tool", "hatch", "build", "hooks"), ("tool", "hatch", "build", "targets", "wheel", "hooks"),
          ("tool", "poetry", "build"), ("tool", "pdm", "build", "run-setuptools"))  # fmt: skip
_EXTENSIONS = frozenset({"ext_modules", "cffi_modules", "rust_extensions", "ext_package"})
_IMPORTED = {"torch": "torch", "numpy": "numpy", "Cython": "cython", "pybind11": "pybind11", "cffi": "cffi"}
"""Modules that a setup.py imports in order to compile, and the distributions that have them (one project each)."""
_LANGUAGES = {
    ".c": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".cxx": "C++",
    ".cu": "CUDA",
    ".pyx": "Cython",
    ".rs": "Rust",
    ".f90": "Fortran",
    ".f": "Fortran",
}
_MOST_FILES = 5000
"""So many files of a member are looked at for what they are written in."""
_LARGEST = 2**20
"""Bytes of a pyproject.toml or a setup.py that are read."""


def read_build(directory: Path, shown: str) -> MemberBuild:
    """Return how the member in directory is built; shown is its path in messages. Nothing is raised: see `Content`."""
    try:
        project = toml_table(_text(directory / "pyproject.toml"))
        setup = _text(directory / "setup.py")
        tree = syntax_tree(setup.encode("utf-8")) if setup else None
    except (OSError, *UNPARSED) as error:
        said = Evidence(EvidenceKind.METADATA, shown, f"cannot be read: {' '.join(str(error).split())}")
        return MemberBuild(Content.NOTHING, said)
    if not project and not setup and not is_file(directory / "setup.cfg"):
        said = Evidence(EvidenceKind.METADATA, shown, "neither pyproject.toml nor setup.py is there")
        return MemberBuild(Content.NOTHING, said)
    system = project.get("build-system")
    system = system if isinstance(system, dict) else {}
    backend = system.get("build-backend") if isinstance(system.get("build-backend"), str) else "setuptools.build_meta"
    asked = system.get("requires")
    requires = tuple(each for each in asked if isinstance(each, str)) if isinstance(asked, list) else (LEGACY,)
    content, where, detail = _content(str(backend), project, tree)
    python = _at(project, ("project", "requires-python"))
    languages = () if content is Content.PURE else _languages(directory, setup)
    if content is Content.UNKNOWN and not languages and not _at(project, ("tool", "hatch", "build", "hooks")):
        content, detail = Content.PURE, f"{detail}; there is no source of a compiled language"
    return MemberBuild(
        content,
        Evidence(EvidenceKind.METADATA, f"{shown}/{where}", detail),
        str(backend),
        requires,
        _imports(tree),
        languages,
        python if isinstance(python, str) else "",
    )


def _text(path: Path) -> str:
    """Return a file's text, empty when there is none. Raises OSError and ValueError."""
    if not is_file(path):
        return ""
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than {_LARGEST} bytes")
    return path.read_text(encoding="utf-8-sig")


def _at(data: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    """Return the value under keys, None when there is none."""
    found: object = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _content(backend: str, project: Mapping[str, Any], tree: ast.Module | None) -> tuple[Content, str, str]:
    """Return what a build makes, the file that says so, and what stands there."""
    first = backend.partition(".")[0]
    if first in _COMPILING:
        return Content.COMPILED, "pyproject.toml", f"build-backend {backend}"
    if first in _STATIC:
        hook = next((".".join(keys) for keys in _HOOKS if _at(project, keys)), "")
        if hook:
            return Content.UNKNOWN, "pyproject.toml", f"{hook} names a program of its own"
        return Content.PURE, "pyproject.toml", f"build-backend {backend}"
    if _at(project, ("tool", "setuptools", "ext-modules")):
        return Content.COMPILED, "pyproject.toml", "tool.setuptools.ext-modules"
    if first != "setuptools":
        return Content.UNKNOWN, "pyproject.toml", f"build-backend {backend}"
    if tree is None:
        return Content.PURE, "pyproject.toml" if project else "setup.cfg", "setuptools, without a setup.py"
    call = setup_call(tree)
    for keyword in call.keywords if call else ():
        nothing = isinstance(keyword.value, (ast.List, ast.Tuple)) and not keyword.value.elts
        if keyword.arg in _EXTENSIONS and not nothing:
            return Content.COMPILED, f"setup.py:{keyword.value.lineno}", f"setup({keyword.arg}=...)"
    if call is None or any(keyword.arg is None for keyword in call.keywords):
        return Content.UNKNOWN, "setup.py", "what it gives to setup() is computed"
    return Content.PURE, f"setup.py:{call.lineno}", "setup() without extension modules"


def _imports(tree: ast.Module | None) -> tuple[str, ...]:
    """Return the distributions that a setup.py imports in order to compile."""
    found: dict[str, None] = {}
    for node in ast.walk(tree) if tree else ():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        for name in names:
            if distribution := _IMPORTED.get(name.partition(".")[0]):
                found.setdefault(distribution)
    return tuple(found)


def _languages(directory: Path, setup: str) -> tuple[str, ...]:
    """Return the compiled languages of the files in directory, hidden folders and environments left out."""
    found = {"CUDA"} if "CUDAExtension" in setup else set()
    count = 0
    for folder, names, files in os.walk(directory):
        names[:] = [name for name in sorted(names) if name[0] != "." and not Path(folder, name, "pyvenv.cfg").exists()]
        found |= {_LANGUAGES[suffix] for name in files if (suffix := Path(name).suffix) in _LANGUAGES}
        count += len(files)
        if count > _MOST_FILES:
            break
    return tuple(sorted(found))
