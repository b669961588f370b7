"""The parent's side of the checks' processes: starts them and leaves none behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..loader import PACKAGE

TIMEOUT = 180.0
"""Seconds for one check: the first import of torch from a network volume takes a minute or more."""
_START = """\
import sys

sys.path.insert(0, {folder!r})  # with PYTHONSAFEPATH it is not there; run_child takes it away again
from {package}.verify.child import run_child

if __name__ == "__main__":
    sys.exit(run_child(sys.argv[1]))
"""


class Outcome(NamedTuple):
    """How a child ended. how is `done`, `error` (it raised), `crash` or `hang`; log is all that it printed."""

    how: str
    result: dict[str, Any]
    error: dict[str, Any]
    status: int
    log: str
    seconds: float


class Children:
    """Starts children, never more than a few at a time, and leaves none behind."""

    def __init__(self, folder: Path, modules: Mapping[str, str], told: Callable[[str], None]) -> None:
        self._folder, self._told = folder, told
        package = folder / PACKAGE
        package.mkdir()
        for path, source in modules.items():
            (package / path).parent.mkdir(exist_ok=True)
            (package / path).write_text(source, "utf-8")
        self._script = folder / f"{PACKAGE}_child.py"
        self._script.write_text(_START.format(folder=str(folder), package=PACKAGE), "utf-8")
        self._numbers = itertools.count()
        self._live: set[int] = set()
        self._lock = threading.Lock()
        self._over = False
        caches = {name: str(folder / "cache") for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")}
        caches.update(TRITON_CACHE_DIR=str(folder / "cache"), TORCHINDUCTOR_CACHE_DIR=str(folder / "cache"))
        self._environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", **caches)

    def run(self, kind: str, seconds: float, **job: Any) -> Outcome:
        """Run one child; past seconds it is ended with all its own children."""
        self._told(f"{kind} {job.get('name', '')}".strip().replace("_", " "))
        path = self._folder / f"{next(self._numbers)}.json"
        log = path.with_suffix(".log")
        started = time.monotonic()
        path.write_text(json.dumps(dict(job, kind=kind, seconds=seconds, started=started)), "utf-8")
        argv = [sys.executable, "-B", "-X", "faulthandler", str(self._script), str(path)]
        with log.open("wb") as sink:
            with self._lock:
                if self._over:
                    raise KeyboardInterrupt
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    cwd=str(self._folder),
                    env=self._environment,
                    start_new_session=True,
                )
                self._live.add(process.pid)
            try:
                how = "done" if process.wait(seconds) == 0 else "crash"
            except subprocess.TimeoutExpired:
                how = "hang"
            finally:
                self._end(process.pid)
                process.wait()
        with log.open("rb") as file:
            said = file.read(1 << 18).decode("utf-8", "replace")
        answer: dict[str, Any] = {}
        if how == "done":
            try:
                answer = json.loads(path.with_suffix(".answer").read_text("utf-8"))
            except (OSError, ValueError):
                how = "crash"  # it ended itself before it could answer
        if "error" in answer:
            how = "error"
        took = time.monotonic() - started
        return Outcome(how, answer.get("result", {}), answer.get("error", {}), process.returncode, said, took)

    def _end(self, pid: int) -> None:
        """Kill what a child left running."""
        with self._lock:
            self._live.discard(pid)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kill all children and start no more."""
        with self._lock:
            self._over = True
            live = list(self._live)
        for pid in live:
            self._end(pid)
