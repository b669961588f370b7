"""`podfit diagnose`: from a log, or a command that fails, to cause and fix."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podfit.cli.answers import say, show
from podfit.cli.pipes import reader_may_leave
from podfit.model import InputError, Where

if TYPE_CHECKING:
    from podfit.diagnose.facts import Facts
    from podfit.diagnose.model import Diagnosis

_FORMATS = ("text", "json", "github")


@click.command("diagnose", context_settings={"ignore_unknown_options": False})
@click.argument("words", metavar="[LOG|-] | --run -- COMMAND...", nargs=-1, type=click.UNPROCESSED)
@click.option("--template", "-t", metavar="T", help="Check causes against a template, and solve the fix over it.")
@click.option("--python", metavar="PATH", help="The same with the environment of an interpreter.")
@click.option("--plan", metavar="PLAN.json", help="The same with what a plan makes of its template.")
@click.option("--run", is_flag=True, help="Run COMMAND, show its output as it comes, and diagnose it when it fails.")
@click.option("--offline", is_flag=True, help="Solve the fix without asking the index.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(_FORMATS),
    default="text",
    help="How the answer is printed; json is for programs, github for annotations of a workflow.",
)
@click.option("--details", is_flag=True, help="All causes with their lines and fixes.")
def diagnose_command(
    words: tuple[str, ...],
    template: str | None,
    python: str | None,
    plan: str | None,
    run: bool,
    offline: bool,
    shape: str,
    details: bool,
) -> int:
    """Say what broke in a log, why, and what to do: LOG is a file, `-` or nothing is standard input.

    A failure that no package mends is told so, and no change is proposed. Nothing of the log is run.
    Exit code 0: diagnosed, 1: nothing known was found, 2: a bad call; with --run the command's own.

    \b
    Examples:
      podfit diagnose train.log --template runpod-pytorch-2.4
      pip install flash-attn 2>&1 | podfit diagnose -
      podfit diagnose --run -- python train.py
    """  # noqa: D301
    given = [name for name, value in (("--template", template), ("--python", python), ("--plan", plan)) if value]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} say two things; give one of them")
    if run:
        return _run(words, shape, details, _facts(template, python, plan, offline))
    if len(words) > 1:
        raise click.UsageError(f"one log at a time; {words[1]!r} is a second one")
    facts = _facts(template, python, plan, offline)
    diagnosis, source = _read(words[0] if words else "-", facts)
    exit_code = 0 if diagnosis.causes else 1
    with reader_may_leave(exit_code):
        _print(diagnosis, source, shape, details)
    return exit_code


def _facts(template: str | None, python: str | None, plan: str | None, offline: bool) -> Facts | None:
    """Return what is known of the environment that the options name, None where they name none."""
    if not (template or python or plan):
        return None
    from podfit.diagnose.facts import facts_of

    return facts_of(template=template, python=python, plan=plan, offline=offline)


def _read(name: str, facts: Facts | None) -> tuple[Diagnosis, str]:
    """Return the diagnosis of a file or of standard input, and its name."""
    from podfit.diagnose.library import diagnose

    if name == "-":
        if sys.stdin.isatty():
            raise InputError(
                "waits for a log on standard input", remedy="name a file, or pipe a log into it", where=Where("-")
            )
        return diagnose(sys.stdin.buffer, facts=facts), "standard input"
    return diagnose(Path(name), facts=facts), name


def _run(words: tuple[str, ...], shape: str, details: bool, facts: Facts | None) -> int:
    """Run a command; return its exit code after diagnosing what it printed."""
    from podfit.diagnose.library import diagnose
    from podfit.diagnose.run import run_command

    if not words:
        raise click.UsageError("--run needs a command: podfit diagnose --run -- python train.py")
    done = run_command(words)
    if done.status:
        with done.output as output:
            diagnosis = diagnose(output, facts=facts)
        with reader_may_leave(done.status):
            _print(diagnosis, words[0], shape, details, to_error=shape == "text")
    else:
        done.output.close()
    return done.status


def _print(diagnosis: Diagnosis, source: str, shape: str, details: bool, *, to_error: bool = False) -> None:
    """Print a diagnosis."""
    from podfit.diagnose.shown import answer, workflow_commands

    if shape == "github":
        say(workflow_commands(diagnosis, source))
    elif to_error:
        from podfit.cli.answers import this_screen
        from podfit.writers.registry import write_answer

        click.echo(write_answer("text", answer(diagnosis, source), this_screen(details=details)), nl=False, err=True)
    else:
        show(answer(diagnosis, source), shape, details=details)
