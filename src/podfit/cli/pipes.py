"""Standard output whose reader has left: `podfit matrix | head` is no failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
