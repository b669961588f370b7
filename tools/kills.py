"""Kill `podfit apply` with SIGKILL at many moments, in place and into an overlay, and look at every byte afterwards.

    python tools/kills.py [--moments 200] [--whole 20] [--seed N] [--python PATH]

Half of the moments lie in the window in which files move, half of them in each mode. --whole are those in which podfit
itself, or podfit and its agent, die; in the others the agent does. Every fifth is killed a second time while it is put
back. After each, the environment is compared with what it was: every file's bytes, kind and mode, the user's own files
from before and those written after the kill included. Exits with 1 at the first difference.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("far", "pod")]


def main() -> int:
    """Do it; return the exit code."""
    from kill_support import ask, make, restore, steps, strike, window

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--only", choices=("in place", "overlay"), help="one of the two modes, with all the moments")
    parser.add_argument("--whole", type=int, default=20, help="of these, so many in which podfit dies")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--python", default=sys.executable, help="the interpreter that the environment is made of")
    given = parser.parse_args()
    rng = random.Random(given.seed)  # noqa: S311 - moments, no secrets
    begun = time.monotonic()
    counts: Counter[str] = Counter()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="podfit-kills-") as folder:
        for mode, in_place in (("in place", True), ("overlay", False)):
            if given.only not in (None, mode):
                continue
            goal = make(Path(folder, mode.replace(" ", "-")), in_place=in_place, python=given.python)
            if ask(goal, "apply")["outcome"] != "applied":
                raise RuntimeError("the plan cannot be applied at all")
            taken = steps(goal)
            first, last = window(taken, in_place=in_place)
            restore(goal)
            print(f"{mode}: {len(taken)} steps, files move from step {first} to {last}", flush=True)
            half = given.moments if given.only else given.moments // 2
            for number in range(half):
                inside = number % 2 == 0
                at = rng.randint(first, last) if inside else rng.randint(1, len(taken))
                inside = first <= at <= last
                whom = rng.choice(["podfit", "both"]) if number < given.whole // 2 else "agent"
                again = rng.randint(1, 12) if number % 5 == 4 else 0
                state = strike(goal, at, whom, recovery=again)
                counts[f"{mode}, {'files moving' if inside else 'before or after'}: {state}"] += 1
                counts[f"{mode}: of {whom}"] += 1
                counts["killed again while put back"] += bool(again)
                if number % 20 == 19:
                    print(f"  {number + 1} of {half}, {time.monotonic() - begun:.0f} s", flush=True)
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    print(f"{given.moments} kills, every byte as it was or as planned, {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
