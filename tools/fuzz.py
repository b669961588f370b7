"""Feed podfit's readers with made-up and damaged input for some minutes, and tell what breaks.

    python tools/fuzz.py [--minutes 10] [--only NAME ...] [--seed N] [--shrink]

The targets are those of tests/fuzz/fuzz_targets.py, which CI runs for a moment each with the same examples every time.
Here every round takes a new seed, and prints it. Exits with 1 when a promise was broken; what broke
it belongs into the tests as an example of its own.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("fuzz", "index", "writers")]
EXAMPLES = 25
"""Inputs of one round of one target."""


def once(name: str, number: int, *, shrink: bool = False) -> tuple[int, str]:
    """Run one round of a target; return how many inputs it had, and what broke, empty for nothing.

    shrink looks for the smallest input that breaks it, which takes minutes for large ones.
    """
    from fuzz_targets import CHANGES, TARGETS

    strategy, target = TARGETS[name]
    count = 0
    CHANGES.clear()
    last: Any = None

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
    )
    @given(strategy)
    def run(value: Any) -> None:
        """Count and try one input."""
        nonlocal count, last
        count, last = count + 1, value
        target(value)

    try:
        run()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        frames = traceback.extract_tb(error.__traceback__)
        path = [
            f"  {Path(at.filename).name}:{at.lineno} {at.name}"
            for at in frames
            if str(ROOT / ".dev") not in at.filename
        ]
        told = "\n".join([f"{type(error).__name__}: {error}"[:800], *path[-8:]])
        return count, f"{told}\n" + ("\n".join(CHANGES) or f"{last!r:.800}")
    return count, ""


def main() -> int:
    """Run all targets in turn until the time is up; return the exit code."""
    from fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on")
    parser.add_argument("--only", nargs="*", choices=sorted(TARGETS), help="these targets alone")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--shrink", action="store_true", help="look for the smallest input that breaks a promise")
    given_words = parser.parse_args()
    names = given_words.only or sorted(TARGETS)
    begun, number = time.monotonic(), given_words.seed
    counts: Counter[str] = Counter()
    broken: dict[str, str] = {}
    while time.monotonic() - begun < 60 * given_words.minutes and len(broken) < len(names):
        for name in names:
            if name in broken or time.monotonic() - begun > 60 * given_words.minutes:
                continue
            count, told = once(name, number, shrink=given_words.shrink)
            counts[name] += count
            if told:
                broken[name] = told
                print(f"--- {name} (--seed {number})\n{told[-4000:]}", flush=True)
        number += 1
    minutes = (time.monotonic() - begun) / 60
    print(f"{sum(counts.values())} inputs in {minutes:.1f} minutes, seeds {given_words.seed} to {number - 1}:")
    for name in names:
        print(f"  {counts[name]:7} {name}{': BROKEN' if name in broken else ''}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
