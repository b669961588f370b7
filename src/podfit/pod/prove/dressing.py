"""The records of a stand-in: what stands in for a template's build says that it is that build.

The modules are another build's; the name, the version and the requirements are the template's, so that the plan that is
made for the template is applied and checked word by word.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from podfit.model import Distribution, canonical

_MARK = "podfit-stand-in"
"""What INSTALLER says of records that podfit wrote."""


def infos(site: Path) -> dict[str, Path]:
    """Return the metadata directories in a directory of packages, by normalized name."""
    found = {}
    for path in site.glob("*.dist-info"):
        found[canonical(path.name[: -len(".dist-info")].rpartition("-")[0])] = path
    return found


def dress(site: Path, distribution: Distribution) -> None:
    """Make the installed distribution of that name say that it is the template's; absent: write its records alone."""
    before = infos(site).get(distribution.name)
    stem = distribution.name.replace("-", "_")
    target = site / f"{stem}-{distribution.version}.dist-info"
    if before is None:
        target.mkdir()
        (target / "RECORD").write_text("", "utf-8")
    elif before != target:
        before.rename(target)
    rows = (target / "RECORD").read_text("utf-8", "surrogateescape") if (target / "RECORD").is_file() else ""
    if before is not None:
        rows = rows.replace(f"{before.name}/", f"{target.name}/")
    kept = [row for row in rows.splitlines() if not row.startswith((f"{target.name}/METADATA,", f"{target.name}/REC"))]
    kept += [f"{target.name}/METADATA,,", f"{target.name}/RECORD,,"]
    _replace(target / "METADATA", _metadata(distribution, target / "METADATA"))
    _replace(target / "INSTALLER", f"{_MARK}\n")
    _replace(target / "RECORD", "\n".join(kept) + "\n")


def undress(site: Path, names: Iterable[str]) -> None:
    """Remove the records of distributions whose files stay: the template does not have them by that name."""
    known = infos(site)
    for name in names:
        if name in known:
            shutil.rmtree(known[name])


def _metadata(distribution: Distribution, present: Path) -> str:
    """Return the METADATA of a template's distribution; where the template states no requirements, those present."""
    lines = [f"Metadata-Version: 2.1\nName: {distribution.name}\nVersion: {distribution.version}"]
    if distribution.requires_python:
        lines.append(f"Requires-Python: {distribution.requires_python}")
    stated = distribution.requires_dist
    if stated is None and present.is_file():
        head = present.read_text("utf-8", "replace").partition("\n\n")[0]
        stated = tuple(
            line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("requires-dist:")
        )
    return "\n".join([*lines, *(f"Requires-Dist: {line}" for line in stated or ())]) + "\n"


def _replace(path: Path, text: str) -> None:
    """Write a file anew: the one that is there may be a link into uv's cache."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8", "surrogateescape")
    os.replace(new, path)  # noqa: PTH105 - by its usual name
