"""Programs on this machine: run to their end, within bounds of time and of output."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from podfit.model import InputError, Where

OUTPUT_LIMIT = 64 * 2**20
"""Bytes that a command may write to one of its outputs; whoever writes more is stopped."""

TIMED_OUT = 124
"""The exit status of a command that ran past its limit, as coreutils' timeout has it."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended: its exit status (negative: minus the signal that killed it) and what it wrote.

    flooded: it was stopped because it wrote more than OUTPUT_LIMIT.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    flooded: bool = False

    @property
    def timed_out(self) -> bool:
        """Whether the command was stopped because it ran past its limit."""
        return self.returncode == TIMED_OUT

    @property
    def last_words(self) -> str:
        """The last line of standard error that says something, for messages; empty when there is none."""
        lines = [line.strip() for line in self.stderr.decode("utf-8", "replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")


def run_process(
    argv: Sequence[str],
    *,
    stdin: bytes | None,
    timeout: float,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a local process as Machine.run describes; env is its whole environment, None for podfit's own."""
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        status = 127 if isinstance(error, (FileNotFoundError, NotADirectoryError)) else 126
        return Completed(status, b"", f"{argv[0]}: {error.strerror}\n".encode())
    parts: tuple[list[bytes], list[bytes]] = ([], [])
    flooded = threading.Event()
    stop = functools.partial(_drown, process, flooded)
    threads = [
        threading.Thread(target=_collect, args=(process.stdout, parts[0], None, stop), daemon=True),
        threading.Thread(target=_collect, args=(process.stderr, parts[1], on_line, stop), daemon=True),
        threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        returncode = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _stop(process)
        returncode = TIMED_OUT
    except BaseException:
        _stop(process)
        raise
    for thread in threads:
        thread.join(2.0)  # a grandchild may hold the pipes open; its output is not waited for
    return Completed(returncode, b"".join(parts[0]), b"".join(parts[1]), flooded.is_set())


def flood(label: str) -> InputError:
    """Return the error for a machine that does not stop talking."""
    text = f"it wrote more than {OUTPUT_LIMIT >> 20} MiB and was stopped: something else answered"
    return InputError(text, where=Where(label))


def _drown(process: subprocess.Popen[bytes], flooded: threading.Event) -> None:
    """Stop a process that writes too much."""
    flooded.set()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _collect(
    stream: IO[bytes] | None, into: list[bytes], on_line: Callable[[str], None] | None, stop: Callable[[], None]
) -> None:
    """Read stream to its end, telling on_line of each line (of a part, where one is very long); stop ends a flood."""
    left = OUTPUT_LIMIT
    with contextlib.suppress(OSError, ValueError):
        while stream is not None:
            line = stream.readline(1 << 16)
            left -= len(line)
            if not line:
                return
            if left < 0:
                stop()
                return
            into.append(line)
            if on_line is not None:
                for text in line.decode("utf-8", "replace").splitlines():
                    on_line(text)


def _feed(stream: IO[bytes] | None, data: bytes | None) -> None:
    """Write data to a process that may not want all of it."""
    if stream is not None:
        with contextlib.suppress(OSError), stream:
            stream.write(data or b"")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process with all of its session: first politely, after three seconds by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3.0)
    process.wait()
