"""Where this interpreter keeps its packages, and which distributions lie there."""

from __future__ import annotations

import json
import os
import sys
import sysconfig

from .. import here
from ..tree import distributions as tree
from ..tree.distributions import Info, in_folder, metadata
from ..tree.files import HERE
from ..tree.system import externally_managed as marked
from ..verify.requirements import parse_version


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
    return sys.prefix == sys.base_prefix and marked(HERE, sysconfig.get_path("stdlib"))


def search_path() -> list[str]:
    """Return the directories where this interpreter finds distributions, in order."""
    seen: dict[str, None] = {}
    for path in here.search_path():
        if path and os.path.isdir(path):
            seen.setdefault(os.path.realpath(path))
    return list(seen)


def distributions(folder: str) -> dict[str, Info]:
    """Return the distributions recorded in one directory, by normalized name."""
    return in_folder(HERE, folder)


def visible(folders: list[str]) -> dict[str, Info]:
    """Return the distributions that are found in folders, searched in order: the first of each name wins."""
    return tree.visible(HERE, folders)


def has_version(entry: Info | None, version: str) -> bool:
    """Tell whether a found distribution has exactly this version: `2026.06` is `2026.6` (PEP 440).

    Of what is built from a commit, whose version nobody knew before, version is the URL with the commit
    (`git+https://example.org/x.git@0123...`).
    """
    if entry is None:
        return False
    if "://" in version:
        return commit(entry.path) == version.partition("#")[0].rpartition("@")[2]
    written = (entry.version, metadata(HERE, entry).version)
    meant = parse_version(version)
    return version in written or (meant is not None and meant in map(parse_version, written))


def commit(info: str) -> str:
    """Return the commit that a .dist-info says it was built from (PEP 610), empty when it was not."""
    try:
        return str(json.loads(HERE.text(os.path.join(info, "direct_url.json")) or "null")["vcs_info"]["commit_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
