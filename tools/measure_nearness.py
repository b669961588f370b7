#!/usr/bin/env python3
"""Measure how long after a torch release the libraries that are written for it still admit it, by their own metadata.

    .dev/py311/bin/python tools/measure_nearness.py [--cache DIR]

For each library, each torch release and each delay: the newest final release that was published within the delay after
torch's, and whether what it says of torch (a requirement, or an extra called `torch`) admits that torch. Metadata is a
floor: a release may admit a torch that it does not run with; what it excludes, it excludes. Prints a table for
docs/measurements.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from packaging.version import Version

from podfit.index import Index, default_cache
from podfit.index.files import IndexFile
from podfit.model.requirement import only_extra, parse_requires_dist

TORCHES = ("2.0.0", "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0", "2.6.0", "2.7.0", "2.8.0")
LIBRARIES = (
    *(
        "accelerate",
        "bitsandbytes",
        "datasets",
        "diffusers",
        "evaluate",
        "huggingface-hub",
        "lightning",
        "open-clip-torch",
    ),
    *("optimum", "peft", "pytorch-lightning", "safetensors", "sentence-transformers", "timm", "torchmetrics"),
    *("transformers", "trl", "ultralytics", "vllm", "xformers"),
)
DELAYS = (91, 183, 274, 365, 548, 730)
"""Days after torch's release."""


def published(files: tuple[IndexFile, ...]) -> datetime | None:
    """Return when a release's first file was uploaded, None when the index does not tell."""
    times = [file.upload_time for file in files if file.upload_time]
    return datetime.fromisoformat(min(times).replace("Z", "+00:00")) if times else None


def newest_until(releases: Mapping[str, tuple[IndexFile, ...]], until: datetime) -> str:
    """Return the newest final release that was published before a time, empty when there was none."""
    found = ""
    for version, files in releases.items():
        time = published(files)
        final = not Version(version).is_prerelease and not all(file.yanked for file in files)
        if final and time is not None and time < until:
            found = version
    return found


def verdict(index: Index, name: str, version: str, torch: str) -> str:
    """Return what a release says of a torch: admits, excludes, pins (to another one, exactly), or silent."""
    said = []
    for line in index.metadata(name, version).requires_dist:
        parsed = parse_requires_dist(line)
        if parsed is not None and parsed.target == "torch" and only_extra(line) in ("", "torch"):
            said.append(parsed)
    if not said:
        return "silent"
    if all(each.allows(torch) for each in said):
        return "admits"
    return "pins" if any(s.operator == "==" for each in said for s in each.requirement.specifier) else "excludes"


def main() -> None:
    """Print, by delay, of how many pairs the newest release admits the torch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=default_cache())
    index = Index(cache=parser.parse_args().cache)
    dates = {version: published(files) for version, files in index.releases("torch").items() if version in TORCHES}
    projects = {name: index.releases(name) for name in LIBRARIES}
    pairs: dict[int, list[tuple[str, str, str]]] = {}
    for days in DELAYS:
        for torch, date in dates.items():
            for name, releases in projects.items():
                newest = newest_until(releases, date + timedelta(days=days)) if date is not None else ""
                if newest:
                    pairs.setdefault(days, []).append((name, newest, torch))
    index.prefetch({(name, newest) for found in pairs.values() for name, newest, _ in found})
    print("| days after torch | pairs | admits it | excludes it | pins another | says nothing |")
    print("|---:|---:|---:|---:|---:|---:|")
    for days, found in pairs.items():
        said = {triple: verdict(index, *triple) for triple in found}
        counted = Counter(said.values())
        counts = " | ".join(str(counted[word]) for word in ("admits", "excludes", "pins", "silent"))
        print(f"| {days} | {len(found)} | {counts} |")
        print("    ", "; ".join(f"{n} {v} over {t}" for (n, v, t), word in said.items() if word == "excludes"))


if __name__ == "__main__":
    main()
