"""`podfit verify`: check that a plan is true on a machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.options import machine_from, machine_options
from podfit.cli.pipes import reader_may_leave
from podfit.model import InputError, Where


@click.command("verify")
@click.argument("plan", metavar="PLAN.json")
@machine_options
@format_option(judged=True)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.0, 1e6, min_open=True),
    default=180.0,
    show_default=True,
    metavar="S",
    help="Seconds for one check.",
)
@click.option("--deep", is_flag=True, help="Hash all files of held distributions. Default: those up to 8 MiB.")
@click.option(
    "--details", is_flag=True, help="Show the checks that are good, too. Default: what is not, and the verdict."
)
@click.option("--require-gpu", is_flag=True, help="A machine without a usable GPU fails.")
def verify_command(
    plan: str,
    python: str | None,
    ssh: str | None,
    identity: str | None,
    ssh_option: tuple[str, ...],
    shape: str,
    output: str | None,
    timeout: float,
    deep: bool,
    details: bool,
    require_gpu: bool,
) -> int:
    """Check that PLAN.json is true on a machine: versions, imports, functions, CUDA, the untouched template.

    Each check runs in a process of its own, so a crash or a hang is a result. Nothing is written into the environment.
    Exit code 0: all good, 1: a check failed, 2: a bad call.

    \b
    Examples:
      podfit verify podfit-out/plan-runpod-pytorch-2.4.json
      podfit verify plan.json --python ~/.local/share/podfit/overlays/moola --require-gpu
      podfit verify plan.json --ssh root@203.0.113.7:12345 --format junit -o verify.xml
    """  # noqa: D301
    from podfit.cli.apply import read_plan
    from podfit.cli.probe import write_whole
    from podfit.cli.reporter import TerminalReporter
    from podfit.pod.verify import examine
    from podfit.pod.verify.formats import answer, verdict
    from podfit.writers.interface import Screen
    from podfit.writers.registry import write_answer

    if output and Path(output).is_dir():
        raise InputError("is a directory", where=Where(output), remedy="name a file")
    given = read_plan(plan)
    with TerminalReporter() as reporter, machine_from(python, ssh, identity, ssh_option) as machine:
        report = examine(machine, given, timeout=timeout, deep=deep, require_gpu=require_gpu, reporter=reporter)
    exit_code = 0 if report.passed else 1
    if output:
        write_whole(Path(output), write_answer(shape, answer(report), Screen(details=details)))
        tell(verdict(report))
    else:
        with reader_may_leave(exit_code):
            show(answer(report, ascii_only=not _unicode()), shape, details=details)
    return exit_code


def _unicode() -> bool:
    """Tell whether standard output takes the marks."""
    return (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "").startswith("utf")
