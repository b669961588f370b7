"""Open questions about imports: a module that no distribution is known for, where it is imported, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podfit.catalogue.imports import Unpublished
from podfit.model import Evidence, EvidenceKind, Finding, Grade, ImportSite, OpenQuestion, Verdict
from podfit.needs.asked import Asked
from podfit.needs.providers import Unknown

SHOWN = 5
"""Import sites that a question lists."""


def about_module(
    top: str, unknown: Unknown, sites: Sequence[ImportSite], missing: Mapping[str, str]
) -> OpenQuestion | Finding:
    """Return the open question about a module without a known distribution; a mere finding where code survives it.

    sites are the imports of the module; missing names the git submodules that were not checked out, each with its
    place.
    """
    first = min(sites, key=lambda site: (list(Grade).index(site.grade), site.path, site.line))
    evidence = Evidence(EvidenceKind.METADATA, str(first), statement(first))
    if all(site.grade is Grade.GUARDED for site in sites):
        return Finding("imports", top, Verdict.OK, unknown.reason, evidence)
    if unknown.hosted:
        return Finding("imports", top, Verdict.WARNING, unknown.reason, evidence)
    submodule = _submodule(top.lower(), missing)
    if submodule:
        reason, remedy = f"its git submodule is empty ({submodule})", "run `git submodule update --init` and fit again"
    else:
        reason = unknown.reason
        remedy = unknown.remedy or f"declare the distribution that provides {top}, or leave the file out (--exclude)"
    rest = [site for site in sites if site != first][: SHOWN - 1]
    places = (evidence, *(Evidence(EvidenceKind.METADATA, str(site), statement(site)) for site in rest))
    return OpenQuestion(top, f"{first} imports it {_how(first.grade)}: {reason}", places, remedy)


def _submodule(top: str, missing: Mapping[str, str]) -> str:
    """Return the place of the empty submodule that a module is in: one of its name, else the only one named after it.

    A repository says more in its name than the module does: depth-diff-gaussian-rasterization, simple-knn-pytorch.
    """
    if top in missing:
        return missing[top]
    places = {place for name, place in missing.items() if name.endswith(f"_{top}") or name.startswith(f"{top}_")}
    return places.pop() if len(places) == 1 else ""


def about_offer(name: str, offered: Asked, sites: Sequence[ImportSite]) -> OpenQuestion:
    """Return the question whether a distribution is wanted that only optional imports use and an address provides."""
    evidence = tuple(Evidence(EvidenceKind.METADATA, str(site), statement(site)) for site in sites[:SHOWN])
    message = f"only {sites[0]} imports it, {sites[0].grade.value}; {offered.parts[0][0].where} installs {offered.url}"
    return OpenQuestion(name, message, (*evidence, *offered.evidence), "--include-optional plans it")


def about_another(other: Unpublished, asked: Asked) -> OpenQuestion:
    """Return the question about a name that on the index is another project's than the code imports."""
    first = asked.parts[0][0]
    message = f"{first.where} asks for {first.requirement}, and the code imports {other.module}, which {other.reason}"
    remedy = (
        f"declare its address with a commit: {other.url}"
        if other.url
        else "declare what is meant, or install it by hand"
    )
    return OpenQuestion(asked.name, message, asked.evidence, remedy)


def statement(site: ImportSite) -> str:
    """Return an import as Python text; what names were bound to is not kept, so `as` is left out."""
    text = f"from {site.module} import {', '.join(site.names)}" if site.names else f"import {site.module}"
    return f"{text} ({site.reason})" if site.optional else text


def _how(grade: Grade) -> str:
    """Return where an import stands, for the middle of a sentence."""
    return "lazily" if grade is Grade.FUNCTION else grade.value
