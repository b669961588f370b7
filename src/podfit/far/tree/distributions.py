"""Which distributions are recorded in a directory, and what their metadata say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from typing import NamedTuple

from ..text import canonical
from .files import Tree

_INFO = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py\d[\d.]*)?\.(?P<kind>dist|egg)-info")
_EGG = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?.*\.egg")


class Info(NamedTuple):
    """The record of one distribution: path of its .dist-info, .egg-info or EGG-INFO, and the directory around it.

    name and version are those of the directory's name, which installers derive from the metadata; either may be empty.
    kind is `dist` or `egg`.
    """

    path: str
    folder: str
    name: str
    version: str
    kind: str


class Metadata(NamedTuple):
    """What a distribution says about itself; requires is None where its format cannot state any."""

    name: str
    version: str
    requires_python: str
    requires: list[str] | None


def infos(tree: Tree, folder: str) -> Iterator[Info]:
    """Yield the records in one directory of a search path, sorted; an egg is a directory of its own.

    What an interrupted pip left behind begins with `~` and is yielded too.
    """
    egg = _EGG.fullmatch(os.path.basename(folder))
    if egg and tree.is_dir(os.path.join(folder, "EGG-INFO")):
        yield Info(os.path.join(folder, "EGG-INFO"), folder, egg["name"], egg["version"] or "", "egg")
    for name in tree.names(folder):
        found = _INFO.fullmatch(name) if name.endswith("-info") else None
        if found:
            path = os.path.join(folder, name)
            yield Info(path, folder, found["name"], found["version"] or "", found["kind"])


def headers(tree: Tree, info: Info) -> Message:
    """Return the header fields of METADATA or PKG-INFO, none when there is no such file."""
    files = [os.path.join(info.path, "METADATA"), os.path.join(info.path, "PKG-INFO"), info.path]
    text = next(filter(None, (tree.text(path) for path in files)), "")
    return HeaderParser().parsestr(re.split(r"\r?\n\r?\n", text, maxsplit=1)[0])


def metadata(tree: Tree, info: Info) -> Metadata:
    """Return what a distribution says about itself; fields that it lacks are empty."""
    fields = headers(tree, info)
    requires: list[str] | None = [" ".join(str(line).split()) for line in fields.get_all("Requires-Dist") or []]
    if info.kind == "egg" and not requires:
        requires = None if tree.is_file(info.path) else egg_requires(tree.text(f"{info.path}/requires.txt") or "")
    name, version, python = (str(fields[key] or "").strip() for key in ("Name", "Version", "Requires-Python"))
    return Metadata(name, version, python, requires)


def egg_requires(text: str) -> list[str]:
    """Return the requirements of a requires.txt as Requires-Dist would write them.

    Its sections are `[extra]`, `[:marker]` or `[extra:marker]` (setuptools, "The EGG-INFO formats").
    """
    found, condition = [], ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        section = re.fullmatch(r"\[([^:\]]*)(?::(.*))?\]", line)
        if section:
            extra, marker = section[1].strip(), (section[2] or "").strip()
            parts = [f"({marker})" if extra and marker else marker, f'extra == "{extra}"' if extra else ""]
            condition = " and ".join(filter(None, parts))
        elif not line.startswith("#"):
            found.append(line + (f"{' ' if '@' in line else ''}; {condition}" if condition else ""))
    return found


def visible(tree: Tree, folders: Iterable[str]) -> dict[str, Info]:
    """Return the records that are found in folders, searched in order: the first of each normalized name wins.

    Of two in one directory a .dist-info wins. A version that the directory's name lacks is read from the metadata;
    without any, there is no distribution.
    """
    found: dict[str, Info] = {}
    for folder in folders:
        for name, info in in_folder(tree, folder).items():
            found.setdefault(name, info)
    return found


def in_folder(tree: Tree, folder: str) -> dict[str, Info]:
    """Return the records of one directory by normalized name, as `visible` does."""
    found: dict[str, Info] = {}
    for info in infos(tree, folder):
        if info.name.startswith("~"):
            continue
        version = info.version or metadata(tree, info).version
        key = canonical(info.name)
        if version and (key not in found or info.kind == "dist"):
            found[key] = info._replace(version=version)
    return found
