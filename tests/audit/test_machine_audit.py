"""GPUs and drivers against the template's torch and CUDA, and against the code of what is added."""

from __future__ import annotations

import pytest

from podfit.audit import AUDITS, Subject, audited
from podfit.audit.binary.facts import LibraryFacts, WheelBinaries
from podfit.audit.machine import machine
from podfit.catalogue.for_gpus import runs_on, with_code_for
from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    Fact,
    Interpreter,
    Origin,
    Overlay,
    Platform,
    Release,
    Template,
    Verdict,
)
from podfit.model.facts import Driver, Facts, Gpu, Torch

SEEN = Evidence(EvidenceKind.MEASURED, "here")


def pod(
    torch: str = "2.4.1", cuda: str = "12.1", *, gpu: str = "", driver: str = "", archs: str = "", **env: str
) -> Template:
    facts = Facts(
        torch=Torch(cuda=Fact(cuda, SEEN), arch_list=Fact(tuple(archs.split()), SEEN) if archs else None),
        gpus=(Gpu(Fact(gpu, SEEN)),) if gpu else None,
        driver=Driver(Fact(driver, SEEN)) if driver else None,
    )
    found = {"torch": Distribution("torch", torch, SEEN, ())}
    return Template(
        "pod", Interpreter("3.11.9"), Platform("x86_64"), found, Origin.GIVEN, SEEN, environment=env, facts=facts
    )


def said(template: Template, binaries: dict[str, WheelBinaries] | None = None) -> list[tuple[str, str, Verdict]]:
    added = {name: Release(name, "1.0", (), "", SEEN) for name in binaries or {}}
    subject = Subject(
        template, (), Overlay({}, (), (), {}, (), ()), added, frozenset(["torch"]), binaries=binaries or {}
    )
    return [(finding.check, finding.subject, finding.verdict) for finding in machine(subject).findings]


@pytest.mark.parametrize(
    ("torch", "cuda", "gpu", "verdict"),
    [
        ("2.4.1", "12.1", "RTX 5090", Verdict.FAILED),
        ("2.8.0", "12.8", "RTX 5090", Verdict.OK),
        ("2.4.1", "12.1", "NVIDIA A100-SXM4-80GB", Verdict.OK),
        ("2.4.1", "12.1", "L4", Verdict.OK),  # 8.9 runs the code for 8.6
        ("2.15.0", "13.2", "Tesla V100-SXM2-16GB", Verdict.FAILED),
        ("2.8.0", "12.8", "V100", Verdict.OK),
        ("2.4.1+cu124", "12.4", "RTX 5090", Verdict.UNKNOWN),  # another build than the index's
        ("2.8.0", "12.8", "Mystery 9000", Verdict.UNKNOWN),
        ("2.8.0", "12.8", "GB10", Verdict.OK),
    ],
)
def test_torch_on_a_gpu(torch: str, cuda: str, gpu: str, verdict: Verdict) -> None:
    assert [each[2] for each in said(pod(torch, cuda, gpu=gpu))] == [verdict]


def test_torchs_own_list_stands_before_the_catalogue_s() -> None:
    assert said(pod(gpu="RTX 5090", archs="sm_90 sm_120")) == [("architecture", "torch", Verdict.OK)]
    assert said(pod(gpu="RTX 5090", archs="sm_80 compute_90")) == [("architecture", "torch", Verdict.OK)]
    assert said(pod(gpu="H100", archs="sm_80 sm_86")) == [("architecture", "torch", Verdict.FAILED)]


def test_what_is_added_has_code_of_its_own() -> None:
    def has(*codes: str, count: int = 1) -> dict[str, WheelBinaries]:
        return {"ext": WheelBinaries((LibraryFacts("ext.so", "x86_64", archs=codes),), (), count)}

    blackwell = pod("2.8.0", "12.8", gpu="RTX 5090")
    assert ("architecture", "ext", Verdict.FAILED) in said(blackwell, has("sm_80", "sm_90"))
    assert ("architecture", "ext", Verdict.UNKNOWN) in said(blackwell, has("sm_80", count=2))
    assert len(said(blackwell, has("sm_80", "compute_90"))) == 1
    assert len(said(blackwell, has())) == 1


@pytest.mark.parametrize(
    ("cuda", "driver", "verdict"),
    [
        ("12.4", "550.54.14", Verdict.OK),
        ("12.4", "535.104.05", Verdict.WARNING),
        ("12.4", "520.61.05", Verdict.FAILED),
        ("13.0", "570", Verdict.FAILED),
        ("13.0", "580", Verdict.OK),
        ("13.1", "580", Verdict.WARNING),
        ("19.0", "580", Verdict.UNKNOWN),
    ],
)
def test_a_driver_and_a_cuda(cuda: str, driver: str, verdict: Verdict) -> None:
    assert said(pod(cuda=cuda, driver=driver)) == [("driver", driver, verdict)]


REQUIRED = "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=535,driver<536"


@pytest.mark.parametrize(
    ("driver", "verdict"),
    [("550", Verdict.OK), ("570.86.10", Verdict.OK), ("535.104.05", Verdict.WARNING), ("525.60.13", Verdict.FAILED)],
)
def test_what_an_image_wants_of_the_driver(driver: str, verdict: Verdict) -> None:
    found = said(pod(cuda="12.1", driver=driver, NVIDIA_REQUIRE_CUDA=REQUIRED))
    assert found[-1] == ("driver", "NVIDIA_REQUIRE_CUDA", verdict)


def test_without_a_machine_nothing_is_said_and_the_audit_is_one_of_all() -> None:
    assert said(pod()) == []
    subject = Subject(pod(gpu="RTX 5090"), (), Overlay({}, (), (), {}, (), ()), {}, frozenset())
    assert any(finding.code == "PF117" for finding in audited(subject, AUDITS).findings)


def test_a_gpu_that_torch_has_no_code_for_leads_to_templates_that_do() -> None:
    template = pod("2.4.1", "12.1", gpu="RTX 5090")
    subject = Subject(template, (), Overlay({}, (), (), {}, (), ()), {}, frozenset(["torch"]), code_for=with_code_for)
    (finding,) = machine(subject).findings
    names = with_code_for("12.0")
    assert len(names) == 3 and all(runs_on(name, "12.0") for name in names)
    assert f"(-t {names[0]}; podfit recommend --gpu 12.0)" in finding.remedy
