"""The shared libraries that the system's loader finds, and the packages that the system's manager installed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .environment import Environment
from .files import Tree
from .notes import Warnings, evidence
from .system import library_folders, os_release

_NAME = re.compile(r"lib[^/]+\.so(?:\.[0-9]+)*")
_MOST_SINGLE = 1000
"""So many packages of a distroless image, which have a file each, are read; it has some dozens."""

_MOST_INCLUDED = 200
"""So many files of ld.so.conf are read at most: they may include each other."""


def system_facts(environment: Environment, linker: Mapping[str, str], warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `system`: release, libraries that the loader finds by name, packages of dpkg.

    linker is the dynamic linker's cache, soname to path; an image has none, and its directories tell the same.
    """
    tree = environment.tree
    facts: dict[str, Any] = {}
    release = warnings.guard("/etc/os-release", os_release, tree, default={})
    if release.get("ID"):
        facts["os"] = " ".join(filter(None, [release["ID"], release.get("VERSION_ID", "")]))
        facts["os_evidence"] = evidence("metadata", "/etc/os-release")
    folders = warnings.guard("the loader's directories", loader_folders, environment, default=[])
    names = set(linker) | {name for folder in folders for name in tree.names(folder)}
    libraries = sorted(name for name in names if _NAME.fullmatch(name))
    if libraries:
        facts["libraries"] = libraries
        facts["libraries_evidence"] = evidence("measured" if linker else "binary", ", ".join(folders))
    packages = warnings.guard("dpkg's list of packages", dpkg_packages, tree, default={})
    if packages:
        facts["packages"] = packages
        facts["packages_evidence"] = evidence("metadata", "/var/lib/dpkg/status")
    return facts


def loader_folders(environment: Environment) -> list[str]:
    """Return the directories in which libraries are found by their names alone, in the loader's order (ld.so(8)).

    A conda environment's own stand among them: its python says so (DT_RPATH), and what it loads inherits that.
    """
    tree = environment.tree
    folders = [folder for folder in environment.variables.get("LD_LIBRARY_PATH", "").split(":") if folder]
    if tree.is_dir(os.path.join(environment.base_prefix, "conda-meta")):
        folders.append(os.path.join(environment.base_prefix, "lib"))
    folders += configured_folders(tree)
    folders += library_folders(environment.machine)
    real = {tree.real(folder): folder for folder in reversed(folders) if tree.is_dir(folder)}
    return [folder for folder in dict.fromkeys(folders) if real.get(tree.real(folder)) == folder]


def configured_folders(tree: Tree) -> list[str]:
    """Return the directories that /etc/ld.so.conf and the files that it includes name (ldconfig(8))."""
    folders: list[str] = []
    queue = ["/etc/ld.so.conf"]
    seen: set[str] = set()
    while queue and len(seen) < _MOST_INCLUDED:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        lines = (tree.text(path, 1 << 16) or "").splitlines() if tree.has_bytes(path) else []
        for words in (line.partition("#")[0].split() for line in lines):
            if words[:1] == ["include"]:
                patterns = words[1 : 1 + _MOST_INCLUDED]
                queue += [
                    found for pattern in patterns if len(queue) < _MOST_INCLUDED for found in _matching(tree, pattern)
                ]
            elif words:
                folders += [folder for folder in words[0].split(":") if folder.startswith("/")]
    return folders


def _matching(tree: Tree, pattern: str) -> Iterator[str]:
    """Yield the files that an include line means; its wildcards stand in the last part of the path."""
    folder, _, last = os.path.join("/etc", pattern).rpartition("/")
    return (f"{folder}/{name}" for name in tree.names(folder) if _fits(last, name))


def _fits(pattern: str, name: str) -> bool:
    """Tell whether a name is of a pattern whose only wildcards are `*`; in one pass, whatever the pattern is."""
    first, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    if not name.startswith(first) or len(name) < len(first) + len(parts[-1]):
        return False
    at = len(first)
    for part in parts[:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return name.endswith(parts[-1]) and at + len(parts[-1]) <= len(name)


def dpkg_packages(tree: Tree) -> dict[str, str]:
    """Return the packages that Debian's manager has installed, name to version; none where it is another's system.

    Distroless images have a file for each in status.d.
    """
    folder = "/var/lib/dpkg/status.d"
    texts = [tree.text("/var/lib/dpkg/status") or ""]
    single = [name for name in tree.names(folder) if not name.endswith(".md5sums")]
    texts += [tree.text(f"{folder}/{name}", 2**16) or "" for name in single[:_MOST_SINGLE]]
    packages = {}
    for paragraph in "\n\n".join(texts).split("\n\n"):
        fields = dict(re.findall(r"^(Package|Status|Version): *(.*)$", paragraph, re.MULTILINE))
        if "Package" in fields and fields.get("Status", "install ok installed").endswith(" installed"):
            packages[fields["Package"].strip()] = fields.get("Version", "").strip()
    return dict(sorted(packages.items()))
