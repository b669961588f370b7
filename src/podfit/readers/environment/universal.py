"""Lock files for all platforms: which of several locked versions this machine would have."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import InvalidVersion, Version


def choose(candidates: Sequence[tuple[str, Sequence[str]]]) -> tuple[int, str]:
    """Return the index of the version to take and the reason as a clause.

    candidates are versions with their markers (PEP 508), of which one has to hold; none at all means everywhere. The
    markers are evaluated for this machine and the Python that runs podfit, which is where the lock was used, as far
    as podfit can know. If not exactly one version fits, the newest of the fitting ones (or of all) is taken.
    """
    fitting = [i for i, (_, markers) in enumerate(candidates) if not markers or any(_holds(m) for m in markers)]
    if len({candidates[i][0] for i in fitting}) == 1:
        return fitting[0], "which is the one for this machine and its Python"
    pool = fitting or range(len(candidates))
    return max(pool, key=lambda i: (_order(candidates[i][0]), -i)), "the newest of those that may apply"


def _holds(marker: str) -> bool:
    """Tell whether marker holds here; one that cannot be read does not."""
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    try:
        return Marker(marker).evaluate({"extra": ""})
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, KeyError, RecursionError):
        return False


def _order(version: str) -> tuple[int, Version]:
    """Return a key that sorts versions, those that PEP 440 does not know below all others."""
    try:
        return 1, Version(version)
    except InvalidVersion:
        return 0, Version("0")
