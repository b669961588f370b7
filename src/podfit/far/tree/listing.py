"""The manifest's `distributions`: what is installed, each with its metadata, origin and files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from ..text import canonical
from .distributions import Info, infos, metadata
from .environment import Environment
from .files import Tree
from .notes import Warnings
from .records import import_names, record
from .secrets import mask

_LARGEST = 2**20
"""Bytes of INSTALLER, direct_url.json and top_level.txt that are read; each has a few lines."""


def distributions(environment: Environment, warnings: Warnings) -> list[dict[str, Any]]:
    """Return the manifest's `distributions`, sorted by name; of two with one name the first on the search path."""
    tree = environment.tree
    links = _egg_links(environment)
    found: dict[str, dict[str, Any]] = {}
    places: dict[str, Info] = {}
    distutils: list[str] = []
    for info in (info for folder in environment.path for info in infos(tree, folder)):
        if os.path.basename(info.path).startswith("~"):
            warnings.add(f"{info.path} is what an interrupted pip left behind; pip ignores it")
            continue
        entry = warnings.guard(f"the metadata in {info.path}", describe, environment, info, links)
        if entry is None:
            continue
        if not entry["name"] or not entry["version"]:
            missing = "name" if not entry["name"] else "version"
            warnings.add(f"{info.path} has no metadata with a {missing}: a broken installation")
            continue
        key = canonical(entry["name"])
        if key in found and not _replaces(entry, info, found[key], places[key]):
            _warn_of_second(tree, warnings, found[key], places[key], entry, info)
            continue
        found[key], places[key] = entry, info
        if entry.get("uninstallable") is False and tree.is_file(info.path):
            distutils.append(f"{entry['name']} {entry['version']}")
    if distutils:
        names = ", ".join(sorted(distutils))
        warnings.add(f"installed by distutils, so that pip cannot uninstall or upgrade it in place: {names}")
    return [found[key] for key in sorted(found)]


def _replaces(second: dict[str, Any], second_info: Info, first: dict[str, Any], first_info: Info) -> bool:
    """Tell whether second is the better record of the very same installation (Debian ships some in two formats)."""
    same = second["version"] == first["version"] and second_info.folder == first_info.folder
    return same and second_info.kind == "dist" and first_info.kind != "dist"


def _warn_of_second(
    tree: Tree, warnings: Warnings, first: dict[str, Any], one: Info, second: dict[str, Any], two: Info
) -> None:
    """Tell of two installations of one distribution."""
    if tree.real(one.path) == tree.real(two.path):
        return  # one directory, twice on the search path
    told = f"{first['name']} {first['version']}"
    if one.folder == two.folder:
        if first["version"] != second["version"]:
            both = f"{told} and {second['version']} are both recorded in {one.folder}"
            warnings.add(f"{both}: a broken upgrade, the files may be of either")
    else:
        warnings.add(f"{told} in {one.folder} shadows {second['version']} in {two.folder}")


def _egg_links(environment: Environment) -> dict[str, str]:
    """Return, for the develop installs of old setuptools, normalized name to the `.egg-link` file."""
    links: dict[str, str] = {}
    for folder in environment.path:
        for name in environment.tree.names(folder):
            if name.endswith(".egg-link"):
                links.setdefault(canonical(name[: -len(".egg-link")]), os.path.join(folder, name))
    return links


def describe(environment: Environment, info: Info, links: Mapping[str, str]) -> dict[str, Any]:
    """Return one element of `distributions`; links are those of `_egg_links`."""
    tree = environment.tree

    def read(name: str) -> str | None:
        """Return the text of a metadata file."""
        return tree.text(os.path.join(info.path, name), _LARGEST)

    about = metadata(tree, info)
    entry: dict[str, Any] = {"name": about.name, "version": about.version, "requires_dist": about.requires}
    if about.requires_python:
        entry["requires_python"] = about.requires_python
    entry.update(_direct(read("direct_url.json"), links.get(canonical(about.name), ""), info.folder))
    entry["installer"] = _installer(read("INSTALLER"), info.folder)
    entry["location"] = environment.location(info.folder)
    listed = record(tree, info.path)
    if tree.is_file(info.path) or (info.kind == "dist" and listed is None):
        # pip: "a distutils installed project", or "no RECORD file was found"; it stops in both cases
        entry["uninstallable"] = False
    imports = import_names(read("top_level.txt"), listed)
    if imports:
        entry["import_names"] = imports
    if listed is not None:
        entry["record_sha256"] = hashlib.sha256(listed).hexdigest()
    return entry


def _direct(text: str | None, link: str, folder: str) -> dict[str, Any]:
    """Return `direct_url` and `editable` from direct_url.json (PEP 610), or from an .egg-link file."""
    if text:
        data = json.loads(text)
        url = mask(str(data.get("url", "")))
        vcs = data.get("vcs_info")
        if vcs:
            url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
        if data.get("subdirectory"):
            url += f"#subdirectory={data['subdirectory']}"
        if (data.get("dir_info") or {}).get("editable"):
            return {"direct_url": url, "editable": True}
        return {"direct_url": url}
    if link and folder != os.path.dirname(link):
        return {"direct_url": "file://" + folder, "editable": True}
    return {}


def _installer(text: str | None, folder: str) -> str:
    """Return who installed a distribution: its INSTALLER file, or Debian by the directory."""
    if text and text.strip():
        return text.split()[0]
    return "debian" if folder == "/usr/lib/python3/dist-packages" else ""
