"""What the agent says to podfit, and how it learns that it has to stop.

Events are lines on standard error, the result comes on standard output, both marked with the order's `frame`
(podfit.far.frame). A heartbeat goes to both: when
podfit dies or the connection breaks, the next one fails, and that is the order to put everything back.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..frame import event_line, framed
from ..protocol import Order

BEAT_SECONDS = 0.5


class RefusedError(Exception):
    """The order cannot be carried out; nothing was changed, or everything is back as it was."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class AbortedError(Exception):
    """Somebody wants the work undone: a signal, podfit's own word, or podfit's end."""


class Talk:
    """The connection to podfit.

    control is a file that podfit writes `go` (its checks found nothing), `commit` or `rollback` into; empty while there
    is none yet.
    """

    def __init__(self, word: str = "") -> None:
        self.control = ""
        self._word = word
        self._shield = 0
        self._last = 0.0
        self._deaf = False
        self._stopping = False

    def listen(self) -> None:
        """Turn INT, TERM and HUP into AbortedError, raised where the work is, except under `shielded`."""

        def stop(number: int, _frame: FrameType | None) -> None:
            if not self._shield and not self._stopping:
                self._stopping = True  # once: the next one would break off the way back
                raise AbortedError(f"stopped by {signal.Signals(number).name}")

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Let nothing but SIGKILL interrupt: the environment is being put right."""
        self._shield += 1
        try:
            yield
        finally:
            self._shield -= 1

    def event(self, kind: str, **fields: Any) -> None:
        """Tell podfit something. Raises AbortedError when nobody is there any more, except under `shielded`."""
        self._write(sys.stderr, event_line(dict(fields, event=kind), self._word))

    def step(self, text: str) -> None:
        """Tell what is being done now."""
        self.event("step", text=text)

    def result(self, **fields: Any) -> None:
        """Tell how it ended, on standard output."""
        with self.shielded():
            self._write(sys.stdout, framed(json.dumps(fields), self._word).decode("ascii"))

    def beat(self) -> None:
        """Show life twice a second at most, and raise AbortedError when podfit is gone or wants a rollback."""
        now = time.monotonic()
        if now - self._last < BEAT_SECONDS:
            return
        self._last = now
        self.event("beat")
        self._write(sys.stdout, "")
        if not self._shield and self.word() == "rollback":
            raise AbortedError("podfit asked for it")

    def word(self) -> str:
        """Return what podfit wrote into the control file, empty so far."""
        if not self.control:
            return ""
        try:
            with open(self.control, encoding="ascii") as file:
                return file.read().strip()
        except (OSError, ValueError):
            return ""

    def pass_gate(self, order: Order) -> None:
        """Wait until podfit's checks are through, where the order says (`gate`, in seconds) that they still run."""
        if order.get("gate"):
            self.wait(float(order["gate"]), "go", "commit")

    def wait(self, seconds: float, *words: str) -> None:
        """Return when podfit says one of words. Raises AbortedError for `rollback`, for its end, and after seconds."""
        end = time.monotonic() + seconds
        while self.word() not in words:
            if time.monotonic() > end:
                raise AbortedError(f"podfit did not decide within {seconds:.0f} seconds")
            self.beat()
            time.sleep(0.02)

    def _write(self, stream: Any, line: str) -> None:
        """Write one line; a broken pipe means that podfit is gone."""
        if self._deaf and self._shield:
            return
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):
            self._deaf = True
            # What is buffered would fail again at exit.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if not self._shield:
                raise AbortedError("podfit is gone") from None
