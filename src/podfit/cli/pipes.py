"""The streams of the process: a reader that has left is no failure, what is closed or full is told in one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ReaderLeftError(Exception):
    """The reader of standard output has left; exit_code is what the command has to say without it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("the reader of standard output has left")
        self.exit_code = exit_code


@contextmanager
def reader_may_leave(exit_code: int = 0) -> Iterator[None]:
    """Turn a broken pipe into ReaderLeftError before click or rich leave the process with exit code 1."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderLeftError(exit_code) from None
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # rich's way out
            raise ReaderLeftError(exit_code) from None
        raise


class UnwritableError(Exception):
    """Standard output takes nothing: a full disk behind it, a limit. exit_code is that of a bad call."""

    exit_code = 2


@contextmanager
def written() -> Iterator[None]:
    """Turn what the system says of a write to standard output into UnwritableError, a pipe that nobody reads apart."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        told = f"standard output cannot be written to ({error.strerror or error}); send it elsewhere"
        raise UnwritableError(told) from None


def with_streams() -> None:
    """Put the null device where a standard stream is closed, so that no file that is opened later takes its place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for the process


def stands_somewhere() -> bool:
    """Tell whether the directory that the process stands in is there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
