"""`podfit bloat`: what of the local environment a template does not need."""

from __future__ import annotations

from typing import Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import FittingCommand, fit_options, fitted
from podfit.cli.reporter import TerminalReporter


@click.command("bloat", cls=FittingCommand)
@fit_options
@format_option()
def bloat_command(shape: str, **given: Any) -> int:
    """Show what of the local environment PROJECT does not need on a template, what it weighs, and who drags it in.

    Each distribution has a category with its evidence; "drop NAME" counts exactly what nothing else would ask for then.
    Nothing is installed or removed. With several templates, each is shown by itself.

    Exit code 0: shown, 1: a template has no plan to compare with, 2: a bad call or input.

    \b
    Examples:
      podfit bloat . -t runpod-pytorch-2.4 --local freeze.txt
      podfit bloat . -t runpod-pytorch-2.4 --local .venv --details
      podfit bloat . -t colab-gpu --format json | jq .savings
    """  # noqa: D301
    from podfit.report.bloat import bloat_answer

    outcome = fitted(given)
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    with TerminalReporter(verbose=given["verbose"], quiet=given["quiet"]) as reporter:
        outcome.session.reporter = reporter
        found = [outcome.session.bloat(outcome.reading, plan) for plan in outcome.plans]
    for each in found:
        show(bloat_answer(each), shape, details=given["details"])
    return 1 if outcome.refused else 0
