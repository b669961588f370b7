"""conda-lock's lock file: an environment for each platform, conda's packages and PyPI's.

See https://conda.github.io/conda-lock/output/#unified-lockfile.
"""

from __future__ import annotations

from typing import Any

from podfit.model import canonical
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.conda_packages import CondaPackages
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing

NAME = "conda-lock.yml"


def recognizes(document: Document) -> bool:
    """Tell whether the document is YAML with conda-lock's `metadata` and `package`."""
    return _top(document, "metadata") is not None and _packages(document) is not None


def read(document: Document) -> Listing:
    """Return the listing for Linux where there is one; what is no Python distribution is named."""
    builder = Builder(document, NAME)
    entries = [({key.value: value for key, value in each.value}, each) for each in _packages(document) or []]
    told = [(_text(fields, "platform"), fields, each.start_mark.line + 1) for fields, each in entries]
    platforms = {platform for platform, _, _ in told}
    platform = "linux-64" if "linux-64" in platforms else min(platforms, default="")
    packages = CondaPackages(builder)
    for there, fields, line in told:
        name, version = _text(fields, "name"), _text(fields, "version")
        if there != platform or not name:
            continue
        if _text(fields, "manager") == "pip":
            builder.add(line, canonical(name), version, installer="pip")
        else:
            packages.add(line, name, version)
    return packages.listing(installed=False)


def _top(document: Document, name: str) -> Any:
    """Return the node under a key of the document, None where there is none."""
    root = document.nodes
    pairs = root.value if root is not None and root.id == "mapping" else []
    return next((value for key, value in pairs if key.value == name), None)


def _packages(document: Document) -> list[Any] | None:
    """Return the nodes of the packages, None when there is no such list."""
    node = _top(document, "package")
    if node is None or node.id != "sequence":
        return None
    return [each for each in node.value if each.id == "mapping"]


def _text(fields: dict[str, Any], name: str) -> str:
    node = fields.get(name)
    return str(node.value) if node is not None and node.id == "scalar" else ""


FORMAT = Format(NAME, recognizes, read)
