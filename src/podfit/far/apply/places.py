"""Where this interpreter keeps its packages, and which distributions lie there."""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from typing import Any

from .. import here

_INFO = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py\d[\d.]*)?\.(?P<kind>dist|egg)-info")


def layout() -> dict[str, str]:
    """Return purelib, platlib, scripts and data of this interpreter: where an installer would put things.

    Debian's Python before 3.10 names its own dist-packages in sysconfig, although pip installs under /usr/local.
    """
    paths = sysconfig.get_paths()
    found = {key: os.path.realpath(paths[key]) for key in ("purelib", "platlib", "scripts", "data")}
    local = "/usr/local/lib/python{}.{}/dist-packages".format(*sys.version_info[:2])
    if found["purelib"] == "/usr/lib/python3/dist-packages" and local in here.search_path():
        found.update(purelib=local, platlib=local, scripts="/usr/local/bin", data="/usr/local")
    return found


def externally_managed() -> bool:
    """Tell whether PEP 668 keeps installers out of this environment."""
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return sys.prefix == sys.base_prefix and os.path.isfile(marker)


def canonical(name: str) -> str:
    """Return a distribution's name as PEP 503 normalizes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def search_path() -> list[str]:
    """Return the directories where this interpreter finds distributions, in order."""
    seen: dict[str, None] = {}
    for path in here.search_path():
        if path and os.path.isdir(path):
            seen.setdefault(os.path.realpath(path))
    return list(seen)


def distributions(folder: str) -> dict[str, dict[str, Any]]:
    """Return, for the distributions recorded in one directory, name to `version`, `info` (path) and `folder`.

    Names and versions are those of the directory names, which installers derive from the metadata; the metadata is
    read where the directory's name has no version.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in sorted(names):
        match = _INFO.fullmatch(name)
        if not match or name.startswith("~"):
            continue
        info = os.path.join(folder, name)
        version = match.group("version") or metadata_version(info)
        key = canonical(match.group("name"))
        if version and (key not in found or match.group("kind") == "dist"):
            found[key] = {"version": version, "info": info, "folder": folder}
    return found


def visible(folders: list[str]) -> dict[str, dict[str, Any]]:
    """Return the distributions that are found in folders, searched in order: the first of each name wins."""
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for name, entry in distributions(folder).items():
            found.setdefault(name, entry)
    return found


def metadata_version(info: str) -> str:
    """Return the Version field of a .dist-info or .egg-info, empty when there is none."""
    for path in (os.path.join(info, "METADATA"), os.path.join(info, "PKG-INFO"), info):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                for line in file:
                    if line.lower().startswith("version:"):
                        return line.partition(":")[2].strip()
                    if not line.strip():
                        break
        except OSError:
            continue
    return ""


def has_version(entry: dict[str, Any] | None, version: str) -> bool:
    """Tell whether a found distribution has exactly this version: directory names may write it another way.

    Of what is built from a commit, whose version nobody knew before, version is the URL with the commit
    (`git+https://example.org/x.git@0123...`).
    """
    if entry is None:
        return False
    if "://" in version:
        return commit(entry["info"]) == version.partition("#")[0].rpartition("@")[2]
    return bool(entry["version"] == version or metadata_version(entry["info"]) == version)


def commit(info: str) -> str:
    """Return the commit that a .dist-info says it was built from (PEP 610), empty when it was not."""
    try:
        with open(os.path.join(info, "direct_url.json"), encoding="utf-8") as file:
            return str(json.load(file)["vcs_info"]["commit_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
