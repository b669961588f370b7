"""The table of symptoms: what logs of failed installs and runs say, one file per family in the folder `symptoms`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from podfit.catalogue.table import table

PLACES = "log", "ssh"
"""Where a family's rows are looked for: in any log, or in what ssh says of a connection."""


@cache
def families() -> tuple[str, ...]:
    """Return the families' names, sorted: each is a file."""
    folder = files(__package__).joinpath("symptoms")
    return tuple(sorted(each.name[:-5] for each in folder.iterdir() if each.name.endswith(".toml")))


@cache
def symptoms(place: str = "log") -> tuple[Mapping[str, Any], ...]:
    """Return the rows of all families of a place, each with its category; the order is that of files and rows.

    A row has: id, category, literals, pattern, weight (how much it explains, of 100), role (failure, warning or
    consequence), cause, packages, fix, case (what takes their place under a condition), check, source, sample, counter.
    """
    rows = []
    for family in families():
        read = table(f"symptoms/{family}")
        if read.get("place", "log") == place:
            rows += [
                {"category": read.get("category", ""), "weight": 60, "role": "failure", **row}
                for row in read["symptom"]
            ]
    return tuple(rows)


VERIFIED = (
    "numpy2_abi",
    "numpy_api_removed",
    "torch_ext_symbol",
    "torchvision_mismatch",
    "missing_cuda_lib",
    "nccl_mismatch",
    "glibc_or_glibcxx",
    "opencv_libgl",
    "protobuf_descriptors",
    "pydantic_v1_v2",
    "hf_version_mismatch",
    "missing_module_name_mismatch",
    "xgboost_lightgbm",
)
"""The families of which imports and functions of a finished environment can fail."""
_CARRIED = ("id", "literals", "pattern", "unless", "weight", "cause", "fix", "case")


def carried() -> list[dict[str, Any]]:
    """Return the rows that verify carries to other machines: what failing imports say, without sources and samples."""
    rows = (row for row in symptoms("log") if row["category"] in VERIFIED and row["role"] != "consequence")
    return [{key: row[key] for key in _CARRIED if key in row} for row in rows]
