#!/usr/bin/env python3
"""Measure over stand-ins of several torch releases which plans run, and what those that do not run teach.

    .dev/py311/bin/python tools/measure_runs.py --torch 2.4.1 --out runs-2.4.1.jsonl [NAME ...]
    .dev/py311/bin/python tools/measure_runs.py --torch 2.4.1 --bounds runs-2.4.1.jsonl [NAME ...]

The first makes a stand-in (`podfit.pod.prove.standin`: 6 GB in podfit's cache for each torch) and runs
benchmarks/runs.py over it. The second takes the packages that failed there, looks for the newest older release that
runs, and prints a table of bounds for the catalogue for each: what was seen on both sides of the boundary.
Nothing is written there by itself: what a failure is due to is for a person to judge. --remove takes the stand-in away
in the end.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import runs  # noqa: E402

if TYPE_CHECKING:
    from podfit.model import Bound, Template

RECIPES = {
    "2.2.2": ("runpod-pytorch-2.2", "3.10", ("torch==2.2.2", "torchvision==0.17.2", "torchaudio==2.2.2")),
    "2.4.1": ("runpod-pytorch-2.4", "3.11", ("torch==2.4.1", "torchvision==0.19.1", "torchaudio==2.4.1")),
    "2.8.0": ("runpod-pytorch-2.8", "3.12", ("torch==2.8.0", "torchvision==0.23.0", "torchaudio==2.8.0")),
    "newest": ("runpod-pytorch-current", "3.12", ("torch", "torchvision", "torchaudio")),
}
"""torch to: the catalogue's template that lends its other packages, the series of Python, and what is put in the place
of its torch, with the libraries that the index resolves for it."""


def template(torch: str) -> Template:
    """Return the template that a stand-in of a torch release is made for: every version is one that the index has."""
    from podfit.model import Distribution, Interpreter
    from podfit.readers.template import read_template

    name, series, asked = RECIPES[torch]
    found = read_template(name)
    others = {
        key: each
        for key, each in found.distributions.items()
        if not key.startswith("nvidia-") and key not in ("torch", "torchvision", "torchaudio", "triton")
    }
    own = resolved(asked, [f"{key}=={each.version}" for key, each in others.items()], series)
    added = {key: Distribution(key, version, found.evidence) for key, version in own.items() if key not in others}
    return replace(
        found, name=f"torch-{torch}", interpreter=Interpreter(f"{series}.0"), distributions={**others, **added}
    )


def resolved(asked: tuple[str, ...], constraints: list[str], series: str) -> dict[str, str]:
    """Return the versions that uv resolves for requirements under constraints; raises RuntimeError when it cannot."""
    from podfit.pod.prove.pythons import uv_run

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "asked.in").write_text("\n".join(asked))
        Path(folder, "limits.txt").write_text("\n".join(constraints))
        words = ["pip", "compile", "-q", "--no-config", "--no-header", "--no-annotate", "--no-python-downloads"]
        words += ["--python-version", series, "-c", f"{folder}/limits.txt", f"{folder}/asked.in"]
        done = uv_run(words, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(line.strip().split("==", 1) for line in done.stdout.splitlines() if "==" in line)


def python_of(torch: str) -> str:
    """Return the interpreter of the stand-in of a torch release, made when the cache has none."""
    from podfit.cli.reporter import TerminalReporter
    from podfit.index import Index, default_cache, default_index_urls
    from podfit.pod.prove.standin import stand_in

    with TerminalReporter(verbose=True) as reporter:
        index = Index(default_index_urls(), cache=default_cache())
        return stand_in(template(torch), index, default_cache(), [], reporter).python


def boundary(python: str, needs: tuple[str, ...], line: str, room: Path) -> tuple[list[dict[str, Any]], str]:
    """Return what was seen, newest first, until an older release of a need runs, and why it ended."""
    from podfit.fit.options import Options
    from podfit.index import Index, default_cache, default_index_urls
    from podfit.model import Bound, Evidence, EvidenceKind
    from podfit.pod.prove.run import older_on
    from podfit.pod.prove.search import next_release

    older = older_on(Index(default_index_urls(), cache=default_cache()), runs.probed(python))
    seen: list[dict[str, Any]] = []
    bounds: tuple[Bound, ...] = ()
    blamed = needs[0]
    while len(seen) < 8:
        seen.append(runs.measure(python, needs, line, room, Options(bounds=bounds)))
        last = seen[-1]
        if last["outcome"] != "fails":
            return seen, last["outcome"]
        version = last["versions"][blamed]
        found = next_release(older(blamed, version), version, len(seen) - 1)
        if found is None:
            return seen, "nothing older is left"
        evidence = Evidence(EvidenceKind.MEASURED, "tools/measure_runs.py", last["last_words"])
        bounds = (*bounds, Bound(blamed, last["last_words"], evidence, f"<={found}"))
    return seen, "too many releases fail"


def head(standin: str, date: str) -> str:
    """Return the table that a file of bounds begins with, as TOML: where, how and on which day (ISO) was run."""
    on = f"a stand-in with {standin}, on the CPU of an {platform.machine()}"
    text = json.dumps
    return f'[run]\non = {text(on)}\ncommand = "tools/measure_runs.py --bounds"\ndate = {text(date)}\n'


def entry(name: str, torch: str, seen: list[dict[str, Any]]) -> str:
    """Return the lines of a bound for the catalogue, as TOML: of that series of torch, until a person widens it."""
    failed = [each for each in seen if each["outcome"] == "fails"]
    series = ".".join(torch.split(".")[:2])
    text = json.dumps
    lines = ["[[bound]]", f"name = {text(name)}", f"allowed = {text('<' + failed[-1]['versions'][name])}"]
    lines += [f'against = {{ torch = "=={series}.*" }}', f"happens = {text(failed[-1]['last_words'])}"]
    lines += [f"failed = {text([each['versions'][name] for each in failed])}"]
    lines += [f"ran = {text([each['versions'][name] for each in seen if each['outcome'] == 'runs'])}"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, or look for boundaries."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these packages and combinations (+NAME)")
    parser.add_argument("--torch", choices=sorted(RECIPES), required=True)
    parser.add_argument("--python", help="a stand-in that is there already")
    parser.add_argument("--out", type=Path, help="measure, and write results there")
    parser.add_argument("--bounds", type=Path, help="look for the boundaries of what failed in these results")
    parser.add_argument("--remove", action="store_true", help="remove the stand-in in the end")
    options = parser.parse_args()
    python = options.python or python_of(options.torch)
    if options.out:
        words = ["--python", python, "--out", str(options.out), *options.names]
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / "runs.py"), *words], check=False)
    if options.bounds:
        room = Path(tempfile.mkdtemp(prefix="podfit-bounds-"))
        known = runs.subjects()
        print(head(runs.title(runs.probed(python)), f"{datetime.now(timezone.utc):%Y-%m-%d}"))
        for result in runs.read([options.bounds]):
            name = result["subject"]
            if result["outcome"] == "fails" and (not options.names or name in options.names):
                seen, why = boundary(python, *known[name], room)
                torch = runs.probed(python).distributions["torch"].version
                print(f"# {name}: {why}\n{entry(known[name][0][0], torch, seen)}", flush=True)
        shutil.rmtree(room)
    if options.remove and not options.python:
        shutil.rmtree(Path(python).parent.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
