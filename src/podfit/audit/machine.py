"""The machine that a template is to run on: its GPU against the code that is there, its driver against CUDA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from podfit.audit.interface import Audited, Subject
from podfit.catalogue.drivers import Support, least_driver, newest_cuda, support
from podfit.catalogue.gpus import gpu_named, rule_evidence, runs
from podfit.catalogue.torch_builds import torch_archs
from podfit.model import Evidence, EvidenceKind, Fact, Finding, Template, Verdict
from podfit.model.facts import Gpu

_REQUIRED = "NVIDIA_REQUIRE_CUDA"
"""What NVIDIA's container runtime holds against the driver before it starts an image."""

_CUDA = "CUDA_VERSION"
"""The variable in which NVIDIA's base images name their CUDA."""


def machine(subject: Subject) -> Audited:
    """Judge the template's GPUs and driver, as probed or as somebody names them; nothing where none is known."""
    return Audited((*_gpus(subject), *_driver(subject.template)))


def image_on(variables: Mapping[str, str], driver: str) -> tuple[Finding, ...]:
    """Return what a driver means for an image of which no more than its environment variables is known.

    Looked at are CUDA_VERSION, as NVIDIA's base images set it, and NVIDIA_REQUIRE_CUDA.
    """
    cuda = re.match(r"[0-9]+\.[0-9]+", variables.get(_CUDA, ""))
    required = variables.get(_REQUIRED, "")
    found = [_cuda_on(driver, cuda[0])] if cuda else []
    return (*found, *((_required_on(driver, required, None),) if required.strip() else ()))


def capability(gpu: Gpu) -> Fact[str] | None:
    """Return a GPU's compute capability: as it says itself, else by its name."""
    if gpu.compute_capability is not None:
        return gpu.compute_capability
    known = gpu_named(gpu.name.value) if gpu.name is not None else None
    return None if known is None else Fact(known.capability, known.evidence)


def _gpus(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for torch on each kind of GPU, and one for each added release whose own code does not run."""
    template = subject.template
    torch = template.distributions.get("torch")
    known: dict[tuple[str, str], Evidence] = {}
    for gpu in template.facts.gpus or ():
        there = capability(gpu)
        name = gpu.name.value if gpu.name is not None else f"compute capability {there}"
        if there is None:
            told = Evidence(EvidenceKind.ASSUMED, "its compute capability is not known")
            yield Finding("architecture", name, Verdict.UNKNOWN, f"which code runs on {name} is not known", told)
        else:
            known[name, there.value] = there.evidence
    archs = torch_archs(template) if torch is not None else None
    for (name, number), _ in known.items():
        called = name if name.endswith(number) else f"{name} (compute capability {number})"
        if torch is not None and template.cuda is not None and template.cuda.value:
            yield _torch_on(called, number, subject, archs)
        yield from _added_on(subject, called, number)


def _torch_on(gpu: str, number: str, subject: Subject, archs: Fact[tuple[str, ...]] | None) -> Finding:
    """Return whether torch runs on a GPU."""
    torch = subject.template.distributions["torch"].version
    if archs is None:
        told = Evidence(EvidenceKind.ASSUMED, "nobody read the list of this build")
        text = f"whether torch {torch} has code for {gpu} is not known: probe the template"
        return Finding("architecture", "torch", Verdict.UNKNOWN, text, told, "`podfit probe` reads torch's own list")
    listed = " ".join(archs.value)
    evidence = Evidence(archs.evidence.kind, archs.evidence.source, listed)
    if runs(number, archs.value):
        return Finding("architecture", "torch", Verdict.OK, f"torch {torch} has code for {gpu}", evidence)
    text = f"torch {torch} does not run on {gpu}: it has code for {listed or 'no GPU'} alone"
    return Finding("architecture", "torch", Verdict.FAILED, text, evidence, _instead(number, subject.code_for(number)))


def _instead(number: str, names: Sequence[str]) -> str:
    """Return what to take in the place of a template whose torch has no code for a GPU."""
    told = f": {', '.join(names)} (-t {names[0]}; podfit recommend --gpu {number})" if names else ""
    return f"a template whose torch has code for it{told}"


def _added_on(subject: Subject, gpu: str, number: str) -> Iterator[Finding]:
    """Yield a failure for each added release that has code for GPUs, in none of its files for this one."""
    for name, release in sorted(subject.added.items()):
        binaries = subject.binaries.get(name)
        codes = sorted({code for library in binaries.libraries for code in library.archs}) if binaries else []
        if not codes or runs(number, codes) or binaries is None:
            continue
        partly = len(binaries.libraries) < binaries.count
        rule = rule_evidence()
        evidence = Evidence(
            EvidenceKind.BINARY, f"{name} {release.version}: .nv_fatbin", f"{' '.join(codes)}; {rule.source}"
        )
        text = f"{name} {release.version} has code for {', '.join(codes)} alone, and none runs on {gpu}"
        if partly:
            text += f"; {len(binaries.libraries)} of {binaries.count} files were read"
        verdict = Verdict.UNKNOWN if partly else Verdict.FAILED
        yield Finding("architecture", name, verdict, text, evidence, f"a build of {name} for that GPU, or from source")


def _driver(template: Template) -> Iterator[Finding]:
    """Yield what a driver means for the template's CUDA, and for what its image requires."""
    there = template.facts.driver
    if there is None or there.version is None:
        return
    driver = there.version.value
    cuda = template.cuda
    if cuda is not None and cuda.value:
        yield _cuda_on(driver, cuda.value)
    required = template.environment.get(_REQUIRED, "")
    if required.strip():
        yield _required_on(driver, required, there.cuda)


def _cuda_on(driver: str, cuda: str) -> Finding:
    """Return how far a driver supports a CUDA."""
    known = least_driver(cuda)
    how = support(driver, cuda)
    if known is None or how is Support.UNKNOWN:
        told = Evidence(EvidenceKind.ASSUMED, "the catalogue does not know it")
        return Finding("driver", driver, Verdict.UNKNOWN, f"which driver CUDA {cuda} needs is not known", told)
    if how is Support.NONE:
        text = f"driver {driver} is too old for CUDA {cuda}, which needs at least {known.least}"
        return Finding("driver", driver, Verdict.FAILED, text, known.least_evidence, "a machine with a newer driver")
    if how is Support.LIMITED:
        before = f" before driver {known.own}" if known.own else ""
        text = (
            f"driver {driver} runs CUDA {cuda} by minor-version compatibility; "
            f"what is compiled to PTX at run time may not load{before}"
        )
        evidence = known.own_evidence or known.least_evidence
        return Finding("driver", driver, Verdict.WARNING, text, evidence, "a machine with the newer driver")
    text = f"driver {driver} supports CUDA {cuda}"
    return Finding("driver", driver, Verdict.OK, text, known.own_evidence or known.least_evidence)


def _required_on(driver: str, required: str, supported: Fact[str] | None) -> Finding:
    """Return whether an image starts on a driver, by its NVIDIA_REQUIRE_CUDA.

    Alternatives stand between spaces, their conditions between commas (nvidia-container-cli). Of a condition on the
    brand of a GPU nothing is known here.
    """
    cuda = supported.value if supported is not None else newest_cuda(driver)
    verdicts = [_alternative(each, driver, cuda) for each in required.split()]
    evidence = Evidence(EvidenceKind.METADATA, _REQUIRED, required if len(required) < 120 else f"{required[:117]}...")
    asked = required.split()[0]
    if True in verdicts:
        return Finding("driver", _REQUIRED, Verdict.OK, f"the image starts on driver {driver}", evidence)
    if None in verdicts:
        text = f"the image wants {asked}; with driver {driver} it starts on some brands of GPUs alone"
        return Finding("driver", _REQUIRED, Verdict.WARNING, text, evidence, "a data centre GPU, or a newer driver")
    text = f"the image wants {asked} and does not start on driver {driver}, which supports CUDA {cuda or 'unknown'}"
    return Finding("driver", _REQUIRED, Verdict.FAILED, text, evidence, "a machine with a newer driver")


def _alternative(text: str, driver: str, cuda: str) -> bool | None:
    """Return whether all conditions of an alternative hold; None where it depends on what is not known."""
    unknown = False
    for condition in filter(None, text.split(",")):
        found = re.fullmatch(r"(cuda|driver)(>=|<=|<|>|=|!=)([0-9.]+)", condition)
        if found is None:
            unknown = True
            continue
        there = cuda if found[1] == "cuda" else driver
        if not there:
            unknown = True
        elif not _holds(_numbers(there), found[2], _numbers(found[3])):
            return False
    return None if unknown else True


def _holds(there: tuple[int, ...], sign: str, wanted: tuple[int, ...]) -> bool:
    """Tell whether a comparison holds, as far as the version that is there is named: 570 is not below 570.26."""
    have, want = there[: len(wanted)], wanted[: len(there)]
    return {
        ">=": have >= want,
        "<=": have <= want,
        "<": have < want,
        ">": have > want,
        "=": have == want,
        "!=": have != want,
    }[sign]


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
