"""What torch's releases on the package index were built for: CUDA, GPUs, NumPy (torch_builds.toml)."""

from __future__ import annotations

from functools import cache

import msgspec
from packaging.version import InvalidVersion, Version

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind
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
