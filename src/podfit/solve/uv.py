"""Run `uv pip compile`: one question in, the locked packages or uv's refusal out."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podfit.index.pages import FRESH_SECONDS
from podfit.index.shown import original
from podfit.index.usage import hold
from podfit.model import InputError, LockedPackage, Reporter, SilentReporter, canonical
from podfit.model.requirement import named
from podfit.model.steps import Steps, Wait, finish
from podfit.solve.answer import Refusal, locked_packages, preferences
from podfit.solve.answers import Answers
from podfit.solve.begun import Beginnings
from podfit.solve.repositories import Commits
from podfit.solve.said import (
    DENIED,
    NOT_CACHED,
    NOT_FOUND,
    UNRESOLVED,
    explanation,
    host_of,
    index_label,
    is_refusal,
    is_unreachable,
    unbuilt,
    unreachable,
    unreachable_host,
)
from podfit.solve.settings import as_link, index_settings
from podfit.solve.shown import shown, through
from podfit.solve.solvable import Solvable
from podfit.solve.unfetched import Unfetched, blamed
from podfit.solve.unsolvable import Unsolvable
from podfit.solve.variables import resolver_environment
from podfit.solve.watched import run_watched

if TYPE_CHECKING:
    from podfit.index.serving import Serving

APART_SECONDS = 1.0
"""So long after each other questions are begun."""


@dataclass(frozen=True, slots=True)
class Question:
    """What uv is asked to resolve.

    requirements and constraints are PEP 508 lines; preferences are versions to take where they fit, by name.
    find_links is a directory of wheels that count like the index's. platform is uv's name of the target.
    index_arguments are uv's options that name indexes; exclude_newer is a date, empty for none. build_constraints
    limit what source distributions are built with: wheels in find_links that hold metadata only build nothing.
    assumed is a further directory of wheels; build names what uv may build (`:all:` for everything), nothing else.
    lowest asks for the oldest release of what is required, and the newest of all else.
    until has, by name, the time (ISO 8601) from which on an index's files of a package do not count.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    preferences: Mapping[str, str]
    python_version: str
    platform: str
    find_links: Path
    index_arguments: tuple[str, ...] = ()
    exclude_newer: str = ""
    build_constraints: tuple[str, ...] = ()
    assumed: Path | None = None
    build: tuple[str, ...] = ()
    lowest: bool = False
    until: tuple[tuple[str, str], ...] = ()

    def key(self) -> str:
        """Return a hash of everything that the answer depends on, the index's state apart."""
        parts = (
            self.requirements,
            sorted(self.constraints),
            sorted(self.preferences.items()),
            self.python_version,
            self.platform,
            str(self.find_links),
            self.index_arguments,
            self.exclude_newer,
            sorted(self.build_constraints),
            str(self.assumed or ""),
            self.build,
            *(("lowest",) if self.lowest else ()),
            sorted(self.until),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


class PackageNotFoundError(InputError):
    """A package that no index has, or that an index keeps from who asks: exit code 2.

    package is its normalized name, index says where it was sought, explanation is uv's. denied is the HTTP status with
    which an index refused access, empty where it simply does not have the package.
    """

    def __init__(self, package: str, index: str, *, explanation: str = "", denied: str = "") -> None:
        remedy = "correct its name, or name the index that has it with --index-url"
        message = f"the package {package} does not exist on {index}"
        if denied:
            message = f"{index} gives no access to {package} ({denied})"
            remedy = "put the credentials into the index's URL, or into netrc"
        super().__init__(message, remedy=remedy)
        self.package = package
        self.index = index
        self.explanation = explanation
        self.denied = denied


class Uv:
    """The uv executable with podfit's cache.

    cache is podfit's cache directory. With offline, only what uv's own cache holds is used. refresh ignores what was
    seen less than FRESH_SECONDS ago. Questions may be asked side by side, computed in one thread (podfit.model.steps).
    from_cache names what could not be reached, so that the cache stood in; oldest is when the oldest answer that was
    known already was asked for (seconds since the epoch), infinite for none; commits is what repositories answered.
    doubt is asked when uv takes long: it gets the names that are required and returns a sentence when an index is too
    slow to wait for. serving shows it the indexes, which are asked themselves from the first question on that it cannot
    answer. reach tells of addresses which of them give nothing, each with why.
    """

    def __init__(
        self,
        cache: Path,
        *,
        offline: bool = False,
        refresh: bool = False,
        reporter: Reporter | None = None,
        doubt: Callable[[Sequence[str]], str] | None = None,
        serving: Serving | None = None,
        reach: Callable[[Iterable[str]], Mapping[str, str]] | None = None,
    ) -> None:
        self.cache = cache
        self.doubt, self.reach = doubt, reach
        self.serving = serving
        hold(cache)
        self.offline = offline
        self.from_cache: dict[str, None] = {}
        self.refresh = refresh
        self.reporter = reporter or SilentReporter()
        self.oldest = float("inf")
        self.commits: Commits = {}
        self._unsolvable = Unsolvable()
        self._solvable = Solvable()
        self._begun: Beginnings[subprocess.CompletedProcess[str]] = Beginnings()
        self._unfetched = Unfetched()

    def begin(self, question: Question, after: float = 0.0) -> None:
        """Have uv look for an answer that is likely to be asked for soon; nobody waits for it until then.

        It begins after so many seconds, unless somebody waits for it before. What was asked less than FRESH_SECONDS
        ago is known, and nothing is begun without the network. Where the indexes are not shown, each begins
        APART_SECONDS after the one before: a uv that finds nothing in its cache looks names up dozens of times at
        once, and resolvers drop some of many (podfit.index.lookups).
        """
        key = question.key()
        if (
            self.offline
            or self._unfetched.told(question) is not None
            or self._unsolvable.told(question) is not None
            or _younger(self.cache / "asked" / key, FRESH_SECONDS)
        ):
            return
        uv = find_uv()
        after = after if self.serving is not None else max(after, len(self._begun) * APART_SECONDS)
        self._begun.begin(key, lambda stop: self._done(uv, question, offline=False, stopped=stop.is_set), after)

    def leave(self, questions: Iterable[Question]) -> None:
        """Stop what was begun with questions: nobody will ask them."""
        self._begun.leave(question.key() for question in questions)

    def end(self) -> None:
        """Stop what was begun and never asked for."""
        self._begun.leave()

    def close(self) -> None:
        """Stop what was begun, and the server that shows the indexes."""
        self.end()
        if self.serving is not None:
            self.serving.close()

    def compile(self, question: Question) -> dict[str, LockedPackage] | Refusal:
        """Return the answer of `steps`, waited for in the caller's thread."""
        return finish(self.steps(question))

    def steps(self, question: Question) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Return what `_answered` does, or what earlier questions were refused for where that is in this one, too."""
        known = self._unsolvable.told(question)
        if known is not None:
            if len(self._begun):
                self._begun.leave([question.key()])
            return known
        answer = yield from self._answered(question)
        if isinstance(answer, Refusal):
            self._unsolvable.learn(question, answer)
        else:
            self._solvable.learn(question, answer)
        return answer

    def has_answer(self, question: Question) -> bool:
        """Tell whether earlier answers show that a question has one; where they do not, it may have one as well."""
        return self._solvable.told(question)

    def _answered(self, question: Question) -> Steps[dict[str, LockedPackage] | Refusal]:
        """Return, after the waits for uv, the packages that answer question by name, or uv's refusal.

        Raises InputError when the index cannot be reached, a package does not exist, or a requirement cannot be
        read or built. An unreachable index is not the end: what uv's cache holds is tried, with a warning.
        """
        stamp = self.cache / "asked" / question.key()
        if self.offline:
            return self._judge(question, (yield from self._run(question, offline=True)), offline=True)
        answers = Answers(self.cache, resolver_environment(), find_uv())
        if not self.refresh and _younger(stamp, FRESH_SECONDS):
            with contextlib.suppress(OSError):
                self.oldest = min(self.oldest, stamp.stat().st_mtime)
            kept = answers.find(question, FRESH_SECONDS)
            if kept is not None:
                return kept
            done = yield from self._run(question, offline=True)
            if done.returncode == 0 or (is_refusal(done.stderr) and not NOT_CACHED.search(done.stderr)):
                return self._judge(question, done, offline=True)
        begun = self._begun.take(question.key())
        if (gone := self._unfetched.told(question)) is not None:
            if begun is not None:
                begun.stop()
            return self._judge(question, gone, offline=False)
        if begun is None:
            done = yield from self._run(question, offline=False)
        else:
            done = yield Wait(begun.result)
        if done.returncode and not is_refusal(done.stderr) and is_unreachable(done.stderr):
            again = yield from self._run(question, offline=True)
            if again.returncode == 0:
                host = unreachable_host(done.stderr) or index_label(question.index_arguments)
                if host not in self.from_cache:
                    told = unreachable(done.stderr, question.index_arguments)
                    self.reporter.warn(f"{told}; what the cache holds was used instead")
                self.from_cache[host] = None
                return self._judge(question, again, offline=True)
            self._unfetched.learn(question, done)
        answer = self._judge(question, done, offline=False)
        answers.keep(question, answer)
        with contextlib.suppress(OSError):
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()
        return answer

    def _run(self, question: Question, *, offline: bool) -> Steps[subprocess.CompletedProcess[str]]:
        """Run uv once; the answer's text is in stdout as pylock.toml."""
        uv = find_uv()  # not in a thread: two that ask for Python's configuration at once break it (sysconfig)
        done: subprocess.CompletedProcess[str] = yield Wait(lambda: self._done(uv, question, offline=offline))
        return done

    def _done(
        self, uv: str, question: Question, *, offline: bool, stopped: Callable[[], bool] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return what `_run` does, waiting here; uv is its executable, stopped as in `run_watched`."""
        serving = self.serving
        environment = resolver_environment()
        asked = shown(question, serving) if serving is not None else None
        if serving is not None and asked is not None:
            troubles, lost = serving.troubles, True
            if proxy := serving.proxy():
                done = self._resolved(uv, asked, through(proxy, environment), stopped=stopped)
                if serving.troubles == troubles and (done.returncode == 0 or is_refusal(done.stderr)):
                    return subprocess.CompletedProcess(done.args, done.returncode, original(done.stdout), done.stderr)
                lost = not blamed(question, done)  # an address that is no index's says nothing of them
            if lost:
                self.serving = None  # where a question ended so, the next would
                serving.close()
            else:
                environment.setdefault("UV_HTTP_RETRIES", "1")
            if serving.silent:  # podfit has tried again already
                environment.setdefault("UV_HTTP_RETRIES", "0")
        return self._resolved(uv, question, environment, offline=offline, stopped=stopped)

    def _resolved(
        self,
        uv: str,
        question: Question,
        environment: Mapping[str, str],
        *,
        offline: bool = False,
        stopped: Callable[[], bool] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run uv with a question as it stands."""
        with tempfile.TemporaryDirectory(prefix="podfit-") as room:
            work = Path(room)
            (work / "requirements.in").write_text("\n".join(question.requirements) + "\n", encoding="utf-8")
            (work / "constraints.txt").write_text("\n".join(question.constraints) + "\n", encoding="utf-8")
            build = "\n".join(question.build_constraints) + "\n"
            (work / "build-constraints.txt").write_text(build, encoding="utf-8")
            output = work / "pylock.toml"
            if question.preferences:
                output.write_text("".join(preferences(question.preferences)), encoding="utf-8")
            settings, arguments = index_settings(question.index_arguments, ages=not self.refresh)
            (work / "uv.toml").write_text(settings, encoding="utf-8")
            command = [uv, "pip", "compile", "--quiet", "--config-file", "uv.toml", "--no-header"]
            command += ["--no-python-downloads"]
            command += ["--python", sys.executable, "--python-version", question.python_version]
            command += ["--python-platform", question.platform, "--find-links", as_link(question.find_links)]
            command += [*arguments, "--format", "pylock.toml", "-c", "constraints.txt"]
            command += ["--build-constraints", "build-constraints.txt"]
            command += ["--find-links", as_link(question.assumed)] if question.assumed else []
            if ":all:" not in question.build:
                command += [
                    "--only-binary",
                    ":all:",
                    *(word for name in question.build for word in ("--no-binary", name)),
                ]
            command += ["--resolution", "lowest-direct"] if question.lowest else []
            command += ["--exclude-newer", question.exclude_newer] if question.exclude_newer else []
            command += [word for pair in question.until for word in ("--exclude-newer-package", "=".join(pair))]
            command += ["--offline"] if offline else ["--refresh"] if self.refresh else []
            command += ["-o", output.name, "requirements.in"]
            doubt = None
            if self.doubt is not None and not offline:
                names = [name for name in map(named, question.requirements) if name]
                doubt = functools.partial(self.doubt, names)
            done = run_watched(command, folder=work, environment=environment, doubt=doubt, stopped=stopped)
            text = output.read_text(encoding="utf-8") if done.returncode == 0 else ""
            return subprocess.CompletedProcess(done.args, done.returncode, text, done.stderr)

    def _judge(
        self, question: Question, done: subprocess.CompletedProcess[str], *, offline: bool
    ) -> dict[str, LockedPackage] | Refusal:
        """Turn what uv printed into an answer, a refusal or an error."""
        if done.returncode == 0:
            return locked_packages(done.stdout)
        missing = NOT_CACHED.search(done.stderr)
        if offline and missing:
            names = re.findall(r"([A-Za-z0-9._-]+) was not found in the cache", done.stderr)
            what = ", ".join(dict.fromkeys(names)) or "a package"
            raise InputError(
                f"no network may be used or reached, and the cache lacks {what}",
                remedy="run once with the network, without --offline",
            )
        absent = NOT_FOUND.search(done.stderr)
        if absent:
            name = absent.group(1)
            denied = DENIED.search(done.stderr)
            place = host_of(denied["url"] or "") if denied else ""
            raise PackageNotFoundError(
                canonical(name),
                place or index_label(question.index_arguments),
                explanation=explanation(done.stderr),
                denied=denied["status"] if denied else "",
            )
        if is_refusal(done.stderr):
            return Refusal(explanation(done.stderr), unbuilt(done.stderr))
        if is_unreachable(done.stderr):
            raise InputError(
                unreachable(done.stderr, question.index_arguments),
                remedy="check the network, --index-url and the proxy variables",
            )
        raise InputError(f"{UNRESOLVED}{explanation(done.stderr)}")


@functools.cache
def find_uv() -> str:
    """Return the path of uv's executable: the one that came with podfit's own environment."""
    from uv import find_uv_bin

    try:
        return os.fspath(find_uv_bin())
    except FileNotFoundError:
        raise InputError("uv's executable is missing", remedy="install podfit again: pip install --force uv") from None


def _younger(path: Path, seconds: float) -> bool:
    """Tell whether a file was touched less than so many seconds ago."""
    try:
        return 0 <= time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False
