"""Progress and warnings on a terminal's standard error."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from podfit.cli.answers import tell
from podfit.writers.plain import plain

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status


class TerminalReporter:
    """Shows the current step as a spinner where a person is looking, and every warning once.

    Use it as a context manager; safe for several threads. Without a terminal, steps are dropped unless verbose.
    """

    def __init__(self, *, verbose: bool = False, quiet: bool = False) -> None:
        self._verbose = verbose
        self._quiet = quiet
        self._spin = sys.stderr.isatty() and not quiet and not verbose
        self._status: Status | None = None
        self._console: Any = None
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> TerminalReporter:
        """Start the spinner when standard error is a terminal."""
        if self._spin:
            from rich.console import Console

            self._console = Console(stderr=True)
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the spinner."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def step(self, text: str) -> None:
        """Show what is being done now."""
        if self._status is not None:
            from rich.text import Text

            from podfit.model.secrets import hidden

            self._status.update(Text(plain(hidden(f"{text} ..."))))
        elif self._verbose:
            with self._lock:
                tell(f"{text} ...")

    def warn(self, text: str) -> None:
        """Show what the person should know, once per sentence."""
        with self._lock:
            if self._quiet or text in self._told:
                return
            self._told.add(text)
            if self._console is not None:
                from podfit.model.secrets import hidden

                self._console.print(
                    plain(hidden(f"warning: {text}")), style="yellow", markup=False, highlight=False, soft_wrap=True
                )
            else:
                tell(f"warning: {text}")
