"""CUDA's toolkit and libraries, read from their files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from .distributions import visible
from .environment import Environment
from .files import Tree
from .notes import Warnings, evidence
from .records import record, rows

_LIBRARY = re.compile(
    r"(lib(?:cudart|cudnn|nccl|cublas|cublasLt|cufft|curand|cusolver|cusparse|cusparseLt|nvrtc|nvJitLink|cupti))"
    r"(?:-[0-9a-f]{8})?\.so\.([\d.]+)"
)
_HEADERS = {
    "libcudnn": ("cudnn_version.h", ("CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL")),
    "libnccl": ("nccl.h", ("NCCL_MAJOR", "NCCL_MINOR", "NCCL_PATCH")),
}


def cuda_facts(environment: Environment, linker: Mapping[str, str], warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `cuda`: the toolkit, and the libraries in the order in which torch looks for them.

    linker is the dynamic linker's cache, soname to path. NVIDIA's distributions date their libraries. Of several
    versions of one library the first is the fact; all are in `libraries`.
    """
    facts: dict[str, Any] = {}
    facts.update(warnings.guard("the CUDA toolkit", cuda_toolkit, environment, default={}))
    owners = warnings.guard("the files of the nvidia distributions", library_owners, environment, default={})
    libraries: dict[str, str] = {}
    for path in library_files(environment, linker):
        match = _LIBRARY.fullmatch(os.path.basename(path))
        if not match:
            continue
        name = match.group(1)
        version, source = library_version(environment, path, name, match.group(2), owners)
        libraries[path] = version
        key = {"libcudart": "cudart", "libcudnn": "cudnn", "libnccl": "nccl"}.get(name)
        if key and key not in facts:
            facts[key], facts[key + "_evidence"] = version, source
    if libraries:
        facts["libraries"] = libraries
    return facts


def cuda_roots(environment: Environment) -> list[str]:
    """Return the directories where a CUDA toolkit may be, the one that programs are told of first."""
    named = [environment.variables.get("CUDA_HOME", ""), environment.variables.get("CUDA_PATH", "")]
    return list(dict.fromkeys([*filter(None, named), "/usr/local/cuda", *_versioned(environment.tree)[::-1]]))


def _versioned(tree: Tree) -> list[str]:
    """Return the directories of toolkits that are named by their version, such as /usr/local/cuda-12.4."""
    return [f"/usr/local/{name}" for name in tree.names("/usr/local") if name.startswith("cuda-")]


def cuda_toolkit(environment: Environment) -> dict[str, Any]:
    """Return `toolkit`: the version of version.json or version.txt in the first CUDA directory; empty without any."""
    tree = environment.tree
    for root in cuda_roots(environment):
        path = os.path.join(root, "version.json")
        version = (json.loads(tree.text(path, 2**20) or "{}").get("cuda") or {}).get("version")
        if version:
            return {"toolkit": str(version), "toolkit_evidence": evidence("metadata", path)}
        path = os.path.join(root, "version.txt")
        match = re.search(r"CUDA Version (\S+)", tree.text(path, 4096) or "")
        if match:
            return {"toolkit": match.group(1), "toolkit_evidence": evidence("metadata", path)}
    return {}


def library_files(environment: Environment, linker: Mapping[str, str]) -> list[str]:
    """Return the CUDA libraries' real paths: beside torch, LD_LIBRARY_PATH, the linker's cache, the usual places."""
    tree = environment.tree
    folders: list[str] = []
    for folder in environment.path:
        nvidia = os.path.join(folder, "nvidia")
        folders += [os.path.join(nvidia, name, "lib") for name in tree.names(nvidia)]
        folders.append(os.path.join(folder, "torch", "lib"))
    folders += environment.variables.get("LD_LIBRARY_PATH", "").split(":")
    paths = [path for folder in folders if folder for path in _folder_libraries(tree, folder)]
    paths += [path for soname, path in sorted(linker.items()) if _LIBRARY.fullmatch(soname)]
    usual = ["/usr/local/cuda/lib64", *(f"{root}/lib64" for root in _versioned(tree)), f"{environment.prefix}/lib"]
    for folder in usual:
        paths += _folder_libraries(tree, folder)
    return list(dict.fromkeys(tree.real(path) for path in paths))


def _folder_libraries(tree: Tree, folder: str) -> list[str]:
    """Return the paths of the CUDA libraries directly in folder."""
    return [os.path.join(folder, name) for name in tree.names(folder) if _LIBRARY.fullmatch(name)]


def library_owners(environment: Environment) -> dict[str, tuple[str, str]]:
    """Return, for the libraries of NVIDIA's distributions, real path to (name, version) of the distribution."""
    owners: dict[str, tuple[str, str]] = {}
    for name, info in visible(environment.tree, environment.path).items():
        if name.startswith("nvidia"):
            for row in rows(record(environment.tree, info.path)):
                if _LIBRARY.fullmatch(os.path.basename(row[0])):
                    path = os.path.normpath(os.path.join(info.folder, row[0]))
                    owners[environment.tree.real(path)] = (name, info.version)
    return owners


def library_version(
    environment: Environment, path: str, name: str, suffix: str, owners: Mapping[str, tuple[str, str]]
) -> tuple[str, dict[str, str]]:
    """Return the version of one library and its evidence: its distribution, file name, header, or its soname alone."""
    if path in owners:
        owner, version = owners[path]
        return version, evidence("metadata", f"{owner} {version}", path)
    if suffix.count(".") >= 2:
        return suffix, evidence("binary", path, "file name")
    header, macros = _HEADERS.get(name, ("", ()))
    above = os.path.dirname(os.path.dirname(path))
    for folder in (os.path.join(above, "include"), "/usr/include", f"/usr/include/{environment.machine}-linux-gnu"):
        text = environment.tree.text(os.path.join(folder, header), 2**20) if header else None
        values = [re.search(rf"#define\s+{macro}\s+(\d+)", text or "") for macro in macros]
        numbers = [value.group(1) for value in values if value]
        if numbers and len(numbers) == len(macros) and numbers[0] == suffix.partition(".")[0]:
            return ".".join(numbers), evidence("metadata", os.path.join(folder, header), path)
    return suffix, evidence("binary", path, "soname: no more precise version was found")
