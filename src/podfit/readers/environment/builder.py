"""Collects the distributions of one document, so that every format treats names, versions and doubles alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from podfit.model import Distribution, Evidence, EvidenceKind, InputError, canonical
from podfit.model.valid import is_name, is_version, shown
from podfit.model.words import shortened
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Listing
from podfit.readers.environment.universal import choose

SHOWN = 8
"""How many names a notice spells out."""


@dataclass(slots=True)
class _Candidate:
    """One entry of a document; a lock file may have several of one name, each with its markers."""

    distribution: Distribution
    line: int
    markers: tuple[str, ...]


class Builder:
    """Collects distributions; `listing` makes the result. format is the format's name for people."""

    def __init__(self, document: Document, format: str) -> None:  # noqa: A002
        self.document = document
        self.format = format
        self._found: dict[str, list[_Candidate]] = {}
        self._notices: list[str] = []

    def add(
        self,
        line: int,
        name: str,
        version: str | None,
        *,
        markers: Iterable[str] = (),
        detail: str = "",
        kind: EvidenceKind = EvidenceKind.METADATA,
        **facts: Any,
    ) -> None:
        """Add a distribution found at line (0: not known); facts are further fields of Distribution.

        markers are alternatives, of which one has to hold where the distribution is installed. Raises InputError for
        what is no name or no version.
        """
        where = self.document.where(line)
        if not is_name(name):
            raise InputError(f"{shown(name)} is not the name of a distribution", where=where)
        version = (version or "").strip()
        if version and not is_version(version):
            raise InputError(f"{shown(version)} is not an exact version of {name}", where=where)
        evidence = Evidence(kind, str(where), detail or self.format)
        distribution = Distribution(name=canonical(name), version=version, evidence=evidence, **facts)
        candidate = _Candidate(distribution, line, tuple(marker for marker in markers if marker))
        self._found.setdefault(distribution.name, []).append(candidate)

    def notice(self, sentence: str, line: int = 0) -> None:
        """Keep a sentence for people, its place in front."""
        self._notices.append(f"{self.document.where(line)}: {sentence}")

    def listing(self, **facts: Any) -> Listing:
        """Return the listing; facts are further fields of it. Raises InputError when nothing was added."""
        if not self._found:
            remedy = "was the command that should have written it run in the right environment?"
            raise InputError(f"{self.format}: it lists no distribution", where=self.document.where(), remedy=remedy)
        distributions = {name: self._one(candidates) for name, candidates in sorted(self._found.items())}
        self._notice_origins(list(distributions.values()))
        evidence = Evidence(EvidenceKind.METADATA, self.document.path, self.format)
        return Listing(
            format=self.format,
            path=self.document.path,
            distributions=distributions,
            evidence=evidence,
            import_map=import_map(distributions.values()),
            notices=tuple(self._notices),
            **facts,
        )

    def _one(self, candidates: Sequence[_Candidate]) -> Distribution:
        """Return one of several entries of one name: the one whose markers hold here, else the newest, else the first.

        Entries without markers follow sys.path: the first wins; but what pip put there comes before what conda did,
        whose numbers of a package by another name may be no release of the distribution.
        """
        first = candidates[0].distribution
        versions = list(dict.fromkeys(candidate.distribution.version for candidate in candidates))
        if len(versions) == 1:
            return first
        said = " and ".join(version or "an unknown version" for version in versions)
        by_pip = [each for each in candidates if each.distribution.installer != "conda"]
        if 0 < len(by_pip) < len(candidates) and not any(candidate.markers for candidate in candidates):
            chosen = by_pip[0].distribution
            said_so = f"{chosen.name} is there as {said}: pip's {chosen.version or 'without a version'} counts"
            self.notice(said_so, by_pip[0].line)
            return chosen
        if not any(candidate.markers for candidate in candidates):
            self.notice(f"{first.name} is there as {said}: the first one counts", candidates[1].line)
            return first
        index, reason = choose([(c.distribution.version, c.markers) for c in candidates])
        chosen = candidates[index].distribution
        self.notice(f"{first.name} is locked as {said}: {chosen.version} is taken, {reason}", candidates[index].line)
        return chosen

    def _notice_origins(self, distributions: Sequence[Distribution]) -> None:
        """Tell which distributions did not come from an index, and which have no version."""
        editable = [d.name for d in distributions if d.editable]
        direct = [d.name for d in distributions if d.direct_url and not d.editable]
        unknown = [d.name for d in distributions if not d.version]
        for names, said in (
            (editable, "editable (a checkout, not from an index)"),
            (direct, "installed from a file or a URL, not from an index"),
            (unknown, "without a version"),
        ):
            if names:
                self.notice(f"{said}: {shortened(names, SHOWN)}")


def import_map(distributions: Iterable[Distribution]) -> dict[str, tuple[str, ...]]:
    """Return, for each top-level import name, the normalized names of the distributions that provide it."""
    found: dict[str, list[str]] = {}
    for distribution in distributions:
        for module in distribution.import_names:
            found.setdefault(module, []).append(distribution.name)
    return {module: tuple(sorted(names)) for module, names in sorted(found.items())}
