"""What a command answers, in the format that --format names, on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podfit.cli.pipes import written
from podfit.writers.plain import plain
from podfit.writers.registry import answer_formats, write_answer

if TYPE_CHECKING:
    from podfit.report.answer import Answer
    from podfit.writers.interface import Screen

_WIDEST = 1000
"""Columns of a screen at most: what COLUMNS says may be any number."""
_Command = TypeVar("_Command", bound=Callable[..., Any])


def format_option(*, judged: bool = False, default: str | None = "text") -> Callable[[_Command], _Command]:
    """Add --format: parameter shape. Its choices are the registry's; judged: the answer is a verdict with findings."""
    formats = answer_formats(judged=judged)
    unset = "" if default else " Default: text on a terminal, json otherwise."
    return click.option(
        "--format",
        "shape",
        type=click.Choice(list(formats)),
        default=default,
        help=f"How the answer is printed; json is for programs{', junit and github for CI' * judged}.{unset}",
    )


def show(answer: Answer, shape: str, *, details: bool = False) -> None:
    """Print an answer on standard output."""
    screen = this_screen(details=details) if shape == "text" else None
    say(write_answer(shape, answer, screen), colors=screen is not None and screen.colors is not None)


def say(text: str, *, colors: bool = False) -> None:
    """Print text that a writer made on standard output; what its encoding does not have becomes a question mark."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with written():
        click.echo(text.encode(encoding, "replace").decode(encoding), nl=False, color=colors or None)


def this_screen(*, details: bool = False) -> Screen:
    """Return what standard output is."""
    from rich.console import Console

    from podfit.writers.interface import Screen

    console = Console(file=sys.stdout)
    known = console.width > 0 and (console.is_terminal or "COLUMNS" in os.environ)
    return Screen(min(console.width, _WIDEST) if known else Screen().width, console.color_system, details)


def tell(text: str) -> None:
    """Print a sentence on standard error: harmless whatever it quotes, and without secrets."""
    from podfit.model.secrets import hidden

    click.echo(plain(hidden(text)), err=True)
