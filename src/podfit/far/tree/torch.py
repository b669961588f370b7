"""torch, read from its files: nothing of it is imported."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from .elf import fatbin_architectures
from .environment import Environment
from .files import Tree
from .notes import Warnings, evidence

_FLAGS = re.compile(rb"((?:sm|compute)_\d{1,4}[af]?(?: (?:sm|compute)_\d{1,4}[af]?){0,60})\x00")
"""torch's list of GPUs, a string constant; they are a dozen, and a file full of them is looked through once."""

_LARGEST_VERSION = 2**16
"""Bytes of torch/version.py that are read; it has three hundred, and parsed it takes a thousand times as many."""


def torch_folder(environment: Environment, found: Iterable[Mapping[str, Any]]) -> str:
    """Return torch's directory, empty when there is none; found is the list of distributions.

    It lies on the search path, or, when it was installed in development mode, in the project that it names.
    """
    editable = [entry.get("direct_url", "") for entry in found if entry["name"] == "torch" and entry.get("editable")]
    projects = [unquote(urlsplit(url).path) for url in editable]
    folders = [*environment.path, *projects, *(os.path.join(project, "src") for project in projects)]
    places = (os.path.join(folder, "torch") for folder in folders)
    marks = ("version.py", "__init__.py")
    here = environment.tree.is_file
    return next((path for path in places if any(here(os.path.join(path, mark)) for mark in marks)), "")


def torch_facts(tree: Tree, folder: str, warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `torch` from torch's directory."""
    facts: dict[str, Any] = {}
    facts.update(warnings.guard("torch/version.py", torch_version, tree, folder, default={}))
    facts.update(warnings.guard("torch's C++ ABI", torch_cxx11_abi, tree, folder, default={}))
    facts.update(warnings.guard("torch's NumPy C-ABI", torch_numpy_abi, tree, folder, default={}))
    facts.update(
        warnings.guard("torch's GPU architectures", torch_architectures, tree, folder, facts.get("cuda"), default={})
    )
    for key, what in (("cxx11_abi", "C++ ABI"), ("numpy_abi", "NumPy C-ABI generation"), ("arch_list", "GPU list")):
        if key not in facts:
            warnings.add(f"torch's {what} is not to be seen in the files of {folder}")
    return facts


def torch_version(tree: Tree, folder: str) -> dict[str, Any]:
    """Return version, cuda and hip as torch/version.py assigns them; cuda is None for a CPU build."""
    path = os.path.join(folder, "version.py")
    facts: dict[str, Any] = {}
    for node in ast.parse(tree.text(path, _LARGEST_VERSION) or "").body:
        if isinstance(node, ast.AnnAssign):
            target: ast.expr = node.target
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
        else:
            continue
        key = {"__version__": "version", "cuda": "cuda", "hip": "hip"}.get(getattr(target, "id", ""))
        if key and isinstance(node.value, ast.Constant):
            facts[key] = node.value.value
            facts[key + "_evidence"] = evidence("metadata", path, f"{target.id} = {node.value.value!r}")  # type: ignore[attr-defined]
    return facts


def torch_cxx11_abi(tree: Tree, folder: str) -> dict[str, Any]:
    """Return cxx11_abi: whether libc10's exports take the std::string of GCC 5 and newer (`__cxx11`).

    Told by the mangled constructor c10::Error(SourceLocation, std::string): `NSt7__cxx1112basic_string...` in the new
    ABI, the abbreviation `Ss` (Itanium C++ ABI, 5.1.10) in the old one.
    """
    path = os.path.join(folder, "lib", "libc10.so")
    with tree.mapped(path) as data:
        match = re.search(rb"_ZN3c105ErrorC[12]ENS_14SourceLocationE(NSt7__cxx11|Ss)\w{0,200}", data)
        if not match:
            return {}
        symbol, new = match.group(0).decode("ascii"), match.group(1) != b"Ss"
        del match
    return {"cxx11_abi": new, "cxx11_abi_evidence": evidence("binary", path, f"it exports {symbol}")}


def numpy_headers(tree: Tree, folder: str) -> str:
    """Return the module that torch looks NumPy's C-API up in, empty when its library does not tell.

    `import_array()` of NumPy 1.x headers looks in `numpy.core._multiarray_umath` alone; that of NumPy 2 headers in
    `numpy._core._multiarray_umath` first (`__multiarray_api.h`), and works with both. Measured on PyPI's wheels: torch
    2.2.2 has the first name only, torch 2.3.0 has both.
    """
    with tree.mapped(os.path.join(folder, "lib", "libtorch_python.so")) as data:
        names = (b"numpy._core._multiarray_umath", b"numpy.core._multiarray_umath")
        return next((name.decode("ascii") for name in names if data.find(name + b"\0") >= 0), "")


def torch_numpy_abi(tree: Tree, folder: str) -> dict[str, Any]:
    """Return numpy_abi: the generation of the NumPy headers that torch was compiled with."""
    name = numpy_headers(tree, folder)
    if not name:
        return {}
    path = os.path.join(folder, "lib", "libtorch_python.so")
    found = evidence("binary", path, f"import_array() was compiled to look for {name}")
    return {"numpy_abi": 2 if "._core." in name else 1, "numpy_abi_evidence": found}


def torch_architectures(tree: Tree, folder: str, cuda: str | None) -> dict[str, Any]:
    """Return arch_list: what torch.cuda.get_arch_list() says, or else the architectures of the device code itself.

    The former is one string constant of libtorch_python (`sm_80 sm_90 ...`), in torch 2.8 without a NUL before it; the
    latter is read from the headers of the fat binaries in libtorch_cuda's .nv_fatbin section.
    """
    flags = os.path.join(folder, "lib", "libtorch_python.so")
    with tree.mapped(flags) as data:
        lists = _FLAGS.findall(data)
    code = os.path.join(folder, "lib", "libtorch_cuda.so")
    contained = fatbin_architectures(tree, code) if tree.has_bytes(code) else []
    if lists:
        names = max(lists, key=len).decode("ascii")
        detail = f"its build flags are {names!r}"
        if contained:
            detail += f"; the device code in libtorch_cuda.so is for {' '.join(contained)}"
        return {"arch_list": names.split(), "arch_list_evidence": evidence("binary", flags, detail)}
    if contained:
        found = evidence("binary", code, "the headers of the fat binaries in .nv_fatbin")
        return {"arch_list": contained, "arch_list_evidence": found}
    if cuda is None and not tree.is_file(code):
        found = evidence("binary", os.path.join(folder, "lib"), "there is no libtorch_cuda.so: a CPU build")
        return {"arch_list": [], "arch_list_evidence": found}
    return {}
