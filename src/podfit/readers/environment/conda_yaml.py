"""conda's `environment.yml`: `name=version=build` lines and a nested list for pip.

Read as YAML nodes, which know their lines. Only exact versions count as versions; see
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html for the match specification.
"""

from __future__ import annotations

import re
from typing import Any

from podfit.model import InputError
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.conda_packages import CondaPackages
from podfit.readers.environment.document import Document
from podfit.readers.environment.freeze import read_lines
from podfit.readers.environment.interface import Format, Listing

NAME = "conda environment.yml"

_SPEC = re.compile(r"(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)\s*(?:\[.*\]|(.*))")
_EXACT = re.compile(r"={1,2}\s*([^=*<>!,|\s]+)(?:=([^=\s]+))?")


def recognizes(document: Document) -> bool:
    """Tell whether the document is YAML with a top-level list of `dependencies`."""
    return _dependencies(document) is not None


def _dependencies(document: Document) -> list[Any] | None:
    """Return the nodes of `dependencies`, None when there is no such list."""
    root = document.nodes
    for key, value in root.value if root is not None and root.id == "mapping" else []:
        if key.value == "dependencies" and value.id == "sequence":
            return list(value.value)
    return None


def read(document: Document) -> Listing:
    """Return the listing; a line with a range or no version at all has none. What is no Python is named."""
    builder = Builder(document, NAME)
    packages = CondaPackages(builder)
    for node in _dependencies(document) or []:
        line = node.start_mark.line + 1
        if node.id == "mapping":
            _pip(builder, node)
            continue
        match = _SPEC.fullmatch(node.value.strip()) if node.id == "scalar" else None
        if match is None:
            shown = f"{node.value[:60]!a} is" if node.id == "scalar" else "this is"
            raise InputError(f"{shown} no dependency of conda", where=document.where(line))
        name = match[1]
        exact = _EXACT.fullmatch((match[2] or "").strip())
        version, build = (exact[1], exact[2] or "") if exact else ("", "")
        packages.add(line, name, version, build)
    return packages.listing(installed=False)


def _pip(builder: Builder, node: Any) -> None:
    """Add the lines of `- pip: [...]`."""
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value != "pip" or value.id != "sequence" or any(item.id != "scalar" for item in value.value):
            where = builder.document.where(line)
            raise InputError("a nested dependency of conda other than a `pip:` list", where=where)
        read_lines(builder, [(item.start_mark.line + 1, item.value) for item in value.value], exact=False)


FORMAT = Format(NAME, recognizes, read)
