"""A machine that podfit acts on: this one, or one behind ssh; the same few verbs for both."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from podfit.index.home import expanded
from podfit.model import InputError, Where
from podfit.readers.plain_file import exists, is_dir
from podfit.readers.processes import Completed, flood, run_process


class Runner(Protocol):
    """Where commands run.

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


class Machine(Runner, Protocol):
    """Where commands run and files lie. A context manager: leaving it closes what it holds open."""

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
        whole = {**self.environment, **(env or {})}
        done = run_process(argv, stdin=stdin, timeout=timeout, env=whole, on_line=on_line)
        if done.flooded:
            raise flood(self.label)
        return done

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that every command gets."""
        return os.environ

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
    path = expanded(given)
    if is_dir(path):
        inside = path / "bin" / "python"
        if not exists(inside):
            raise InputError("no Python environment: it has no bin/python", where=Where(given))
        return str(inside.absolute())
    found = shutil.which(str(path)) if "/" in given else shutil.which(given)
    if found:
        return str(Path(found).absolute())
    problem = "not an executable file" if exists(path) else "there is no such Python interpreter"
    raise InputError(problem, where=Where(given), remedy="give the path of a python or of an environment")
