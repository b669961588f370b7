"""Work that is begun before anybody waits for it: a call in a thread of its own, stopped when it is not wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")


class Begun(Generic[_T]):
    """A call that runs now, or after so many seconds unless somebody waits for it sooner.

    It gets an event that is set when it should stop, and must parse no marker (podfit.model.steps). What is stopped
    before it began is never called.
    """

    def __init__(self, call: Callable[[threading.Event], _T], after: float = 0.0) -> None:
        from concurrent.futures import Future

        self._after = after
        self._now = threading.Event()
        self._stop = threading.Event()
        self._outcome: Future[_T] = Future()
        self._thread = threading.Thread(target=self._run, args=(call,), name="podfit-begun", daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[threading.Event], _T]) -> None:
        self._now.wait(self._after)
        if self._stop.is_set():
            self._outcome.cancel()
            return
        try:
            self._outcome.set_result(call(self._stop))
        except BaseException as error:  # handed to who waits
            self._outcome.set_exception(error)

    def result(self) -> _T:
        """Wait for the call; return what it returned, or raise what it raised."""
        self._now.set()
        return self._outcome.result()

    def stop(self) -> None:
        """Tell the call to stop, and wait until it has."""
        self._stop.set()
        self._now.set()
        self._thread.join()


class Beginnings(Generic[_T]):
    """Calls that were begun, by a key each, until they are taken or left."""

    def __init__(self) -> None:
        self._begun: dict[str, Begun[_T]] = {}

    def __len__(self) -> int:
        """Return how many nobody has taken yet."""
        return len(self._begun)

    def begin(self, key: str, call: Callable[[threading.Event], _T], after: float = 0.0) -> None:
        """Begin a call as `Begun` does, unless one of that key was begun already."""
        if key not in self._begun:
            self._begun[key] = Begun(call, after)

    def take(self, key: str) -> Begun[_T] | None:
        """Return what was begun, None where nothing was; it is the caller's now."""
        return self._begun.pop(key, None)

    def leave(self, keys: Iterable[str] | None = None) -> None:
        """Stop what was begun with keys, None for all of it, and wait until it has stopped."""
        for key in list(self._begun if keys is None else keys):
            if (begun := self.take(key)) is not None:
                begun.stop()
