"""What a distribution weighs, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from podfit.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Weight:
    """What one distribution costs; None stands for what nobody could tell.

    download are the bytes of its file, disk the bytes of its installed files without compiled byte code, files their
    number.
    """

    download: int | None
    disk: int | None
    files: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class About:
    """What a release's core metadata say of its purpose: Summary, Classifier and Keywords, as they stand."""

    summary: str
    classifiers: tuple[str, ...]
    keywords: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Total:
    """The weight of a set of distributions: their number, bytes to fetch, bytes and files on disk.

    unweighed are the names of those whose weight is unknown, in part or in whole; they count with what is known.
    """

    count: int
    download: int
    disk: int
    files: int
    unweighed: tuple[str, ...] = ()


def total(weights: dict[str, Weight | None]) -> Total:
    """Return the weight of distributions together; None stands for one that nobody weighed."""
    known = [weight for weight in weights.values() if weight is not None]
    missing = [
        name for name, weight in sorted(weights.items()) if weight is None or None in (weight.download, weight.disk)
    ]
    return Total(
        len(weights),
        sum(weight.download or 0 for weight in known),
        sum(weight.disk or 0 for weight in known),
        sum(weight.files or 0 for weight in known),
        tuple(missing),
    )
