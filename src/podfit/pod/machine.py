"""A machine that podfit acts on: this one, or one behind ssh; the same few verbs for both."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

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


class Machine(Protocol):
    """Where commands run and files lie. A context manager: leaving it closes what it holds open.

    python is the interpreter whose environment podfit acts on, as an argv[0]; label names the machine in messages.
    """

    @property
    def python(self) -> str:
        """The interpreter: a path, or a name that the machine finds on its PATH."""

    @property
    def label(self) -> str:
        """How messages name this machine and interpreter."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command and return how it ended; never through a shell that would read argv again.

        stdin is all of its input (none: end of file at once). timeout is in seconds; past it the command and its
        children are stopped and `timed_out` is true. env is added to the machine's environment. on_line receives
        each line of standard error as it comes, from another thread. A program that does not exist ends with
        127, one that cannot be executed with 126, as in a shell. Raises InputError when the machine is gone.
        """

    def put(self, data: bytes, path: str, *, mode: int = 0o644) -> None:
        """Write data to a file, whole or not at all, making its directory. Raises InputError when it cannot."""

    def get(self, path: str) -> bytes:
        """Return the bytes of a file. Raises InputError when it cannot be read."""

    def close(self) -> None:
        """Let go of connections; the machine can still be used afterwards, at the price of a new one."""

    def __enter__(self) -> Machine:
        """Return the machine."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the machine."""


class LocalMachine:
    """The machine that podfit runs on, with one of its interpreters; by default the one that runs podfit."""

    def __init__(self, python: str | None = None) -> None:
        """Find python: an interpreter's path or name, or an environment's directory. Raises InputError if absent."""
        self.python = find_python(python) if python else sys.executable
        self.label = self.python

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command in a session of its own, so that all of its children can be stopped with it."""
        done = run_process(argv, stdin=stdin, timeout=timeout, env={**os.environ, **(env or {})}, on_line=on_line)
        if done.flooded:
            raise flood(self.label)
        return done

    def put(self, data: bytes, path: str, *, mode: int = 0o644) -> None:
        """Write data to a temporary name beside path, then rename it."""
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(name).chmod(mode)
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", where=Where(path)) from None

    def get(self, path: str) -> bytes:
        """Return the bytes of a file."""
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=Where(path)) from None

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> LocalMachine:
        """Return the machine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the machine."""
        self.close()


def find_python(given: str) -> str:
    """Return the absolute path of an interpreter given as a path, a command name or an environment's directory.

    Links are kept as they are: a virtual environment's python is one, and means its own environment. Raises
    InputError when there is nothing of the kind.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        inside = path / "bin" / "python"
        if not inside.exists():
            raise InputError("no Python environment: it has no bin/python", where=Where(given))
        return str(inside.absolute())
    found = shutil.which(str(path)) if "/" in given else shutil.which(given)
    if found:
        return str(Path(found).absolute())
    problem = "not an executable file" if path.exists() else "there is no such Python interpreter"
    raise InputError(problem, where=Where(given), remedy="give the path of a python or of an environment")


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
