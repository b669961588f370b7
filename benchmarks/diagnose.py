"""`podfit diagnose` on a long log: one pass, beside `grep -c -F -f` for as many fixed strings.

    .dev/py311/bin/python benchmarks/diagnose.py [--megabytes 100] [--runs 3]

Both read the same file in the same run, so that the machine's load meets both. The memory is the peak of a process that
does nothing but diagnose that file.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from podfit.catalogue.symptoms import symptoms

FAILURE = (
    "Traceback (most recent call last):\n"
    '  File "/home/user/project/train.py", line 3, in <module>\n    import thinc\n'
    '  File "/home/user/venv/lib/python3.11/site-packages/thinc/api.py", line 1, in <module>\n'
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject\n"
)
PROGRAM = (
    "import resource, sys, podfit\nfrom pathlib import Path\n"
    "print(podfit.diagnose(Path(sys.argv[1])).causes[0].category,"
    " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
)


def write_log(path: Path, size: int) -> None:
    """Write a training log of about so many bytes, a failure in its middle; the same text every time."""
    random.seed(7)
    with path.open("w", encoding="utf-8") as file:
        written, told = 0, False
        while written < size:
            loss, rate = random.random(), random.random()
            line = f"[2026-01-01 10:00:00,000] epoch {written % 90} step {written} loss {loss:.6f} lr {rate:.2e} ok\n"
            if written > size // 2 and not told:
                line, told = FAILURE + line, True
            written += file.write(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    literals = sorted({literal for row in symptoms("log") for literal in row["literals"]})
    with tempfile.TemporaryDirectory() as folder:
        log, strings = Path(folder) / "long.log", Path(folder) / "strings"
        write_log(log, options.megabytes * 1_000_000)
        strings.write_text("\n".join(literals) + "\n", encoding="utf-8")
        print(f"{log.stat().st_size / 1e6:.0f} MB, {len(literals)} fixed strings")
        for _ in range(options.runs):
            took, said = [], ""
            for command in (
                ["grep", "-c", "-F", "-f", str(strings), str(log)],
                [sys.executable, "-c", PROGRAM, str(log)],
            ):
                before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                said = subprocess.run(command, capture_output=True, text=True).stdout.strip()
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                took.append((time.perf_counter() - started, after.ru_utime - before.ru_utime))
            (grep, grep_cpu), (ours, ours_cpu) = took
            print(f"grep {grep:.1f} s ({grep_cpu:.1f} s of CPU), podfit {ours:.1f} s ({ours_cpu:.1f} s of CPU): "
                  f"{ours / grep:.2f} of grep's time; found {said.split()[0]}, peak {said.split()[1]} MB")  # fmt: skip


if __name__ == "__main__":
    main()
