"""The manifest of an image: the readers of a tree over its files, and what its configuration says."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from podfit.far.probe.machine import steering_environment
from podfit.far.tree.cuda import cuda_facts
from podfit.far.tree.environment import Environment
from podfit.far.tree.libraries import configured_folders, system_facts
from podfit.far.tree.listing import distributions
from podfit.far.tree.notes import Warnings, evidence
from podfit.far.tree.pip import pip_config, pip_constraints
from podfit.far.tree.system import externally_managed, glibc, libstdcxx
from podfit.far.tree.torch import torch_facts, torch_folder
from podfit.model.manifest import SCHEMA
from podfit.readers.image.filesystem import FileSystem, ImageTree
from podfit.readers.image.pythons import Python, choice_in_words, choose, find_pythons
from podfit.readers.image.source import Image

DETAIL = "read from the image's layers; nothing of it was run"


def manifest_of(
    image: Image, files: FileSystem, tree: ImageTree, *, name: str, source: str, python: str | None = None
) -> dict[str, Any] | None:
    """Return the manifest (docs/template-manifest.md) of an image; None where it has no Python that podfit reads.

    source is the evidence's. python (`3.11` or `3.11.9`) picks among its interpreters.
    """
    variables = image.config.variables
    home = variables.get("HOME") or _home(tree, image.config.config.user if image.config.config else "")
    pythons = find_pythons(files, tree, variables, home)
    fitting = [each for each in pythons if not python or f"{each.version}.".startswith(f"{python.rstrip('t')}.")]
    chosen = choose(fitting)
    if chosen is None:
        return None
    looked = Environment(
        tree, chosen.path, variables, chosen.prefix, chosen.base_prefix, home, image.config.machine, chosen.location
    )
    warnings = Warnings()
    linker = warnings.guard("the linker's directories", linker_names, tree, image.config.machine, default={})
    found = warnings.guard("the list of distributions", distributions, looked, warnings, default=[])
    settings = warnings.guard("pip's configuration", pip_config, looked, warnings, default={})
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "name": name,
        "title": f"Python {chosen.version} with {len(found)} distributions, an image",
        "image": image.reference,
        "origin": "image",
        "captured": _date(image.config.created or ""),
        "evidence": evidence("metadata", source, DETAIL),
        "notes": [note for note in (choice_in_words(chosen, fitting),) if note],
        "interpreter": _interpreter(tree, chosen),
        "platform": _platform(looked, linker, warnings),
        "environment": steering_environment(variables),
        "pip_config": settings,
        "pip_constraints": warnings.guard("pip's constraints", pip_constraints, looked, settings, warnings, default={}),
        "distributions": found,
    }
    system = warnings.guard("the system's libraries", system_facts, looked, {}, warnings, default={})
    if system:
        manifest["system"] = system
    cuda = warnings.guard("the CUDA libraries", cuda_facts, looked, linker, warnings, default={})
    if cuda:
        manifest["cuda"] = cuda
    folder = torch_folder(looked, found)
    torch = folder and warnings.guard("torch's files", torch_facts, tree, folder, warnings, default={})
    if torch:
        manifest["torch"] = torch
    manifest["probe"] = {"version": "1", "warnings": warnings.sentences}
    return manifest


def _interpreter(tree: ImageTree, python: Python) -> dict[str, Any]:
    """Return the manifest's `interpreter`."""
    stdlib = posixpath.join(python.base_prefix, "lib", python.library)
    return {
        "version": python.version,
        "implementation": "cpython",
        "executable": python.executable,
        "prefix": python.prefix,
        "externally_managed": python.prefix == python.base_prefix and externally_managed(tree, stdlib),
        "free_threaded": python.free_threaded,
    }


def _platform(looked: Environment, linker: Mapping[str, str], warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `platform`."""
    version, _ = warnings.guard("the C library", glibc, looked.tree, looked.machine, default=("", ""))
    _, glibcxx = warnings.guard("libstdc++", libstdcxx, looked, linker, default=("", ""))
    facts = {"machine": looked.machine, "system": "linux", "glibc": version, "glibcxx": glibcxx}
    musl = looked.tree.is_file(f"/lib/ld-musl-{looked.machine}.so.1")
    if not version:
        warnings.add("the C library is not glibc" if musl else "no glibc was found in the image")
    return {**facts, **({"libc": "musl"} if musl and not version else {})}


def linker_names(tree: ImageTree, machine: str) -> dict[str, str]:
    """Return what the dynamic linker would find: names of shared libraries to paths, from ld.so.conf and by default."""
    folders = [*configured_folders(tree), f"/usr/lib/{machine}-linux-gnu", "/usr/lib64", "/usr/lib"]
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        for name in tree.names(folder):
            if name.startswith("lib") and ".so" in name:
                found.setdefault(name, posixpath.join(folder, name))
    return found


def _home(tree: ImageTree, user: str | None) -> str:
    """Return the home directory of the image's user: root's, or what /etc/passwd says."""
    name = (user or "").partition(":")[0]
    if name in ("", "0", "root"):
        return "/root"
    for line in (tree.text("/etc/passwd") or "").splitlines() if tree.has_bytes("/etc/passwd") else ():
        fields = line.split(":")
        if len(fields) >= 6 and name in (fields[0], fields[2]):
            return fields[5]
    return f"/home/{name}"


def _date(created: str) -> str:
    """Return the time of a configuration in whole seconds; empty when it is none."""
    found = re.match(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})", created)
    return f"{found[1]}Z" if found and not created.startswith("1970-") else ""
