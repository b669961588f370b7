"""The entry point: finds the command, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from podfit import __version__
from podfit.cli.answers import tell
from podfit.cli.pipes import (
    ReaderLeftError,
    UnwritableError,
    reader_may_leave,
    stands_somewhere,
    with_streams,
    written,
)
from podfit.model import PodfitError

_COMMANDS = {
    "fit": ("podfit.cli.fit", "fit_command", "Fit a project onto templates: show the matrix and write the files."),
    "matrix": ("podfit.cli.fit", "matrix_command", "Show the matrix without writing anything."),
    "bloat": ("podfit.cli.bloat", "bloat_command", "Show what of the local environment a template does not need."),
    "report": ("podfit.cli.report", "report_command", "Report everything: matrix, sizes, bloat, order, evidence."),
    "why": ("podfit.cli.why", "why_command", "Tell how one decision came about, and what else there was."),
    "recommend": ("podfit.cli.recommend", "recommend_command", "Rank templates for a project, a GPU and a driver."),
    "templates": ("podfit.cli.templates", "templates_command", "List the catalogue, or show one template."),
    "image": ("podfit.cli.image", "image_command", "Show what an image says of itself before it is fetched."),
    "audit": ("podfit.cli.audit", "audit_command", "Tell what stands against a plan, an environment or wheels."),
    "compat": ("podfit.cli.compat", "compat_command", "Show which releases of two packages work together."),
    "probe": ("podfit.cli.probe", "probe_command", "Read a template as it really is."),
    "apply": ("podfit.cli.apply", "apply_command", "Make a plan true on a machine, or leave it as it was."),
    "bundle": ("podfit.cli.bundle", "bundle_command", "Put a plan's files together for a machine without a network."),
    "prove": ("podfit.cli.prove", "prove_command", "Run the plan on a stand-in of the template, on this machine."),
    "verify": ("podfit.cli.verify", "verify_command", "Check that a plan is true on a machine."),
    "diagnose": ("podfit.cli.diagnose", "diagnose_command", "Say what broke in a log, why, and what to do."),
    "check": ("podfit.cli.check", "check_command", "Check that a plan still holds on its template as it is now."),
    "schema": ("podfit.cli.schema", "schema_command", "Print the JSON Schema of what podfit writes for programs."),
    "cache": ("podfit.cli.cache", "cache_command", "Show or prune podfit's cache."),
    "completion": ("podfit.cli.completion", "completion_command", "Print the shell completion script."),
}

_GC_THRESHOLD = 50_000
"""So many new objects are made before Python looks for cycles among them: a run makes many that stay and few cycles."""

_HELP: tuple[type[click.ClickException], ...] = tuple(
    filter(None, [getattr(click.exceptions, "NoArgsIsHelpError", None)])  # click has it from 8.2 on
)


class _Commands(click.Group):
    """Imports a command's module only when it is called: `podfit fit` pays for nothing else."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments; --help and --version print here."""
        with reader_may_leave():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with reader_may_leave():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, None for an unknown name."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry[0]), entry[1])
        if not isinstance(command, click.Command):  # pragma: no cover - a slip of ours
            raise TypeError(f"{entry[1]} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets the nearest names, and nothing that is empty is taken for anything."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from podfit.model.words import did_you_mean

            others = f"the commands are {', '.join(_COMMANDS)}"
            hint = did_you_mean(args[0], tuple(_COMMANDS), most=2, cutoff=0.6) or others
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        if empty := _empty(args):
            ctx.fail(f"{empty} is empty; give it a value, where a variable of the shell stands for it too")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


def _empty(args: Sequence[str]) -> str:
    """Return in words the first argument of a command that is empty or white space; others' commands apart."""
    for place, word in enumerate(args):
        if word == "--":
            return ""
        if given := re.fullmatch(r"(--[a-z-]+)=\s*", word):
            return given[1]
        if not word.strip():
            before = args[place - 1] if place else ""
            return before if before.startswith("-") else f"argument {place} of {args[0]}"
    return ""


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="podfit")
def podfit() -> None:
    """Fit a Python project onto a GPU template without breaking the template.

    \b
    podfit templates                                   what podfit knows
    podfit fit . --template runpod-pytorch-2.4         plan, show the matrix, write podfit-out/
    podfit apply podfit-out/plan-runpod-pytorch-2.4.json --ssh root@pod
    podfit verify podfit-out/plan-runpod-pytorch-2.4.json --ssh root@pod

    Exit codes: 0 good, 1 a plan or a check that cannot work, 2 a bad call or input.
    """  # noqa: D301


def main(arguments: Sequence[str] | None = None) -> None:
    """Run podfit with arguments (default: the process's) and leave the process with its exit code."""
    gc.set_threshold(_GC_THRESHOLD)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run podfit and return the exit code: 0, 1 for a negative result, 2 for a bad call, 130 for Ctrl-C."""
    with_streams()
    try:
        result = podfit.main(args=arguments, prog_name="podfit", standalone_mode=False)
        with written():
            sys.stdout.flush()
    except PodfitError as error:
        tell(f"error: {error}")
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        if isinstance(error, _HELP):
            error.show()
        else:
            tell(f"error: {_sentence(error, sys.argv[1:] if arguments is None else arguments)}")
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except (ReaderLeftError, BrokenPipeError) as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error.exit_code if isinstance(error, ReaderLeftError) else 0
    except UnwritableError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        tell(f"error: {error}")
        return error.exit_code
    except FileNotFoundError:
        if stands_somewhere():
            raise
        tell("error: the directory in which podfit was started is not there any more; change to one that is")
        return 2
    return result if isinstance(result, int) else 0


def _sentence(error: click.ClickException, arguments: Sequence[str]) -> str:
    """Return what is wrong with the call as one sentence that ends with what to do."""
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        return f"there is no option {error.option_name}; did you mean {' or '.join(sorted(error.possibilities))}?"
    text = " ".join(error.format_message().split()).rstrip(".")
    text = text[:1].lower() + text[1:]
    command = " ".join(["podfit", *arguments[:1]] if arguments and arguments[0] in _COMMANDS else ["podfit"])
    return text if ";" in text else f"{text}; see `{command} --help`"


if __name__ == "__main__":
    main()
