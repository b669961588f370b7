#!/usr/bin/env python3
"""Of the plans that say "fits", how many run: popular packages, each alone, and combinations, over one environment.

    .dev/py311/bin/python benchmarks/runs.py --python STAND-IN/bin/python --out FILE.jsonl [NAME ...]
    .dev/py311/bin/python benchmarks/runs.py --show FILE.jsonl [FILE.jsonl ...]

The environment is a stand-in of a template (tools/measure_runs.py makes some): it is probed, each package of
benchmarks/data/packages.toml is planned over it, the plan is applied as an overlay, and the package's line is run by
the overlay's Python, in a process and a directory of its own, for 240 seconds at most (--seconds). Then the overlay is
removed. FILE gets a line of JSON per package as it comes; one that it has already is left out, so that a run can go on,
or with --again measured again: `first` is then the outcome of the first time, before anything was mended for it.
With --in-project the line is a module of the project that is planned: what it imports of a package counts.

    runs      fits, and the line ends well
    fails     fits, and the line does not: last_words say why
    gpu       fits; the line wants an NVIDIA driver, which this machine lacks
    system    fits; the line wants a library of the system
    refused   no plan, or one that says that it cannot work: last_words say why
    apart     fits, and could not be installed here (what is built from source)
    late      fits; the line did not end in time, which on a loaded machine says nothing
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

PACKAGES = Path(__file__).resolve().parent / "data" / "packages.toml"
SECONDS = 240.0
OUTCOMES = ("runs", "fails", "gpu", "system", "refused", "apart", "late")
LATE = 124
"""The exit status of a line that was stopped, as coreutils' timeout has it."""

_GPU = re.compile(
    r"libcuda\.so\.1|Found no NVIDIA driver|No CUDA GPUs are available|no NVIDIA GPU|CUDA_HOME does not exist|"
    r"cannot find any torch accelerator|Failed to infer device type|No GPU was detected|in _get_cuda_arch_flags",
    re.IGNORECASE,
)
_SYSTEM = re.compile(r"(lib(?!cu|nv|torch|c10|nccl)[\w.+-]+\.so[\d.]*): cannot open shared object file")


def subjects(path: Path = PACKAGES) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return what is measured, by name: the requirements, and the line that uses them; combinations begin with `+`."""
    data = tomllib.loads(path.read_text("utf-8"))
    found = {name: ((name,), line) for name, line in data["lines"].items()}
    found.update({f"+{name}": (tuple(each["needs"]), each["line"]) for name, each in data["combinations"].items()})
    return found


def kind_of(status: int, said: str) -> str:
    """Return how a line ended: `runs`, `late`, `gpu`, `system` or `fails`; said is what it printed."""
    if status in (0, LATE):
        return "runs" if status == 0 else "late"
    if _GPU.search(said):
        return "gpu"
    return "system" if _SYSTEM.search(said) else "fails"


def last_words(said: str) -> str:
    """Return the line that says what went wrong, cut to 300 characters: the cause's, where one is named."""
    first = said.partition("The above exception was the direct cause")[0]
    lines = [line.strip() for line in first.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w+\.)*\w*(Error|Exception|Interrupt)\b", line)]
    return re.sub(r"/[^\s'\"()]*/site-packages/", "", (errors or lines or [""])[-1])[:300]


def run_line(python: str, line: str, seconds: float = SECONDS, bytecode: Path | None = None) -> tuple[int, str]:
    """Run a line with an interpreter; return its exit status and the end of what it printed.

    bytecode is where compiled modules are kept from one line to the next, None for nowhere: torch's take a minute.
    """
    with tempfile.TemporaryDirectory(prefix="podfit-line-") as folder:
        plain = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
        own = {"HOME": folder, "TMPDIR": folder, "HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled", "MPLBACKEND": "Agg"}
        compiled = ["-X", f"pycache_prefix={bytecode}"] if bytecode else ["-B"]
        argv = [python, *compiled, "-X", "faulthandler", "-c", line]
        with tempfile.TemporaryFile() as sink:
            child = subprocess.Popen(
                argv,
                cwd=folder,
                env={**plain, **own},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
            try:
                status = child.wait(seconds)
            except subprocess.TimeoutExpired:
                status = LATE
            finally:
                with contextlib.suppress(OSError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            sink.seek(max(0, sink.seek(0, os.SEEK_END) - 20_000))
            return status, sink.read().decode("utf-8", "replace")


def measure(
    python: str,
    needs: Sequence[str],
    line: str,
    room: Path,
    options: Any = None,
    seconds: float = SECONDS,
    *,
    in_project: bool = False,
) -> dict[str, Any]:
    """Plan needs over the environment of python, apply the plan in room, run line; return what came of it.

    With in_project the line is a module of the project, as it is of who uses the package, and what it imports counts.
    """
    from podfit.fit.library import fit
    from podfit.model import Action, PodfitError
    from podfit.pod.apply import Options, apply
    from podfit.pod.machine import LocalMachine

    project, overlay = room / "project", room / "overlay"
    for folder in (project, overlay):
        shutil.rmtree(folder, ignore_errors=True)
    project.mkdir(parents=True)
    (project / "requirements.txt").write_text("".join(f"{need}\n" for need in needs), "utf-8")
    if in_project:
        (project / "main.py").write_text(f"{line}\n", "utf-8")
    template = probed(python)
    started = time.monotonic()
    try:
        (fitted,) = fit(project, template, local="none", options=options)
    except PodfitError as error:
        return {"outcome": "refused", "last_words": str(error)[:300]}
    plan = fitted.plan
    if plan is None or not plan.feasible:
        why = str(fitted.refusal) if plan is None else plan.problems()[0]
        return {"outcome": "refused", "last_words": why[:600]}
    found: dict[str, Any] = {
        "versions": {d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE) if d.direct},
        "changes": {change.name: f"{change.before} -> {change.after}" for change in plan.changes},
        "planned": round(time.monotonic() - started, 1),
    }
    started = time.monotonic()
    try:
        done = apply(LocalMachine(python), plan, Options(overlay=str(overlay)))
    except PodfitError as error:
        return {**found, "outcome": "apart", "last_words": str(error)[-300:]}
    found["applied"] = round(time.monotonic() - started, 1)
    started = time.monotonic()
    status, said = run_line(done.python, line, seconds, room / "bytecode")
    outcome = kind_of(status, said)
    found.update(outcome=outcome, ran=round(time.monotonic() - started, 1))
    if outcome != "runs":
        found.update(last_words=last_words(said), said=said[-2500:])
    return found


_PROBED: dict[str, Any] = {}


def probed(python: str) -> Any:
    """Return the template that an environment is, probed once."""
    from podfit.model.manifest import template_from_manifest
    from podfit.pod.machine import LocalMachine
    from podfit.pod.probe import probe

    if python not in _PROBED:
        _PROBED[python] = template_from_manifest(probe(LocalMachine(python)), where=python)
    return _PROBED[python]


def title(template: Any) -> str:
    """Return how a stand-in is named in results: its torch, NumPy and Python."""
    found = template.distributions
    parts = [f"{name} {found[name].version}" for name in ("torch", "numpy") if name in found]
    return ", ".join([*parts, f"Python {template.interpreter.series}"])


def read(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the results in files, the last of each stand-in and subject."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            result = json.loads(line)
            found.pop((result["standin"], result["subject"]), None)
            found[result["standin"], result["subject"]] = result
    return list(found.values())


def kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a result is worth keeping in the repository: no paths, and no seconds of a machine."""
    wanted = ("standin", "subject", "outcome", "first", "versions", "last_words")
    return {key: result[key] for key in wanted if result.get(key)}


def share(counts: Mapping[str, int]) -> str:
    """Return the share of plans that say "fits" and run, of those that this machine can judge."""
    judged = counts["runs"] + counts["fails"]
    return f"{100 * counts['runs'] / judged:.1f} %" if judged else "-"


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """Return results as a Markdown table, packages and combinations apart, then what did not run."""
    heads = ["stand-in", "of", "measured", *OUTCOMES, "of fits, run", "the first time"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for standin in dict.fromkeys(result["standin"] for result in results):
        for what, own in (("packages", False), ("combinations", True)):
            part = [r for r in results if r["standin"] == standin and r["subject"].startswith("+") is own]
            counts = Counter(result["outcome"] for result in part)
            first = Counter(result.get("first") or result["outcome"] for result in part)
            cells = [
                standin,
                what,
                str(len(part)),
                *(str(counts[name]) for name in OUTCOMES),
                share(counts),
                share(first),
            ]
            lines += [f"| {' | '.join(cells)} |"] if part else []
    for result in results:
        if result["outcome"] != "runs":
            had = " ".join(f"{name}=={version}" for name, version in result.get("versions", {}).items())
            words = result.get("last_words", "")
            lines.append(f"{result['standin']}: {result['subject']}: {result['outcome']}: {had}: {words}")
    return "\n".join(lines)


def main() -> int:
    """Measure, or show what was measured. Exit code 0, 1 when fewer than 98 in 100 of the plans that fit run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these packages and combinations (+NAME), in this order")
    parser.add_argument("--python", help="the environment to plan over")
    parser.add_argument("--out", type=Path, help="where results go")
    parser.add_argument("--room", type=Path, help="a directory for overlays")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a line may take")
    parser.add_argument("--again", action="store_true", help="measure what FILE has already, too")
    parser.add_argument("--in-project", action="store_true", help="the line is a module of the project that is planned")
    parser.add_argument("--show", type=Path, nargs="+", help="show results and measure nothing")
    parser.add_argument("--keep", type=Path, help="with --show: write what is worth keeping of the results there")
    options = parser.parse_args()
    if options.show:
        results = read(options.show)
        print(table(results))
        if options.keep:
            options.keep.write_text("".join(json.dumps(kept(each)) + "\n" for each in results), "utf-8")
        return 0
    if not options.python or not options.out:
        parser.error("--python and --out are needed")
    room = options.room or Path(tempfile.mkdtemp(prefix="podfit-runs-"))
    room.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    os.environ.setdefault("PODFIT_CACHE_DIR", str(Path.home() / ".cache" / "podfit"))
    os.environ["HOME"] = str(room / "home")  # notes about overlays go there
    name = title(probed(options.python))
    before = read([options.out]) if options.out.exists() else []
    known = {each["subject"]: each for each in before if each["standin"] == name}
    listed = subjects()
    for subject in options.names or listed:
        needs, line = listed[subject]
        if subject in known and not options.again:
            continue
        result = {
            "standin": name,
            "subject": subject,
            **measure(options.python, needs, line, room, None, options.seconds, in_project=options.in_project),
        }
        if subject in known:
            result["first"] = known[subject].get("first") or known[subject]["outcome"]
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        print(f"{subject}: {result['outcome']} {result.get('versions', '')} {result.get('last_words', '')}", flush=True)
    shutil.rmtree(room / "overlay", ignore_errors=True)
    counts = Counter(r["outcome"] for r in read([options.out]) if r["standin"] == name)
    print(f"of the plans that fit, {share(counts)} run")
    return 0 if counts["runs"] >= 0.98 * (counts["runs"] + counts["fails"]) else 1


if __name__ == "__main__":
    sys.exit(main())
