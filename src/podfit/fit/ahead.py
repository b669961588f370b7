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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import msgspec

from podfit.fit.binaries import planned_wheel
from podfit.fit.jobs import Job
from podfit.fit.planned import Planned, as_tested, modules_imported
from podfit.fit.reading import Leave, Place
from podfit.fit.wheels import Wanted, compiled, how_of
from podfit.model import Evidence, EvidenceKind, LockedPackage, PodfitError, Project, Release
from podfit.model.requirement import named
from podfit.model.tags import platform_tags
from podfit.model.times import earliest_upload
from podfit.model.versions import same_version

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
        self._waiting: list[Wanted] = []
        self._asked: set[tuple[str, str]] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._telling = threading.Thread()
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
        unread = [each for each in wanted if each.known(self._index) is None]
        with self._lock:
            if self._over:
                return
            self._waiting += [each for each in unread if (each.file.url, each.kind) not in self._asked]
            self._asked.update((each.file.url, each.kind) for each in unread)
            if self._waiting and (self._process is not None or len(self._waiting) >= _FEWEST):
                waiting, self._waiting = self._waiting, []
                self._write(waiting)

    def follow(self, planned: Callable[[], Planned]) -> None:
        """Have what the imports of a plan reach read when its wheels are; of the last that is asked for alone.

        Where so little is unread that no process was begun, it is not worth one.
        """
        with self._lock:
            if not self._over and self._process is not None:
                self._write([planned()])

    def share(self, jobs: Sequence[Job[Any]]) -> Callable[[], None]:
        """Hand readings to the process, where there is one; what is returned waits until they are made.

        What is followed is left: whoever shares reads it now.
        """
        with self._lock:
            if not self._over and self._process is not None:
                self._write([Leave(), *jobs])
        return self.wait

    def wait(self) -> None:
        """Wait until the wheels that the process was given are read."""
        with self._lock:
            process = self._process
            if process is None or self._over:
                return
            self._write([None])
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
            process.wait()
            self._lines.put(b"")
            self._telling.join()
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            process.stdout.close()

    def _write(self, lines: Iterable[object]) -> None:
        """Tell the process something, which is begun where there is none; nobody waits until it has taken it up."""
        lines = list(lines)
        try:
            if self._process is None:
                self._process = _begun()
                lines.insert(0, self._place)
                self._telling = threading.Thread(target=_tell, args=(self._process, self._lines), daemon=True)
                self._telling.start()
            self._lines.put(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        except (OSError, UnicodeEncodeError):  # there is none to be had
            self._over = True


class Foreseen:
    """What one fit is likely to plan, told while it is solved (podfit.solve.likely.Likely), for `ahead` to read.

    tested are the local environment's versions.
    """

    def __init__(self, ahead: Ahead, index: Index, needed: Needed, project: Project, tested: Mapping[str, str]) -> None:
        self._ahead = ahead
        self._index = index
        self._needed = needed
        self._project = project
        self._tested = tested
        self._needs = frozenset(need.name for need in needed.report.needs)
        self._there = {name: each.version for name, each in needed.template.distributions.items()}
        self._told: dict[tuple[str, str], _Seen] = {}

    def releases(self, stated: Mapping[tuple[str, str], Iterable[str]]) -> None:
        """Take up releases, their Requires-Dist lines by name and version; a call that waits."""
        from podfit.index import best_files

        if self._ahead.over:
            return
        tags = platform_tags(self._needed.template)
        new = []
        for (name, version), lines in stated.items():
            with contextlib.suppress(PodfitError):
                files = best_files(self._index.releases(name).get(version, ()), version, tags)
                new.append(_Seen(name, version, files, tuple(lines)))
        self._expect(new)

    def all_of_them(self) -> None:
        """Take it that nothing more is likely. A call that waits."""
        self._ahead.follow(lambda: self._planned(self._told.values()))

    def answer(self, packages: Mapping[str, LockedPackage]) -> None:
        """Take up an answer of the resolver, which the one that counts is likely to be near. A call that waits."""
        if self._ahead.over:
            return
        added = {n: each for n, each in packages.items() if not same_version(each.version, self._there.get(n, ""))}
        new = [self._seen(name, each) for name, each in added.items() if (name, each.version) not in self._told]
        if len(new) >= _FEWEST:
            self._expect(new)
            self._ahead.follow(lambda: self._planned(self._told[n, each.version] for n, each in added.items()))

    def _seen(self, name: str, package: LockedPackage) -> _Seen:
        """Return a package of an answer, with the requirements of its wheel as far as they were read."""
        wheel = planned_wheel(package, self._needed.template)
        metadata = self._index.known_metadata(wheel.sha256) if wheel is not None and wheel.sha256 else None
        files = (wheel,) if wheel is not None else ()
        return _Seen(name, package.version, files, metadata.requires_dist if metadata is not None else None)

    def _expect(self, new: Iterable[_Seen]) -> None:
        """Have the wheels of releases read."""
        wanted: list[Wanted] = []
        for each in new:
            self._told[each.name, each.version] = each
            file = each.wheel
            if file is None or file.url.startswith("file:"):
                continue
            if compiled(file.filename):
                if each.lines is None:  # how much of it counts, what it requires says
                    continue
                evidence = Evidence(EvidenceKind.METADATA, file.url)
                wanted.append(Wanted(file, "", how_of(Release(each.name, each.version, each.lines, "", evidence))))
            elif each.name in self._needs:  # of these, what their import does counts, too
                wanted.append(Wanted(file, each.name, "import"))
        self._ahead.expect(wanted)

    def _planned(self, seen: Iterable[_Seen]) -> Planned:
        """Return what is likely to be planned."""
        by_name = {each.name: each for each in seen}
        versions = self._there | {name: each.version for name, each in by_name.items()}
        return Planned(
            frozenset(by_name),
            {name: each.wheel for name, each in by_name.items() if each.wheel is not None},
            {name: earliest_upload(each.files) for name, each in by_name.items()},
            {name: each.required for name, each in by_name.items()},
            versions,
            as_tested(versions, self._tested),
            self._needs,
            self._needed.held,
            modules_imported(self._project),
            self._needed.template.target.tags,
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A release that may be planned, its files that fit, best first, and its Requires-Dist lines, None for unknown."""

    name: str
    version: str
    files: tuple[IndexFile, ...]
    lines: tuple[str, ...] | None

    @property
    def wheel(self) -> IndexFile | None:
        """The wheel that would be installed, None where it is built first."""
        return self.files[0] if self.files and self.files[0].kind == "wheel" else None

    @property
    def required(self) -> frozenset[str]:
        """The names of what it requires, roughly: no marker is read here (podfit.model.steps), extras do not count."""
        plain = (line for line in self.lines or () if "extra" not in line.partition(";")[2])
        return frozenset(map(named, plain)) - {""}


def _tell(process: subprocess.Popen[bytes], lines: SimpleQueue[bytes]) -> None:
    """Write lines to a process until there is an empty one, or the process is gone."""
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(OSError), process.stdin:
        while line := lines.get():
            process.stdin.write(line)
            process.stdin.flush()


def _answer(process: subprocess.Popen[bytes]) -> None:
    """Wait for an answer of a process, or for its end."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(OSError, ValueError):
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
