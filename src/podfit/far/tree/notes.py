"""Evidence, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .secrets import mask

_MOST = 100
"""So many sentences are kept: a thousand broken records tell no more than the first hundred."""

_LONGEST = 1000
"""Characters of one sentence; a path may have four thousand."""


class Warnings:
    """The sentences that end up in `probe.warnings`, each once, the first hundred of them."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Keep sentence, made one line, unless it is there already."""
        line = mask(" ".join(sentence[:_LONGEST].split()))
        if len(self.sentences) > _MOST or line in self.sentences:
            return
        self.sentences.append(line if len(self.sentences) < _MOST else "there is more of this kind, which is left out")

    def guard(self, what: str, read: Callable[..., Any], *arguments: Any, default: Any = None) -> Any:
        """Return read(*arguments); when it fails, default, and a warning that names what."""
        try:
            return read(*arguments)
        except Exception as error:  # one broken file must never end the probe
            self.add(f"{what} could not be read: {type(error).__name__}: {error}")
            return default


def evidence(kind: str, source: str, detail: str = "") -> dict[str, str]:
    """Return one evidence object of the manifest; kind is measured, binary, metadata, published or assumed."""
    found = {"kind": kind, "source": source}
    if detail:
        found["detail"] = detail
    return found
