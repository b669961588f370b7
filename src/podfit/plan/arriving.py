"""PF119: which CUDA build goes onto a template that has none of its kind, and how large it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from podfit.audit import Subject
from podfit.catalogue.drivers import least_driver
from podfit.catalogue.held import is_held
from podfit.catalogue.shown import held_rank
from podfit.model import Artefact, Distribution, Evidence, EvidenceKind, Fact, Facts, Finding, Template, Verdict
from podfit.model.cuda import cuda_version, torch_cuda

_GB, _MB = 10**9, 10**6


def arriving(subject: Subject, artefacts: Mapping[str, Sequence[Artefact]]) -> Iterator[Finding]:
    """Yield one finding where the plan brings what a template usually has and this one lacks: torch and its libraries.

    Which build that is, is up to the index that serves it and not to the template: for which CUDA, which driver it asks
    for, how many distributions and bytes come along. Nothing is said where the template has one of that rank.
    """
    template = subject.template
    new = {
        name: release
        for name, release in subject.added.items()
        if name not in template.distributions and is_held(name, release.version)
    }
    lead = min(new, key=lambda name: (held_rank(name), name), default="")
    if not lead or any(held_rank(name) <= held_rank(lead) for name in template.distributions):
        return
    cuda = _cuda_of(subject, new)
    said = f"{lead} {new[lead].version} goes onto a template that has none"
    evidence = Evidence(EvidenceKind.METADATA, f"{lead} {new[lead].version}", "the build that the index serves")
    if cuda is None:
        said += "; for which CUDA it is built is not known"
    elif not cuda.value:
        said += "; it is a build without CUDA"
    else:
        evidence = cuda.evidence
        said += f": the build for CUDA {cuda}{_driver(str(cuda))}"
        there = template.cuda
        if there is not None and there.value != cuda.value:
            said += f", where the template's CUDA is {there}"
    yield Finding(
        "accelerator",
        lead,
        Verdict.WARNING,
        f"{said}; {_size(new, artefacts)}",
        evidence,
        f"a template that has {lead}, or the index of the build that you want (--extra-index-url)",
    )


def _cuda_of(subject: Subject, new: Mapping[str, object]) -> Fact[str] | None:
    """Return the CUDA of what is new, told as a template's is: local versions, requirements, NVIDIA's runtime."""
    evidence = Evidence(EvidenceKind.METADATA, "the plan")
    found = {
        name: Distribution(name, release.version, evidence, requires_dist=release.requires_dist)
        for name, release in subject.added.items()
        if name in new
    }
    bare: Template = replace(subject.template, distributions=found, facts=Facts(), environment={})
    return torch_cuda(bare) or cuda_version(bare)


def _driver(cuda: str) -> str:
    """Return which driver a CUDA asks for, in brackets; empty where nobody knows."""
    known = least_driver(cuda)
    return f" (it asks for NVIDIA driver {known.least} or newer)" if known is not None else ""


def _size(new: Mapping[str, object], artefacts: Mapping[str, Sequence[Artefact]]) -> str:
    """Return how many distributions come along and what they weigh, as far as the index says."""
    sizes = [artefacts[name][0].size if artefacts.get(name) else 0 for name in new]
    total = sum(sizes)
    weight = f"{total / _GB:.1f} GB" if total >= _GB else f"{total / _MB:.0f} MB"
    unknown = sizes.count(0)
    more = f", and {unknown} whose size the index does not tell" if unknown else ""
    count = len(new)
    return f"{count} distribution{'s' * (count != 1)} of its kind, {weight} to download{more}"
