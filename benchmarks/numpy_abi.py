#!/usr/bin/env python3
"""Does podfit see from a wheel's bytes with which NumPy it cannot be imported? Beside what its metadata says.

    .dev/py311/bin/python benchmarks/numpy_abi.py [--table FILE] [--json FILE]

The truth is benchmarks/data/numpy_abi.tsv: real wheels, imported for real with several NumPy versions (x86-64 Linux).
Scored are the rows where the import was a success or failed for NumPy's sake; what lacked another distribution or ran
into a time limit tells nothing. The wheels are read from the package index through podfit's own client.

recall: of the failures, the share that was foreseen. false alarms: of the successes, the share that was called a
failure.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

from packaging.requirements import Requirement

from podfit.audit.binary import refusal
from podfit.audit.binary.facts import wheel_binaries
from podfit.index import Index
from podfit.index.wheel import fetch_members

TABLE = Path(__file__).resolve().parent / "data" / "numpy_abi.tsv"
FAILURES = ("np1x-on-np2", "size-changed", "api-version", "crash")
TARGET_RECALL, TARGET_FALSE = 0.98, 0.02


def main() -> int:
    """Read the wheels, print the scores; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with given.table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["result"] in (*FAILURES, "ok")]
    by_wheel: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_wheel[row["project"], row["wheel"]].append(row)
    index = Index()
    scores = {"binaries": [0, 0, 0, 0], "metadata": [0, 0, 0, 0]}
    wrong: list[str] = []
    started, absent = time.perf_counter(), []
    for (project, wheel), tried in sorted(by_wheel.items()):
        file = next((f for f in index.files(project) if f.filename == wheel), None)
        if file is None:
            absent.append(wheel)
            continue
        with index.open_wheel(file) as bundle:
            uses = [library.numpy for library in wheel_binaries(bundle, fetch_members).libraries]
        lines = [Requirement(line) for line in index.metadata(project, file.version).requires_dist or ()]
        limits = [line.specifier for line in lines if line.name == "numpy" and "extra" not in str(line.marker)]
        for row in tried:
            fails = row["result"] in FAILURES
            seen = any(refusal(use, row["numpy"]) for use in uses)
            said = not all(limit.contains(row["numpy"], prereleases=True) for limit in limits)
            for name, foreseen in (("binaries", seen), ("metadata", said)):
                scores[name][2 * fails + foreseen] += 1
            if seen != fails:
                wrong.append(f"{wheel} with {row['numpy']}: {row['result']}, foreseen: {seen}")
    seconds = time.perf_counter() - started
    print(f"{len(by_wheel) - len(absent)} wheels, {seconds:.0f} s; not on the index: {', '.join(absent) or 'none'}\n")
    print("| judged by | failures foreseen | false alarms |\n|---|---:|---:|")
    figures = {}
    for name, (passed, alarmed, missed, found) in scores.items():
        recall, false = found / (found + missed), alarmed / (alarmed + passed)
        figures[name] = {"recall": recall, "false": false, "failures": found + missed, "successes": alarmed + passed}
        print(
            f"| {name} | {found} of {found + missed} ({recall:.1%}) | {alarmed} of {alarmed + passed} ({false:.1%}) |"
        )
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    if given.json:
        given.json.write_text(json.dumps({"seconds": seconds, **figures}, indent=1) + "\n", encoding="utf-8")
    mine = figures["binaries"]
    return 0 if mine["recall"] >= TARGET_RECALL and mine["false"] <= TARGET_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
