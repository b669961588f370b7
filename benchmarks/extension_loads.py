#!/usr/bin/env python3
"""Does podfit ever call a compiled extension good that its torch does not load? Against loads that were tried.

    .dev/py311/bin/python benchmarks/extension_loads.py [--table FILE] [--json FILE]

The truth is benchmarks/data/extension_loads.tsv: extension libraries of real wheels, loaded beside real torch versions
(x86-64 Linux, CPU; CUDA libraries were stand-ins, so that a missing symbol of theirs alone is the stand-in's fault).
podfit reads the wheels from the package index. Per file and torch: "missing" (a symbol of torch or a CUDA library is
not there), "ok" (stable interface alone, or built for this minor version), "unproven" (nothing missing), "none".
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

from podfit.audit.binary.facts import LibraryFacts, wheel_binaries
from podfit.audit.binary.linking import Link, torch_link
from podfit.index import Index, IndexFile
from podfit.index.wheel import fetch_members

TABLE = Path(__file__).resolve().parent / "data" / "extension_loads.tsv"
_STAND_IN = re.compile(r"undefined symbol: (?:cu[A-Z]|cuda[A-Z])")


def wheel_of(index: Index, extension: str) -> IndexFile | None:
    """Return the wheel of `NAME-VERSION` for CPython 3.11 (or any newer one's stable ABI) on x86-64 Linux."""
    name, _, version = extension.rpartition("-")
    files = [f for f in index.files(name) if f.version == version and f.kind == "wheel" and "x86_64" in f.filename]
    for tag in ("-cp311-cp311-", "-abi3-", "-py3-none-"):
        found = next((file for file in files if tag in file.filename and "linux" in file.filename), None)
        if found is not None:
            return found
    return None


def main() -> int:
    """Read the wheels and compare; exit code 1 when something that was called ok did not load."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with given.table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    index = Index()
    libraries: dict[tuple[str, str], LibraryFacts] = {}
    absent = []
    for extension in sorted({row["ext"] for row in rows}):
        wheel = wheel_of(index, extension)
        if wheel is None:
            absent.append(extension)
            continue
        with index.open_wheel(wheel) as bundle:
            for library in wheel_binaries(bundle, fetch_members).libraries:
                libraries[extension, library.path.rpartition("/")[2]] = library
    counted: Counter[tuple[str, str]] = Counter()
    wrong = []
    for row in rows:
        library = libraries.get((row["ext"], row["file"]))
        if library is None:
            counted["not read", ""] += 1
            continue
        link = torch_link(library, row["torch"]).link
        said = "missing" if link is Link.MISSING or row["missing_sonames"] else link.value
        loaded = row["actual"] == "OK" or bool(_STAND_IN.search(row["actual"]))
        counted[said, "loaded" if loaded else "failed"] += 1
        if (said == "ok" and not loaded) or (said == "missing" and row["actual"] == "OK"):
            wrong.append(f"{row['ext']} {row['file']} on torch {row['torch']}: {said}, {row['actual']}")
    print(f"{len(rows)} loads; not on the index: {', '.join(absent) or 'none'}\n")
    print("| podfit says | loaded | failed |\n|---|---:|---:|")
    for said in ("missing", "unproven", "ok", "none"):
        print(f"| {said} | {counted[said, 'loaded']} | {counted[said, 'failed']} |")
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    if given.json:
        figures = {f"{said} {end}": count for (said, end), count in counted.items()}
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
