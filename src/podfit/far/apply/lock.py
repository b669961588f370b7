"""One apply at a time for each environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import Any

from . import files
from .talk import RefusedError


class Area:
    """The directory beside an environment where podfit keeps its lock, state and unfinished work.

    A context manager: inside it, the lock is held. Left behind are the lock and the state only; without a state,
    nothing.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.state = os.path.join(path, "state.json")
        self.work = os.path.join(path, "work")
        self.control = os.path.join(path, "control")
        self._lock = os.path.join(path, "lock")
        self._handle: Any = None

    @property
    def holder(self) -> str:
        """The process that holds the lock right now, empty when nobody does."""
        try:
            with open(self._lock, encoding="ascii") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().strip() or "unknown"
        except FileNotFoundError:
            pass
        return ""

    def __enter__(self) -> Area:
        """Take the lock. Raises RefusedError when another process has it, or when the directory cannot be written."""
        try:
            while True:
                os.makedirs(self.path, exist_ok=True)
                handle = open(self._lock, "a+", encoding="ascii")
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    # Whoever held it before may have removed the file when he was done.
                    if os.path.exists(self._lock) and os.fstat(handle.fileno()).st_ino == os.stat(self._lock).st_ino:
                        break
                except BlockingIOError:
                    handle.seek(0)
                    holder = handle.read().strip()
                    handle.close()
                    raise RefusedError(
                        f"another podfit apply (process {holder or 'unknown'}) works on this environment",
                        "wait until it is done",
                    ) from None
                handle.close()
        except OSError as error:
            raise RefusedError(
                f"{error.filename or self.path} cannot be written: {error.strerror}",
                "choose another place with --overlay DIR",
            ) from None
        self._handle = handle
        # Without the process number the lock still holds; a full disk must not keep anybody from recovering.
        with contextlib.suppress(OSError):
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the lock; remove the directory when it holds nothing worth keeping."""
        with contextlib.suppress(OSError):
            files.remove(self.control)
            if set(os.listdir(self.path)) <= {"lock"}:
                files.remove(self._lock)
                os.rmdir(self.path)
        with contextlib.suppress(OSError):
            self._handle.close()
