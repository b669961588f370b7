"""What torch's releases were built for: CUDA, GPUs, NumPy (torch_builds.toml, torch_archs.toml)."""

from __future__ import annotations

from functools import cache

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind, Fact, Template
from podfit.model.cuda import torch_cuda
from podfit.model.versions import same_release


class TorchBuild(msgspec.Struct, frozen=True):
    """One wheel of torch: its release, machine, CUDA (`12.4`; empty for a build for the CPU), and GPU architectures.

    numpy is the generation of NumPy's headers that it was compiled with, 1 or 2; 0 where its library does not tell.
    """

    torch: str
    machine: str
    wheel: str
    cuda: str
    archs: tuple[str, ...]
    numpy: int

    @property
    def evidence(self) -> Evidence:
        """Where this was read."""
        return Evidence(
            EvidenceKind.BINARY, f"{self.wheel}: torch/lib/libtorch_python.so", stated(table("torch_builds")).source
        )


@cache
def torch_builds() -> tuple[TorchBuild, ...]:
    """Return every build of the catalogue, the oldest release first."""
    return tuple(msgspec.convert(entry, TorchBuild) for entry in table("torch_builds")["build"])


def torch_build(version: str, machine: str, cuda: str) -> TorchBuild | None:
    """Return the build of a release for a machine and a CUDA (`12.4`), None where the catalogue has none.

    Another CUDA is another build with another list, and a pre-release or a vendor's build is none of the index's.
    """
    try:
        if Version(version).is_prerelease:
            return None
    except InvalidVersion:
        return None
    return next(
        (
            build
            for build in torch_builds()
            if (build.machine, build.cuda) == (machine, cuda) and same_release(build.torch, version)
        ),
        None,
    )


def torch_archs(template: Template) -> Fact[tuple[str, ...]] | None:
    """Return the GPUs (`sm_90`) that the torch of a template has code for, None where that is not known.

    As its own files say; else as the package index's wheel of it has them, else as PyTorch publishes them of a build
    that is on its own index alone. conda's builds are neither: their lists are others.
    """
    torch = template.facts.torch
    if torch is not None and torch.arch_list is not None:
        return torch.arch_list
    there, cuda = template.distributions.get("torch"), torch_cuda(template)
    if there is None or cuda is None or not cuda.value or there.installer == "conda":
        return None
    return built_archs(there.version, template.platform.machine, cuda.value)


def built_archs(version: str, machine: str, cuda: str) -> Fact[tuple[str, ...]] | None:
    """Return the GPUs that a build of torch (`2.8.0+cu126`, x86_64, `12.6`) has code for, None where nobody says it."""
    build = torch_build(version, machine, cuda)
    if build is not None:
        return Fact(build.archs, build.evidence) if build.archs else None
    release, _, label = version.partition("+")
    if label != f"cu{cuda.replace('.', '')}":
        return None
    for entry in table("torch_archs")["published"]:
        if (entry["machine"], entry["cuda"]) == (machine, cuda) and SpecifierSet(entry["releases"]).contains(release):
            return Fact(tuple(entry["archs"]), stated(entry))
    return None
