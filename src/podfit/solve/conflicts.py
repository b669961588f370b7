"""What was learned of conflicts: in one search, from one round to the next, and from one call to the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podfit.solve.search import Search

_LEARNED_SECONDS = 24 * 3600
"""How long conflicts seen once steer the search: a release that dissolves one is noticed a day later at most."""


@dataclass(frozen=True, slots=True)
class Core:
    """Pins that cannot all stay, with the explanation; proof has every name that the conflict may rest on."""

    names: frozenset[str]
    reason: str
    proof: frozenset[str]


@dataclass(frozen=True, slots=True)
class Impossible:
    """Constraint lines that cannot be met together, the explanation, and what source builds were offered of then."""

    lines: frozenset[str]
    explanation: str
    offered: frozenset[str]


class Memory:
    """The conflicts that earlier solves of the same question met, so that the next one asks uv once."""

    def __init__(self, search: Search) -> None:
        self._search = search
        pins = sorted(search.offered.pins.items())
        told = (search.question.key(), pins, sorted(search.held), search.soft and sorted(search.soft))
        key = hashlib.sha256(repr(told).encode()).hexdigest()[:32]
        self._path: Path = search.uv.cache / "conflicts" / f"{key}.json"

    def read(self) -> None:
        """Give the search what was learned and is not yet stale: cores and the explanation of each."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            if self._search.uv.refresh or time.time() - self._path.stat().st_mtime > _LEARNED_SECONDS:
                return
            for names, text, proof in json.loads(self._path.read_bytes()):
                core = frozenset(str(name) for name in names)
                if core:
                    self._search.take([Core(core, str(text), frozenset(map(str, proof)))])

    def write(self) -> None:
        """Keep what was learned; a cache that cannot be written costs time, not the plan."""
        search = self._search
        with contextlib.suppress(OSError):
            if not search.cores or (search.runs == 1 and self._path.exists()):
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(f".{os.getpid()}")
            told = [[sorted(each.names), each.reason, sorted(each.proof)] for each in search.learned]
            temporary.write_text(json.dumps(told))
            temporary.replace(self._path)
