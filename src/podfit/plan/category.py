"""What a distribution is for, as far as a training run is concerned: from the curated table, else its metadata."""

from __future__ import annotations

from podfit.catalogue.categories import (
    OTHER,
    TRANSITIVE,
    Category,
    by_classifier,
    by_keyword,
    by_name,
    is_library,
    named,
)
from podfit.model import Evidence, EvidenceKind
from podfit.model.weight import About


def category(name: str, about: About | None, required_by: tuple[str, ...]) -> Category:
    """Return the category of a distribution that a pod does not need.

    name is normalized; about is what its metadata say, None when unknown; required_by are the distributions of the same
    environment that require it. In this order: the curated table and its patterns of names; unless it is a library for
    libraries or computes, Trove classifiers, then keywords and summary; only there for others; not placed.
    """
    found = by_name(name)
    if found is None and about is not None and not is_library(name, about.classifiers):
        found = by_classifier(about.classifiers, about.evidence) or by_keyword(
            about.keywords, about.summary, about.evidence
        )
    if found is not None:
        return found
    if required_by:
        asked = ", ".join(required_by[:3]) + (" …" if len(required_by) > 3 else "")
        return named(TRANSITIVE, Evidence(EvidenceKind.METADATA, "Requires-Dist", f"required by {asked}"))
    why = "its metadata are unknown" if about is None else "neither the table nor its classifiers and keywords place it"
    return named(OTHER, Evidence(EvidenceKind.ASSUMED, "no category", why))
