"""PF119: the CUDA build that goes onto a template without one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from podfit.audit import Subject
from podfit.model import (
    Artefact,
    Evidence,
    EvidenceKind,
    Finding,
    Interpreter,
    Origin,
    Overlay,
    Platform,
    Release,
    Template,
    Verdict,
)
from podfit.model.distribution import Distribution
from podfit.plan.arriving import arriving

SEEN = Evidence(EvidenceKind.METADATA, "a test")
LINUX = ' ; platform_system == "Linux"'


def template(environment: Mapping[str, str] | None = None, **versions: str) -> Template:
    return Template(
        name="bare",
        interpreter=Interpreter("3.12.3"),
        platform=Platform(),
        distributions={name: Distribution(name, version, SEEN) for name, version in versions.items()},
        origin=Origin.PUBLISHED,
        evidence=SEEN,
        environment=environment or {},
    )


def found(bare: Template, sizes: Mapping[str, int], **added: tuple[str, ...]) -> list[Finding]:
    """Return the findings for what is added: `name=("version", *requirements)`; sizes are bytes by name."""
    releases = {}
    for key, (version, *lines) in added.items():
        name = key.replace("_", "-")
        releases[name] = Release(name, version, tuple(lines), "", SEEN)
    subject = Subject(bare, (), Overlay({}, (), (), {}, (), ()), releases, frozenset())
    files = {name: (Artefact("x.whl", "https://x/x.whl", (), "wheel", size),) for name, size in sizes.items()}
    return list(arriving(subject, files))


TORCH = ("2.9.1", "filelock", f"nvidia-cuda-runtime-cu12==12.8.90{LINUX}")


def test_the_build_its_cuda_its_driver_and_its_size() -> None:
    (said,) = found(
        template(numpy="2.0.2"),
        {"torch": 900_000_000, "nvidia-cuda-runtime-cu12": 1_900_000_000, "filelock": 5},
        torch=TORCH,
        nvidia_cuda_runtime_cu12=("12.8.90",),
        filelock=("3.20",),
    )
    assert (said.check, said.subject, said.verdict) == ("accelerator", "torch", Verdict.WARNING)
    assert said.message == (
        "torch 2.9.1 goes onto a template that has none: the build for CUDA 12.8 (it asks for NVIDIA driver 525.60.13 "
        "or newer); 2 distributions of its kind, 2.8 GB to download"
    )
    assert "Requires-Dist: nvidia-cuda-runtime-cu12==12.8.90" in str(said.evidence)
    assert "a template that has torch" in said.remedy


def test_a_template_for_another_cuda_is_named() -> None:
    (said,) = found(template({"CUDA_VERSION": "13.0.1"}), {"torch": 1_000_000}, torch=TORCH)
    assert ", where the template's CUDA is 13.0; " in said.message
    assert "1 distribution of its kind, 1 MB to download" in said.message


@pytest.mark.parametrize(
    ("torch", "words"),
    [
        (("2.9.1+cpu",), "it is a build without CUDA"),
        (("2.9.1+cu126",), "the build for CUDA 12.6"),
        (("2.9.1",), "for which CUDA it is built is not known"),
    ],
)
def test_what_is_known_of_its_cuda(torch: tuple[str, ...], words: str) -> None:
    (said,) = found(template(), {}, torch=torch)
    assert words in said.message
    assert "0 MB to download, and 1 whose size the index does not tell" in said.message


def test_an_image_of_another_framework_lacks_it_too() -> None:
    (said,) = found(template(tensorflow="2.21.0"), {}, torch=TORCH)
    assert said.subject == "torch"


@pytest.mark.parametrize("there", ["torch", "torchvision"])
def test_nothing_is_said_where_the_template_has_it(there: str) -> None:
    bare = template(**{"torch": "2.9.1", there: "1.0"})
    assert found(bare, {}, xformers=("0.0.33", "torch==2.9.1"), nvidia_nccl_cu12=("2.27",)) == []


def test_nothing_is_said_where_nothing_of_the_kind_comes() -> None:
    assert found(template(), {}, pandas=("2.3",)) == []
