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
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from podfit.fit.planned import Planned, as_tested, modules_of
from podfit.fit.reading import Place
from podfit.fit.wheels import Wanted, compiled, how_of, known
from podfit.model import Evidence, EvidenceKind, PodfitError, Project, Release
from podfit.model.tags import platform_tags
from podfit.model.times import earliest_upload

if TYPE_CHECKING:
    from podfit.fit.phases import Needed
    from podfit.index import Index, IndexFile

_FEWEST = 4
"""For so many wheels that nobody has read yet a process is begun: it takes a quarter of a second to be there."""

_PATIENCE_SECONDS = 20.0
"""So long at most a solution waits for what was begun; what is missing then is read where it is wanted."""


class Ahead:
    """The process that reads wheels of index ahead; begun when there is enough to read, ended by `stop`.

    place says where it asks; index is the same for this process.
    """

    def __init__(self, place: Place, index: Index) -> None:
        self._place = place
        self._index = index
        self._waiting: list[Wanted | Planned] = []
        self._asked: set[tuple[str, str]] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._followed = False
        self._over = not _apart()

    @property
    def over(self) -> bool:
        """Whether nothing is read any more, or ever was."""
        return self._over

    def begin(self, names: Collection[str]) -> None:
        """Begin the process at once where the index was never asked for most of the projects that are needed."""
        with self._lock:
            if not self._over and self._process is None and self._index.unseen(names) >= max(_FEWEST, len(names) // 2):
                self._write(())

    def expect(self, wanted: Iterable[Wanted]) -> None:
        """Have wheels read that a plan would install; for a thread that may wait."""
        if self._over:
            return
        unread = [each for each in wanted if known(self._index, each) is None]
        with self._lock:
            if self._over:
                return
            self._waiting += [each for each in unread if (each.file.url, each.kind) not in self._asked]
            self._asked.update((each.file.url, each.kind) for each in unread)
            if self._waiting and (self._process is not None or len(self._waiting) >= _FEWEST):
                self._send()

    def follow(self, planned: Callable[[], Planned]) -> None:
        """Have what the imports of a plan reach read when its wheels are; of the first that is asked for alone.

        Where so little is unread that no process was begun, it is not worth one.
        """
        with self._lock:
            if self._over or self._process is None or self._followed:
                return
            self._followed = True
            self._waiting.append(planned())
            self._send()

    def wait(self) -> None:
        """Wait until the wheels that were expected are read; from then on no more are, only what was being followed."""
        with self._lock:
            self._over = True
            process = self._process
        if process is None:
            return
        answer = threading.Thread(target=_answer, args=(process,), name="podfit-answer", daemon=True)
        answer.start()
        answer.join(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End the process, whatever it has read."""
        with self._lock:
            self._over = True
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _send(self) -> None:
        """Hand what waits to the process, which is begun where there is none."""
        lines, self._waiting = self._waiting, []
        self._write(lines)

    def _write(self, lines: Iterable[object]) -> None:
        """Write to the process, which is begun where there is none and told where to ask."""
        lines = list(lines)
        try:
            if self._process is None:
                self._process = _begun()
                lines.insert(0, self._place)
            _input(self._process).write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
            _input(self._process).flush()
        except (OSError, UnicodeEncodeError):  # it is gone, or was never there
            self._over = True


class Foreseen:
    """What one fit is likely to plan, told while it is solved (podfit.solve.sources.Likely), for `ahead` to read.

    tested are the local environment's versions.
    """

    def __init__(self, ahead: Ahead, index: Index, needed: Needed, project: Project, tested: Mapping[str, str]) -> None:
        self._ahead = ahead
        self._index = index
        self._needed = needed
        self._project = project
        self._tested = tested
        self._versions: dict[str, str] = {}
        self._files: dict[str, tuple[IndexFile, ...]] = {}

    def releases(self, stated: Mapping[tuple[str, str], Iterable[str]], *, needed: bool) -> None:
        """Take up releases, their Requires-Dist lines by name and version; a call that waits.

        needed tells that the project asks for them: of these, what their import does counts, too.
        """
        from podfit.index import best_files

        if self._ahead.over:
            return
        wanted: list[Wanted] = []
        tags = platform_tags(self._needed.template)
        for (name, version), lines in stated.items():
            try:
                files = best_files(self._index.releases(name).get(version, ()), version, tags)
            except PodfitError:
                continue
            self._versions[name], self._files[name] = version, files
            if not files or files[0].kind != "wheel" or files[0].url.startswith("file:"):
                continue
            if compiled(files[0].filename):
                release = Release(name, version, tuple(lines), "", Evidence(EvidenceKind.METADATA, files[0].url))
                wanted.append(Wanted(files[0], "", how_of(release)))
            elif needed:
                wanted.append(Wanted(files[0], name, "import"))
        self._ahead.expect(wanted)

    def all_of_them(self, edges: Mapping[str, Iterable[str]]) -> None:
        """Take it that nothing more is likely; edges are what each release requires, by name. A call that waits."""
        self._ahead.follow(lambda: self._planned(edges))

    def _planned(self, edges: Mapping[str, Iterable[str]]) -> Planned:
        """Return what is likely to be planned."""
        template = self._needed.template
        versions = {name: each.version for name, each in template.distributions.items()} | self._versions
        return Planned(
            frozenset(self._versions),
            {name: files[0] for name, files in self._files.items() if files and files[0].kind == "wheel"},
            {name: earliest_upload(files) for name, files in self._files.items()},
            {name: frozenset(targets) for name, targets in edges.items()},
            versions,
            as_tested(versions, self._tested),
            frozenset(need.name for need in self._needed.report.needs),
            self._needed.held,
            modules_of(self._project),
            template.target.tags,
        )


def _answer(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to answer when it has read the wheels that it was given, and wait for that, or for its end."""
    with contextlib.suppress(OSError, ValueError):
        _input(process).write(b"null\n")
        _input(process).flush()
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        process.stdout.readline()


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
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """Return what a process reads."""
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    return process.stdin
