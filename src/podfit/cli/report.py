"""`podfit report`: everything about one project on any number of templates, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from podfit.cli.answers import show, tell
from podfit.cli.fitting import FittingCommand, fit_options, fitted
from podfit.cli.reporter import TerminalReporter


@click.command("report", cls=FittingCommand)
@fit_options
@click.option(
    "--out",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report there; its ending says how: .html, .md or .json. Default: text on standard output.",
)
def report_command(out: Path | None, **given: Any) -> int:
    """Report all about PROJECT on templates: the matrix, sizes and times of each way there, bloat, order, evidence.

    For each template: what the laptop's environment, an installer that holds nothing, and the plan would fetch and
    write (predicted from the wheels' own directories), what each need brings, what of the local environment stays at
    home and who drags it in, and in which order distributions rest on each other.

    Exit code 0: every template has a plan that works, 1: one has none, 2: a bad call or input.

    \b
    Examples:
      podfit report . -t runpod-pytorch-2.4 --local freeze.txt
      podfit report . -t runpod-pytorch-2.2 -t runpod-pytorch-2.4 -o report.html
      podfit report . -t pod.json -o report.md
    """  # noqa: D301
    from podfit.model import InputError
    from podfit.report.ahead import Ahead
    from podfit.report.whole import Weighed, whole_answer
    from podfit.writers.files import write_files
    from podfit.writers.registry import format_of, write_answer

    shape = format_of(out.name) if out is not None else "text"
    if not shape:
        raise InputError(
            f"{out}: no format is written with this ending", remedy="end the name with .html, .md or .json"
        )
    outcome = fitted(given)
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    session, reading = outcome.session, outcome.reading
    local = reading.project.local
    with TerminalReporter(verbose=given["verbose"], quiet=given["quiet"]) as reporter:
        session.reporter = reporter
        weighed = [
            Weighed(
                plan,
                session.sizes(reading, plan),
                session.bloat(reading, plan) if local is not None and local.distributions else None,
            )
            for plan in outcome.plans
        ]
    answer = whole_answer(weighed, outcome.refused, Ahead(call=outcome.fit_call(given)))
    if out is None:
        show(answer, shape, details=given["details"])
    else:
        write_files({out.name: write_answer(shape, answer)}, out.parent)
        if not given["quiet"]:
            tell(f"wrote {out}")
    return outcome.exit_code
