"""An environment as its files lie there: a template of it, and where its compiled files are. Nothing of it is run."""

from __future__ import annotations

import platform
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podfit.far.tree.cuda import cuda_facts
from podfit.far.tree.distributions import infos, metadata
from podfit.far.tree.environment import Environment
from podfit.far.tree.files import HERE
from podfit.far.tree.libraries import system_facts
from podfit.far.tree.listing import distributions
from podfit.far.tree.notes import Warnings, evidence
from podfit.far.tree.records import record, rows
from podfit.far.tree.system import glibc, libstdcxx
from podfit.far.tree.torch import torch_facts, torch_folder
from podfit.model import InputError, Template, Where, canonical
from podfit.model.manifest import SCHEMA, template_from_manifest

_SERIES = re.compile(r"python(3\.\d{1,2})t?")
_SHARED = re.compile(r"\.so(\.[0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment: a template of it, and by name the paths of each distribution's RECORD, from its folder."""

    template: Template
    folder: str
    files: Mapping[str, tuple[str, ...]]

    def libraries(self, name: str) -> tuple[str, ...]:
        """Return the paths of a distribution's shared libraries."""
        return tuple(path for path in self.files.get(name, ()) if _SHARED.search(path))


def is_environment(path: str) -> bool:
    """Tell whether a path is an environment, its site-packages or its interpreter, and no project."""
    return bool(_places(path))


def read_installed(path: str) -> Installed:
    """Return the environment of a path: its directory, its site-packages, or its interpreter.

    Only its own packages are looked at, not those of the Python below a virtual environment. Raises InputError where
    there is none.
    """
    places = _places(path)
    if not places:
        remedy = "name a virtual environment, its site-packages, or its python"
        raise InputError("there is no environment there", where=Where(path), remedy=remedy)
    site, prefix, series = places
    settings = _settings(prefix)
    version = settings.get("version_info") or settings.get("version") or series
    base = posixpath.dirname(settings["home"]) if settings.get("home") else prefix
    machine = platform.machine()
    looked = Environment(
        HERE,
        (site,),
        {},
        prefix,
        base,
        posixpath.expanduser("~"),
        machine,
        lambda folder: "venv" if settings else folder,
    )
    warnings = Warnings()
    found = warnings.guard("the list of distributions", distributions, looked, warnings, default=[])
    libc, _ = warnings.guard("the C library", glibc, HERE, machine, default=("", ""))
    _, glibcxx = warnings.guard("libstdc++", libstdcxx, looked, {}, default=("", ""))
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "name": "environment",
        "title": f"{len(found)} distributions in {site}",
        "origin": "probed",
        "evidence": evidence("metadata", site, "its files, nothing of it was run"),
        "interpreter": {"version": re.match(r"3\.\d+(\.\d+)?", version)[0] if version else "3.11", "prefix": prefix},  # type: ignore[index]
        "platform": {"machine": machine, "system": "linux", "glibc": libc, "glibcxx": glibcxx},
        "distributions": found,
    }
    for key, read in (("cuda", cuda_facts), ("system", system_facts)):
        facts = warnings.guard(key, read, looked, {}, warnings, default={})
        if facts:
            manifest[key] = facts
    folder = torch_folder(looked, found)
    torch = folder and warnings.guard("torch's files", torch_facts, HERE, folder, warnings, default={})
    if torch:
        manifest["torch"] = torch
    return Installed(template_from_manifest(manifest, where=site), site, dict(_records(site)))


def _records(site: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each distribution with the paths that it owns, its own metadata left out."""
    for info in infos(HERE, site):
        if info.kind == "dist":
            listed = record(HERE, info.path)
            own = tuple(row[0] for row in rows(listed) if ".dist-info/" not in row[0] and _inside(row[0]))
            yield canonical(metadata(HERE, info).name or info.name), own


def _inside(path: str) -> bool:
    """Tell whether a path of a RECORD stays in the directory of packages: scripts and hostile ones do not."""
    return not path.startswith("/") and ".." not in path.split("/") and "\0" not in path


def _places(path: str) -> tuple[str, str, str] | None:
    """Return site-packages, prefix and series of Python of what a path names; None where it is no environment."""
    real = posixpath.abspath(path)
    if posixpath.isfile(real) and re.fullmatch(r"python3?(\.\d+)?", posixpath.basename(real)):
        real = posixpath.dirname(posixpath.dirname(real))
    if not posixpath.isdir(real):
        return None
    if any(name.endswith(".dist-info") for name in HERE.names(real)):
        above = posixpath.basename(posixpath.dirname(real))
        found = _SERIES.fullmatch(above)
        prefix = posixpath.dirname(posixpath.dirname(posixpath.dirname(real))) if found else real
        return real, prefix, found[1] if found else ""
    for lib in ("lib", "lib64"):
        for name in HERE.names(posixpath.join(real, lib)):
            found = _SERIES.fullmatch(name)
            site = posixpath.join(real, lib, name, "site-packages")
            if found and posixpath.isdir(site):
                return site, real, found[1]
    return None


def _settings(prefix: str) -> dict[str, str]:
    """Return the settings of a virtual environment (PEP 405), none for another."""
    lines = (HERE.text(posixpath.join(prefix, "pyvenv.cfg"), 1 << 16) or "").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower(): value.strip() for key, _, value in pairs if key.strip()}
