"""What is known of a template beside its distributions, each value with its evidence (docs/template-manifest.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from podfit.model.evidence import Evidence

Value = TypeVar("Value")


class Fact(msgspec.Struct, Generic[Value], frozen=True):
    """One value and where it came from. A fact that nobody knows is None in its place, never a Fact."""

    value: Value
    evidence: Evidence

    def __str__(self) -> str:
        """Return the value as text, without its evidence."""
        return str(self.value)


class Torch(msgspec.Struct, frozen=True):
    """The template's torch as it was built.

    version is its `__version__`. cuda and hip are the CUDA and ROCm it was built for (`12.4`), empty text where it is
    known to be built without. arch_list are the GPU architectures with code in it (`sm_90`, `compute_90`). cxx11_abi
    tells whether its C++ exports take GCC 5's std::string, numpy_abi (1 or 2) is the generation of the NumPy headers
    it was compiled with. more holds the manifest's further keys.
    """

    version: Fact[str] | None = None
    cuda: Fact[str] | None = None
    hip: Fact[str] | None = None
    arch_list: Fact[tuple[str, ...]] | None = None
    cxx11_abi: Fact[bool] | None = None
    numpy_abi: Fact[int] | None = None
    more: Mapping[str, Any] = {}


class Cuda(msgspec.Struct, frozen=True):
    """The CUDA software of the template: exact versions, and the version of each library by its path.

    more holds the manifest's further keys.
    """

    toolkit: Fact[str] | None = None
    cudart: Fact[str] | None = None
    cudnn: Fact[str] | None = None
    nccl: Fact[str] | None = None
    libraries: Fact[Mapping[str, str]] | None = None
    more: Mapping[str, Any] = {}


class Gpu(msgspec.Struct, frozen=True):
    """One GPU. compute_capability is `9.0`; memory_bytes is what it has in all. more holds further keys."""

    name: Fact[str] | None = None
    compute_capability: Fact[str] | None = None
    memory_bytes: Fact[int] | None = None
    more: Mapping[str, Any] = {}


class Driver(msgspec.Struct, frozen=True):
    """The NVIDIA driver: its version, and the highest CUDA it supports (`12.8`). more holds further keys."""

    version: Fact[str] | None = None
    cuda: Fact[str] | None = None
    more: Mapping[str, Any] = {}


class System(msgspec.Struct, frozen=True):
    """The system below Python. os is its release (`ubuntu 22.04`).

    libraries are the names that the loader finds by themselves (`libGL.so.1`), packages those of the system's manager
    with their versions: each list is whole, so that what is not in it is absent. installs are packages that are known
    to be there beside others that nobody listed. more holds the manifest's further keys.
    """

    os: Fact[str] | None = None
    libraries: Fact[tuple[str, ...]] | None = None
    packages: Fact[Mapping[str, str]] | None = None
    installs: Fact[tuple[str, ...]] | None = None
    more: Mapping[str, Any] = {}


class Disk(msgspec.Struct, frozen=True):
    """One mounted disk that can be written to; its evidence is the one of the manifest.

    Sizes are in bytes. persistent tells whether what is written outlives the container, None where nothing tells;
    reason is a sentence on that. more holds further keys.
    """

    mount: str
    filesystem: str = ""
    total_bytes: int = 0
    free_bytes: int = 0
    persistent: bool | None = None
    reason: str = ""
    more: Mapping[str, Any] = {}


class PipSettings(msgspec.Struct, frozen=True):
    """What `pip config list` would show: settings by key, with the evidence of the reading."""

    settings: Mapping[str, str]
    evidence: Evidence


class Probe(msgspec.Struct, frozen=True):
    """The run of the probe: podfit's version there, its duration in seconds, and what could not be read."""

    version: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}


class Facts(msgspec.Struct, frozen=True):
    """The facts of one template. None: nobody looked; empty: somebody looked and there is none.

    pip_constraints are the lines of the files that pip's settings name as constraints, by path. more holds the keys of
    the manifest that podfit does not know, so that rewriting a manifest loses nothing.
    """

    torch: Torch | None = None
    cuda: Cuda | None = None
    gpus: tuple[Gpu, ...] | None = None
    driver: Driver | None = None
    disks: tuple[Disk, ...] | None = None
    system: System | None = None
    pip_config: PipSettings | None = None
    pip_constraints: Mapping[str, tuple[str, ...]] | None = None
    probe: Probe | None = None
    more: Mapping[str, Any] = {}
