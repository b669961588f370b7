"""The system below the interpreters, read from its files: release, C library, libstdc++, conda's records."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping

from .environment import Environment
from .files import Tree

_LARGEST_RECORD = 4 * 2**20
"""Bytes of a file of conda-meta that are read; all that is asked of it stands in its name as well."""


def os_release(tree: Tree) -> dict[str, str]:
    """Return the fields of os-release(5), such as `ID` and `VERSION_ID`; none when there is no such file."""
    text = next(filter(None, (tree.text(path, 2**16) for path in ("/etc/os-release", "/usr/lib/os-release"))), "")
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            try:
                fields[name.strip()] = "".join(shlex.split(value))
            except ValueError:
                fields[name.strip()] = value.strip()
    return fields


def library_folders(machine: str) -> list[str]:
    """Return the usual directories of shared libraries."""
    return [f"/usr/lib/{machine}-linux-gnu", f"/lib/{machine}-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"]


def glibc(tree: Tree, machine: str) -> tuple[str, str]:
    """Return the version of the glibc that lies in a tree, such as `2.36`, and its path; empty when there is none.

    Told by the banner in libc.so.6 itself (`GNU C Library (...) stable release version 2.36.`).
    """
    for folder in library_folders(machine):
        path = os.path.join(folder, "libc.so.6")
        found = re.search(rb"GNU C Library [^\n\x00]{0,200}? version (\d+\.\d+)", tree.data(path) or b"")
        if found:
            return found.group(1).decode("ascii"), path
    return "", ""


def conda_packages(tree: Tree, prefix: str) -> dict[str, tuple[str, str]]:
    """Return what conda installed into an environment: name to version and build; none outside of conda.

    A record is `NAME-VERSION-BUILD.json`; one that is too large to be read, or was not kept, is taken by its name.
    """
    found = {}
    folder = os.path.join(prefix, "conda-meta")
    for name in tree.names(folder):
        if name.endswith(".json"):
            path = os.path.join(folder, name)
            data = tree.data(path, _LARGEST_RECORD) if tree.has_bytes(path) else None
            parts = name[: -len(".json")].rsplit("-", 2)
            if (data is None or len(data) >= _LARGEST_RECORD) and len(parts) == 3:
                found[parts[0]] = (parts[1], parts[2])
                continue
            try:
                entry = json.loads((data or b"null").decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                found[entry["name"]] = (str(entry.get("version", "")), str(entry.get("build", "")))
    return found


def externally_managed(tree: Tree, stdlib: str) -> bool:
    """Tell whether PEP 668 keeps installers out; the marker counts outside of virtual environments only."""
    return tree.is_file(os.path.join(stdlib, "EXTERNALLY-MANAGED"))


def libstdcxx(environment: Environment, linker: Mapping[str, str]) -> tuple[str, str]:
    """Return the path of the libstdc++ that this interpreter would load and its highest GLIBCXX version.

    Searched as the linker would: LD_LIBRARY_PATH, the interpreter's own prefix (conda), the linker's cache (soname to
    path), then the usual directories. Two empty strings when there is none.
    """
    tree = environment.tree
    folders = environment.variables.get("LD_LIBRARY_PATH", "").split(":")
    conda = tree.is_dir(os.path.join(environment.base_prefix, "conda-meta"))
    folders.append(os.path.join(environment.base_prefix, "lib") if conda else "")
    candidates = [os.path.join(folder, "libstdc++.so.6") for folder in folders if folder]
    candidates.append(linker.get("libstdc++.so.6", ""))
    candidates += [os.path.join(folder, "libstdc++.so.6") for folder in library_folders(environment.machine)]
    for path in candidates:
        if path and tree.is_file(path):
            versions = set(re.findall(rb"GLIBCXX_(\d+(?:\.\d+)+)\x00", tree.data(path) or b""))
            if versions:
                best = max(versions, key=lambda version: [int(part) for part in version.split(b".")])
                return path, best.decode("ascii")
    return "", ""
