"""Fit the example onto every template of the catalogue: answered or not, seconds, memory.

    .dev/py311/bin/python benchmarks/over_catalogue.py [--cold] [--only TEXT ...] [--json FILE]

Each template is a process of its own, one after the other, with a cache of the run's own; --cold gives each an empty
one, podfit's and uv's. Beside the seconds stands the processor's part of them, which a busy machine hardly changes.
Needs the package index.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from podfit.catalogue.store import template_names

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "moola"
LONGEST = 300
"""Seconds after which a template counts as not answered."""


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cold", action="store_true", help="an empty cache for each template")
    parser.add_argument("--only", nargs="*", default=[], help="templates whose name has one of these texts")
    parser.add_argument("--json", type=Path, help="write the numbers here, too")
    given = parser.parse_args()
    names = [name for name in template_names() if not given.only or any(text in name for text in given.only)]
    rows = []
    with tempfile.TemporaryDirectory(prefix="podfit-bench-") as room:
        for number, name in enumerate(names):
            cache = Path(room) / (f"cache{number}" if given.cold else "cache")
            rows.append(fitted(name, Path(room), cache))
            row = rows[-1]
            print(
                f"| {name} | {row['answer']} | {row['seconds']:.1f} | {row['processor']:.1f} | {row['memory']} | "
                f"{row['load']:.0f} |",
                flush=True,
            )
            if given.json:
                given.json.write_text(json.dumps(rows, indent=1))
    slowest = max(rows, key=lambda row: row["seconds"])
    answered = sum(row["answer"] in ("fits", "does not fit") for row in rows)
    print(f"{answered} of {len(rows)} answered; the slowest: {slowest['template']}, {slowest['seconds']:.1f} s")


def fitted(name: str, room: Path, cache: Path) -> dict[str, Any]:
    """Return what one run gave: its answer, seconds of the clock and of the processor, MB at most, and the load."""
    out = room / name
    command = [sys.executable, "-m", "podfit", "fit", str(EXAMPLE), "--local", str(EXAMPLE / "local-environment.txt")]
    command += ["-t", name, "--out", str(out), "--format", "json"]
    settings = {**os.environ, "PODFIT_CACHE_DIR": str(cache / "podfit"), "UV_CACHE_DIR": str(cache / "uv")}
    start = time.perf_counter()
    with (room / "said").open("wb") as said:
        run = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=said)
    stop = threading.Timer(LONGEST, run.kill)
    stop.start()
    _, status, used = os.wait4(run.pid, 0)  # its own memory, and its children's
    stop.cancel()
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    answers = {0: "fits", 1: "does not fit"}
    last = (room / "said").read_text(errors="replace").strip().splitlines()[-1:] or [""]
    plan = out / f"plan-{name}.json"
    answered = code in answers and plan.is_file()
    return {
        "template": name,
        "answer": answers[code] if answered else f"no answer ({code}): {last[0][:120]}",
        "seconds": seconds,
        "processor": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss // 1024,
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
