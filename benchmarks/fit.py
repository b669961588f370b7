#!/usr/bin/env python3
"""How long a warm `podfit fit` takes beside a bare `uv pip compile` of the same requirements, in one run.

    .dev/py311/bin/python benchmarks/fit.py [--rounds 7] [--json FILE]

Measured per round, in turn: wall seconds of `uv pip compile` of the requirements that the plan names as needs, for the
template's Python and platform, `podfit fit` on one template, both with --refresh (the index is asked again for
everything), both with empty caches, and `podfit fit` on six templates. Medians over the rounds; peak memory is the
largest resident set of the process and the uv processes under it. Every command runs once before the first round, so
that all caches but the empty ones are warm, and a plain `podfit fit` finds the plan that was made then
(podfit.fit.remembered): what planning itself takes shows where a need or an option is another one each time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from costs import Cost, cost

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "moola"
SIX = (
    "runpod-pytorch-2.4",
    "runpod-pytorch-1.0.7-cu1281-torch291",
    "runpod-pytorch-2.2",
    "runpod-pytorch-2.8",
    "colab-gpu-2026.08",
    "kaggle-gpu-2025.12",
)
TARGET_RATIO, TARGET_SECONDS, TARGET_SIX = 1.5, 0.3, 3.0


def commands(room: Path) -> dict[str, list[str]]:
    """Return the commands to compare; runs `podfit fit` once to learn the needs."""
    podfit = [sys.executable, "-m", "podfit", "fit", str(EXAMPLE), "--local", str(EXAMPLE / "local-environment.txt")]
    one = [*podfit, "-t", SIX[0], "--out", str(room / "one"), "--quiet"]
    six = [*podfit, *(word for name in SIX for word in ("-t", name)), "--out", str(room / "six"), "--quiet"]
    cost(one, room)
    plan = json.loads((room / "one" / f"plan-{SIX[0]}.json").read_text())
    lines = []
    for need in plan["needs"]:
        extras = f"[{','.join(need['extras'])}]" if need["extras"] else ""
        lines.append(f"{need['name']}{extras}{need['specifier']}")
    (room / "needs.in").write_text("\n".join(lines) + "\n")
    template = plan["template"]
    minor = template["platform"]["glibc"].partition(".")[2]
    from uv import find_uv_bin

    uv = [os.fspath(find_uv_bin()), "pip", "compile", "--quiet", "--no-config", "--no-python-downloads"]
    uv += ["--python", sys.executable, "--python-version", template["interpreter"]["version"]]
    uv += ["--python-platform", f"x86_64-manylinux_2_{minor}", "--format", "pylock.toml"]
    uv += ["-o", "pylock.bare.toml", "needs.in"]
    return {
        "uv pip compile": uv,
        "podfit fit": one,
        "uv pip compile --refresh": [*uv, "--refresh"],
        "podfit fit --refresh": [*one, "--refresh"],
        "uv pip compile, cold": uv,
        "podfit fit, cold": one,
        "six templates": six,
    }


def measured(label: str, command: list[str], room: Path) -> Cost:
    """Return what a command took, with empty caches of its own where its label says so."""
    if not label.endswith(", cold"):
        return cost(command, room)
    with tempfile.TemporaryDirectory(dir=room) as caches:
        return cost(command, room, {"UV_CACHE_DIR": f"{caches}/uv", "PODFIT_CACHE_DIR": f"{caches}/podfit"})


def main() -> None:
    """Measure, print the table, and leave with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="podfit-benchmark-") as name:
        room = Path(name)
        compared = commands(room)
        for label, command in compared.items():
            measured(label, command, room)
        seconds: dict[str, list[float]] = {label: [] for label in compared}
        peak = dict.fromkeys(compared, 0)
        for _ in range(given.rounds):
            for label, command in compared.items():
                took = measured(label, command, room)
                seconds[label].append(took.wall)
                peak[label] = max(peak[label], took.memory)
    median = {label: statistics.median(values) for label, values in seconds.items()}
    print(f"{'':24} {'median s':>9} {'min s':>7} {'max s':>7} {'peak MB':>8}")
    for label, values in seconds.items():
        row = f"{median[label]:9.2f} {min(values):7.2f} {max(values):7.2f} {peak[label] / 1e6:8.0f}"
        print(f"{label:24} {row}")
    bare, one, six = median["uv pip compile"], median["podfit fit"], median["six templates"]
    allowed = TARGET_RATIO * bare + TARGET_SECONDS
    print(f"podfit fit / uv pip compile: {one / bare:.2f} (allowed {allowed:.2f} s, took {one:.2f} s)")
    again = median["podfit fit --refresh"] / median["uv pip compile --refresh"]
    print(f"both with --refresh: {again:.2f}")
    print(f"both with empty caches: {median['podfit fit, cold'] / median['uv pip compile, cold']:.2f}")
    print(f"six templates / one: {six / one:.2f} (target under {TARGET_SIX:.0f})")
    if given.json:
        given.json.write_text(json.dumps({"median_seconds": median, "peak_bytes": peak, "rounds": given.rounds}))
    sys.exit(0 if one <= allowed and six / one < TARGET_SIX else 1)


if __name__ == "__main__":
    main()
