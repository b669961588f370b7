"""The plans of the last minutes: the same project over the same template, asked again, is the same plan.

What a plan depends on beside the index's pages is its key: what was read of the project, the template, the options, the
variables that steer uv, and the programs themselves. A plan counts as long as the oldest page and the oldest answer
that it rests on, and while the branches of repositories lead to the same commits, and who did not answer does not. One
that something else could change is not kept: packages from a directory, a build, an index that did not answer, and all
with warnings.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from podfit import __version__
from podfit.fit.options import Options
from podfit.index.cache import Cache
from podfit.index.pages import FRESH_SECONDS
from podfit.model import Call, InputError, Plan, Project, Template
from podfit.model.secrets import hidden
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.solve.repositories import Commits, still
from podfit.solve.uv import find_uv

_KIND = "planned"
_FORMAT = "plans-2"
_STEERING = ("UV_", "PODFIT_", "PIP_")


class _Kept(msgspec.Struct, frozen=True):
    """A plan as its file has it, and since when the oldest of what it rests on is known (seconds since the epoch).

    commits is what repositories answered: address, reference, commit, and why there is none.
    """

    since: float
    plan: dict[str, Any]
    commits: tuple[tuple[str, str, str, str], ...]


class Remembered:
    """The plans below podfit's cache directory, for one project with its calls and one set of options."""

    def __init__(self, cache: Path, project: Project, calls: Sequence[Call], options: Options) -> None:
        self._cache = Cache(cache)
        self._project = project
        self._calls = calls
        self._options = options

    def find(self, template: Template) -> Plan | None:
        """Return the plan for a template that was made minutes ago and still counts, None without one."""
        body = self._cache.read(_KIND, self._key(template)) if keeps(self._options, self._project) else None
        try:
            kept = None if body is None else msgspec.json.decode(body, type=_Kept)
            if kept is None or not 0 <= time.time() - kept.since < FRESH_SECONDS:
                return None
            plan = plan_from_dict(kept.plan, where=f"the plan for {template.name}")
        except (msgspec.DecodeError, InputError):  # another version of podfit wrote it
            return None
        commits = {(base, reference): (commit, why) for base, reference, commit, why in kept.commits}
        return plan if still(commits) else None

    def keep(self, template: Template, plan: Plan, since: float, commits: Commits) -> None:
        """Keep a plan that was just made from what is known since then (seconds since the epoch).

        commits is what repositories answered meanwhile.
        """
        if not keeps(self._options, self._project) or time.time() - since >= FRESH_SECONDS:
            return
        if any(hidden(base) != base for base, _ in commits):
            return
        answers = tuple((*asked, *answer) for asked, answer in commits.items())
        try:
            body = msgspec.json.encode(_Kept(since, plan_to_dict(plan), answers))
        except UnicodeEncodeError:  # a file name that is not UTF-8
            return
        self._cache.write(_KIND, self._key(template), body)

    def _key(self, template: Template) -> str:
        """Return a hash of all that a plan depends on, the index's state apart."""
        steering = sorted(pair for pair in os.environ.items() if pair[0].startswith(_STEERING))
        parts = (_FORMAT, _programs(), steering, self._project, self._calls, self._options, template)
        try:
            text = msgspec.json.encode(parts, enc_hook=str, order="deterministic")
        except UnicodeEncodeError:
            text = os.urandom(16)  # nothing is found, and nothing is found again
        return f"{hashlib.sha256(text).hexdigest()[:32]}.json"


def keeps(options: Options, project: Project) -> bool:
    """Tell whether a plan of a project may be kept; see the module."""
    places = [urlsplit(url) for url in (options.index_url, *options.extra_index_urls)]
    return not (options.allow_build or options.find_links or options.unasked or project.find_links) and all(
        place.scheme in ("http", "https") and "@" not in place.netloc for place in places
    )


@cache
def _programs() -> tuple[object, ...]:
    """Return what tells the programs that plan: podfit, when its files were last written, Python, and uv."""
    root = Path(__file__).resolve().parent.parent
    uv = Path(find_uv()).stat()
    return (
        (__version__, _newest(root), platform.python_version(), platform.machine()),
        (uv.st_size, uv.st_mtime_ns),
    )


def _newest(root: Path) -> int:
    """Return when the last of the files below a directory was written, in nanoseconds, without compiled bytecode."""

    def written(folder: str) -> Iterable[int]:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from written(entry.path)
            else:
                yield entry.stat(follow_symlinks=False).st_mtime_ns

    return max(written(os.fspath(root)))
