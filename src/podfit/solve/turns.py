"""One thread computes, the others wait: for uv, for the index, or for their turn.

Python threads do not compute in parallel anyway. They must not even try while they parse: in CPython 3.11 and 3.12
two threads inside `ast.literal_eval` (which `packaging` calls for every marker) can end in "SystemError: AST
constructor recursion depth mismatch" (python/cpython#106905).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Hands the turn to one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Hold the turn."""
        with self._lock:
            yield

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Give the turn away while this thread, which holds it, waits for something outside of Python."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
