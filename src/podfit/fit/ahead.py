"""Wheels that a plan is likely to want are read while it is solved, by a process of its own on another CPU.

Reading a wheel is half computing (syntax trees, symbol tables), which Python's threads do one after the other; with the
resolver's questions they took turns. What was read lies in podfit's cache, where it is looked for in any case: so
nothing depends on this process, whether it runs or not, ends early, or reads what nobody wants in the end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from podfit.fit.binaries import compiled
from podfit.fit.reading import Place
from podfit.fit.wheels import Wanted, how_of, known
from podfit.model import Evidence, EvidenceKind, PodfitError, Release, Template
from podfit.model.tags import platform_tags

if TYPE_CHECKING:
    from podfit.index import Index

_FEWEST = 4
"""For so many wheels that nobody has read yet a process is begun: it takes a quarter of a second to be there."""

_PATIENCE_SECONDS = 20.0
"""So long at most a solution waits for what was begun; what is missing then is read where it is wanted."""


class Ahead:
    """The process that reads wheels of index ahead; begun when there is enough to read, ended by `wait` or `stop`.

    place says where it asks; index is the same for this process.
    """

    def __init__(self, place: Place, index: Index) -> None:
        self._place = place
        self._index = index
        self._waiting: list[Wanted] = []
        self._asked: set[tuple[str, str]] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._over = not _apart()

    def expect(self, template: Template, releases: Mapping[tuple[str, str], Iterable[str]], needed: bool) -> None:
        """Have the wheels of releases read that a plan for a template would install; for a thread that may wait.

        releases maps name and version to Requires-Dist lines. needed tells that the project asks for them: of these,
        what their import does counts, too.
        """
        if self._over:
            return
        found = [self._wanted(template, *pair, tuple(lines), needed=needed) for pair, lines in releases.items()]
        unread = [wanted for wanted in found if wanted is not None and known(self._index, wanted) is None]
        with self._lock:
            if self._over:
                return
            self._waiting += [each for each in unread if (each.file.url, each.kind) not in self._asked]
            self._asked.update((each.file.url, each.kind) for each in unread)
            if self._waiting and (self._process is not None or len(self._waiting) >= _FEWEST):
                self._send()

    def wait(self) -> None:
        """Wait until what was expected is read; from then on nothing is."""
        self._end(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End the process, whatever it has read."""
        self._end(0.0)

    def _end(self, seconds: float) -> None:
        """Tell the process that nothing more comes, and end it after so many seconds."""
        with self._lock:
            self._over = True
            process, self._process = self._process, None
        if process is None:
            return
        try:
            with contextlib.suppress(OSError):
                _input(process).close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        finally:
            process.kill()
            process.wait()

    def _wanted(
        self, template: Template, name: str, version: str, lines: tuple[str, ...], *, needed: bool
    ) -> Wanted | None:
        """Return what would be read of a release's wheel for a template; None where nothing would, or nothing far."""
        from podfit.index import best_files

        try:
            files = best_files(self._index.releases(name).get(version, ()), version, platform_tags(template))
        except PodfitError:
            return None
        if not files or files[0].kind != "wheel" or files[0].url.startswith("file:"):
            return None
        if not compiled(files[0].filename):
            return Wanted(files[0], name, "import") if needed else None
        release = Release(name, version, lines, "", Evidence(EvidenceKind.METADATA, files[0].url))
        return Wanted(files[0], "", how_of(release))

    def _send(self) -> None:
        """Hand what waits to the process, which is begun where there is none."""
        lines: list[object] = list(self._waiting)
        self._waiting = []
        try:
            if self._process is None:
                self._process = _begun()
                lines.insert(0, self._place)
            _input(self._process).write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
            _input(self._process).flush()
        except (OSError, UnicodeEncodeError):  # it is gone, or was never there
            self._over = True


def _apart() -> bool:
    """Tell whether this is a Python of its own on a machine where two processes can compute at once."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    python = Path(sys.executable or "").name.lower().startswith(("python", "pypy"))
    return cpus > 1 and python and not getattr(sys, "frozen", False)


def _begun() -> subprocess.Popen[bytes]:
    """Begin the process: from the root directory, so that no file of the project stands in the way of a module's."""
    return subprocess.Popen(
        [sys.executable, "-m", "podfit.fit.reading"],
        cwd=os.sep,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """Return what a process reads."""
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    return process.stdin
