"""Files that lie on the machine already: a wheelhouse is looked into before any index is asked."""

from __future__ import annotations

import hashlib
import json
import os
from urllib.parse import quote

from ..protocol import Order, OrderedPackage
from .talk import RefusedError

_NAMED = 8
"""How many files one sentence names."""


def from_wheelhouse(order: Order) -> Order:
    """Return the order with what its directories have taken from there: the plan's very files, told by their sha256.

    Raises RefusedError for a directory that is not there and, where no index may be asked, for what they lack.
    """
    places = [os.path.abspath(os.path.expanduser(place)) for place in order.get("wheelhouse", [])]
    for place in places:
        if not os.path.isdir(place):
            raise RefusedError(f"{place} is no directory of wheels", "name one on this machine with --find-links DIR")
    packages: dict[str, OrderedPackage] = {}
    missing: list[str] = []
    for name, package in order.get("packages", {}).items():
        found = _found(package, places)
        packages[name] = local_package(name, package["version"], *found) if found else package
        if not found and order.get("no_index") and not package["find_links"]:
            missing.append(package["files"][0][0] if package["files"] else f"{name} {package['version']}")
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        named = ", ".join(missing[:_NAMED])
        raise RefusedError(
            f"no index may be asked, and {' or '.join(places) or 'no wheelhouse'} lacks {named}{more}",
            "put the very files of the plan there (pip download -r lock-T.txt --require-hashes --no-deps)",
        )
    filled = order.copy()
    filled["packages"] = packages
    return filled


def _found(package: OrderedPackage, places: list[str]) -> tuple[str, str] | None:
    """Return path and sha256 of the first of a package's files that lies in a directory; other bytes do not count."""
    for filename, digest in package["files"]:
        for place in places:
            path = os.path.join(place, os.path.basename(filename))
            if filename and os.path.isfile(path) and _sha256(path) == digest:
                return path, digest
    return None


def _sha256(path: str) -> str:
    """Return the hash of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def local_package(name: str, version: str, path: str, digest: str) -> OrderedPackage:
    """Return a file on this machine as what is installed under a name."""
    where = json.dumps("file://" + quote(path))
    hashes = f"hashes = {{ sha256 = {json.dumps(digest)} }}"
    entry = [f"name = {json.dumps(name)}", f"version = {json.dumps(version)}"]
    file = f"{{ url = {where}, {hashes} }}"
    kind = f"wheels = [{file}]" if path.endswith(".whl") else f"sdist = {file}"
    return {
        "version": version,
        "pylock": "\n".join(["[[packages]]", *entry, kind, ""]),
        "pip": f"{name}=={version} --hash=sha256:{digest}",
        "find_links": os.path.dirname(path),
        "bytes": os.path.getsize(path),
        "hashes": [digest],
        "files": [[os.path.basename(path), digest]],
    }
