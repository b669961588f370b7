"""Check that this Python environment is what podfit planned.

    python verify_env.py [--deep] [--require-gpu] [--timeout S] [--details] [--json]
    ssh pod python3 - < verify_env.py

Standard library only, Python 3.8 and newer; every check is a process of its own, and nothing is written into the
environment. Exit code 0: all good, 1: a check failed, 2: a bad call. `podfit fit` writes this file again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..frame import framed
from ..protocol import VerifyFacts, VerifyFinding, VerifyReport
from ..text import one_line
from .checks import FUNCTIONS, check_function, check_held, check_import, check_metadata, check_python, check_versions
from .environment import Environment
from .explain import last_line
from .findings import FAILED
from .gpu import check_gpu
from .processes import TIMEOUT, Children
from .report import exit_code, render

SCHEMA = "podfit.verify/1"


def examine(
    plan: VerifyFacts, modules: Mapping[str, str], options: argparse.Namespace, told: Callable[[str], None]
) -> VerifyReport:
    """Return the report (schema podfit.verify/1) of checking this interpreter's environment against plan.

    modules maps the paths of these modules to their texts. told hears what is being done, from several threads. Raises
    OSError when there is no place for temporary files, RuntimeError when the environment cannot even be listed.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podfit-verify-") as folder:
        children = Children(Path(folder), modules, told)
        workers = options.jobs or max(1, min(4, len(os.sched_getaffinity(0))))
        pool = ThreadPoolExecutor(workers)
        try:
            listed = children.run("inventory", options.timeout)
            if listed.how != "done":
                text = listed.error.get("message") or last_line(listed.log)
                raise RuntimeError(f"the environment cannot be listed ({listed.how}): {text}")
            state = Environment(plan, options, listed.result)
            findings = _findings(state, children, pool)
        except BaseException:
            children.stop()
            raise
        finally:
            pool.shutdown(wait=True)
    return {
        "schema": SCHEMA,
        "project": plan["project"],
        "template": plan["template"],
        "python": {key: listed.result[key] for key in ("version", "executable", "prefix")},
        "passed": not any(one["verdict"] == FAILED for one in findings),
        "findings": findings,
        "seconds": round(time.monotonic() - started, 3),
    }


def _findings(state: Environment, children: Children, pool: ThreadPoolExecutor) -> list[VerifyFinding]:
    """Run all checks, those of the GPU alone at the end; return the findings in the order in which they are shown."""
    imports, functions = [], []
    for need in state.plan["needs"]:
        if need["name"] in state.distributions:  # an absent one has its finding from check_versions
            imports.append(pool.submit(check_import, state, need, children))
    for title, child, names, arguments in FUNCTIONS:
        if state.has(*names):
            functions.append(pool.submit(check_function, state, title, child, arguments, children))
    metadata = pool.submit(lambda: list(check_metadata(state, children)))
    held = list(check_held(state, children, pool))
    found = [*check_python(state), *check_versions(state)]
    for future in (*imports, *functions):
        found += future.result()
    return [*found, *held, *metadata.result(), *check_gpu(state, children)]


def _seconds(text: str) -> float:
    """Return a positive number of seconds. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return value


def _jobs(text: str) -> int:
    """Return a number of checks at a time. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 0 < int(text) < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 999")
    return int(text)


def _stop(_number: int, _frame: object) -> None:
    """End as Ctrl-C would, so that children and temporary files go too."""
    raise KeyboardInterrupt


def main(plan: VerifyFacts, modules: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Check, print, and return the exit code: 0 all good, 1 a check failed, 2 a bad call, 130 stopped."""
    parser = argparse.ArgumentParser(
        prog="verify_env.py",
        description="Check this Python environment against the plan that podfit wrote this script for.",
    )
    parser.add_argument("--timeout", type=_seconds, default=TIMEOUT, metavar="S", help="seconds for one check")
    parser.add_argument("--deep", action="store_true", help="hash all files of held distributions, also large ones")
    parser.add_argument("--require-gpu", action="store_true", help="fail when there is no GPU")
    parser.add_argument("--details", action="store_true", help="show the checks that are good, too")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--jobs", type=_jobs, default=0, metavar="N", help="checks at a time (default: CPUs, at most 4)"
    )
    parser.add_argument("--progress", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--frame", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    def told(text: str) -> None:
        """Say on standard error what is being done."""
        if options.progress:
            sys.stderr.write(f"podfit-step: {text}\n")
            sys.stderr.flush()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        report = examine(plan, modules, options, told)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"error: {one_line(error)}\n")
        return 2
    encoding = (getattr(sys.stdout, "encoding", "") or "ascii").lower().replace("-", "")
    try:
        if options.frame:
            sys.stdout.buffer.write(framed(json.dumps(report), options.frame))
        else:
            words = not encoding.startswith("utf")
            print(json.dumps(report) if options.json else render(report, plain=words, details=options.details))
        sys.stdout.flush()
    except BrokenPipeError:  # `verify_env.py | head`: the verdict stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code(report)
