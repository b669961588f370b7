"""Which CUDA a template is built for: the one place that decides, with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from podfit.model.evidence import Evidence, EvidenceKind
from podfit.model.facts import Fact
from podfit.model.requirement import Markers

if TYPE_CHECKING:
    from podfit.model.template import Template

_LABEL = re.compile(r"\+(?:.*[._-])?(?:cu(\d+)(\d)|cpu|rocm[\d.]*|xpu)(?:$|[._-])")
"""torch's local versions: `+cu124` is CUDA 12.4, `+cpu`, `+rocm6.2` and `+xpu` are builds without CUDA."""

_RUNTIME = re.compile(r"nvidia-cuda-runtime(?:-cu\d+)?|cuda-toolkit")
"""NVIDIA's distributions whose version is that of the CUDA they belong to (`12.4.127` is CUDA 12.4): libcudart, and
the one that names the exact versions of all libraries of a release."""

_VARIABLE = "CUDA_VERSION"
"""NVIDIA's CUDA images set it to the toolkit's version (gitlab.com/nvidia/container-images/cuda)."""


def torch_cuda(template: Template) -> Fact[str] | None:
    """Return the CUDA that the template's torch was built for (`12.4`), empty for a build without, None if unknown.

    Asked in this order: what torch's own files say, its local version (`2.4.0+cu124`), the CUDA runtime that its
    metadata requires exactly, the CUDA runtime installed beside it (unless its metadata names none).
    """
    torch = template.facts.torch
    if torch is not None and torch.cuda is not None:
        return _series(torch.cuda)
    distribution = template.distributions.get("torch")
    if distribution is None:
        return None
    label = _LABEL.search(distribution.version)
    if label:
        value = f"{label[1]}.{label[2]}" if label[1] else ""
        return Fact(value, Evidence(EvidenceKind.METADATA, f"torch {distribution.version}", "its local version"))
    stated = distribution.requires_dist
    named = [a for a in Markers(template.marker_environment).active(stated or ()) if _RUNTIME.fullmatch(a.target)]
    for asked in named:
        for specifier in asked.requirement.specifier:
            if specifier.operator in ("==", "==="):
                evidence = Evidence(
                    EvidenceKind.METADATA, f"torch {distribution.version} METADATA", f"Requires-Dist: {asked.short}"
                )
                return _series(Fact(specifier.version, evidence))
    return next(_runtimes(template), None) if named or stated is None else None


def cuda_version(template: Template) -> Fact[str] | None:
    """Return the CUDA of template as `major.minor`, None when nothing tells.

    That of its torch (`torch_cuda`) comes first. Where torch is absent or built without CUDA, or says nothing: the
    toolkit, the runtime library, NVIDIA's runtime distribution, the image's CUDA_VERSION.
    """
    built = torch_cuda(template)
    if built is not None and built.value:
        return built
    cuda = template.facts.cuda
    for fact in (cuda.toolkit, cuda.cudart) if cuda is not None else ():
        if fact is not None and fact.value:
            return _series(fact)
    for found in _runtimes(template):
        return found
    stated = re.match(r"\d+\.\d+", template.environment.get(_VARIABLE, ""))
    if stated:
        evidence = template.evidence
        said = f"{_VARIABLE}={template.environment[_VARIABLE]}"
        return Fact(stated[0], Evidence(evidence.kind, evidence.source, said))
    return None


def _runtimes(template: Template) -> Iterator[Fact[str]]:
    """Yield the CUDA of each of NVIDIA's runtime distributions in the template, the highest first."""
    found = [d for name, d in template.distributions.items() if _RUNTIME.fullmatch(name) and d.version]
    for distribution in sorted(found, key=lambda d: _numbers(d.version), reverse=True):
        source = f"{distribution.name} {distribution.version}"
        yield _series(Fact(distribution.version, Evidence(EvidenceKind.METADATA, source, "a distribution there")))


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, to compare."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _series(fact: Fact[str]) -> Fact[str]:
    """Return a version's first two numbers; what was cut is kept in the evidence's detail."""
    found = re.match(r"\d+\.\d+", fact.value)
    if found is None or found[0] == fact.value:
        return fact
    detail = fact.evidence.detail or fact.value
    return Fact(found[0], Evidence(fact.evidence.kind, fact.evidence.source, detail))
