"""torchvision, torchaudio, triton: which release belongs to which torch, as their metadata say (torch_pairs.toml)."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from podfit.catalogue.table import table


def partner(name: str, torch: str) -> str:
    """Return the newest version of name that goes with a torch of that version; empty for none known."""
    try:
        have = Version(torch)
    except InvalidVersion:
        return ""
    pairs = table("torch_pairs").get(name, {})
    exact: dict[str, str] = pairs.get("exact", {})
    if have.public in exact:
        return exact[have.public]
    series = ".".join(str(each) for each in have.release[:2])
    found: str = pairs.get("series", {}).get(series, "")
    return found


def torch_of(name: str, version: str) -> str:
    """Return the torch series that a release of name belongs to, empty where the table does not know."""
    try:
        have = Version(version)
    except InvalidVersion:
        return ""
    series = ".".join(str(each) for each in have.release[:2])
    for torch, other in table("torch_pairs").get(name, {}).get("series", {}).items():
        if ".".join(other.split(".")[:2]) == series:
            return str(torch)
    return ""
