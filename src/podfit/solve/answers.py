"""uv's answers of the last minutes: the same question asked again while the index's pages count as fresh needs no uv.

What an answer depends on beside those pages is its key: the question, the variables that uv reads, and uv itself. An
answer that something else could change is not kept: one from a directory of packages, which nobody calls fresh for any
time, or one that rests on a build. Nor is one whose addresses may hold a secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from podfit.index.cache import Cache
from podfit.model import LockedPackage
from podfit.solve.answer import Refusal

if TYPE_CHECKING:
    from podfit.solve.uv import Question

_KIND = "asked"
_FORMAT = "answers-2"
"""What a kept answer looks like; another number when LockedPackage or Refusal changes, so that no older one is read."""


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was answered: packages, or the refusal in their place."""

    packages: dict[str, LockedPackage] = {}
    refusal: Refusal | None = None


class Answers:
    """The answers below podfit's cache directory; environment are uv's variables, uv is the path of its executable."""

    def __init__(self, cache: Path, environment: Mapping[str, str], uv: str) -> None:
        self._cache = Cache(cache)
        self._steering = sorted(pair for pair in environment.items() if pair[0].startswith("UV_"))
        self._uv = uv

    def find(self, question: Question, seconds: float) -> dict[str, LockedPackage] | Refusal | None:
        """Return what answers question where it was asked less than so many seconds ago, else None."""
        if not keeps(question):
            return None
        key = self._key(question)
        if self._cache.age(_KIND, key) >= seconds:
            return None
        body = self._cache.read(_KIND, key)
        try:
            kept = None if body is None else msgspec.json.decode(body, type=_Kept)
        except msgspec.DecodeError:
            return None
        if kept is None:
            return None
        return kept.refusal or kept.packages

    def keep(self, question: Question, answer: Mapping[str, LockedPackage] | Refusal) -> None:
        """Keep what uv has just answered after it had asked the index."""
        if keeps(question):
            kept = _Kept(refusal=answer) if isinstance(answer, Refusal) else _Kept(dict(answer))
            self._cache.write(_KIND, self._key(question), msgspec.json.encode(kept))

    def _key(self, question: Question) -> str:
        """Return a hash of all that the answer depends on, the index's state apart."""
        stat = Path(self._uv).stat()
        parts = (_FORMAT, question.key(), self._steering, self._uv, stat.st_size, stat.st_mtime_ns)
        return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.json"


def keeps(question: Question) -> bool:
    """Tell whether the answer to a question may be kept; see the module."""
    lines = (*question.requirements, *question.constraints, *question.build_constraints)
    places = [urlsplit(word) for word in question.index_arguments if not word.startswith("--")]
    return (
        not question.build
        and bool(places)
        and all(place.scheme in ("http", "https") and "@" not in place.netloc for place in places)
        and not any("@" in line.partition(";")[0] for line in lines)
    )
