"""What has to agree between a plan and the machine before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podfit.model import Action, Evidence, EvidenceKind, Finding, Gpu, Plan, Template, Verdict
from podfit.model.cuda import torch_cuda
from podfit.model.words import shortened
from podfit.plan.recheck import fits_target

_NAMED = 8
"""How many distributions one sentence lists."""


def check(plan: Plan, reality: Template, *, unasked: bool = False) -> list[Finding]:
    """Return findings about the plan on the machine that reality describes; FAILED ones forbid to go on.

    unasked tells that the environment itself is to change, and that nobody allowed it for one of the system's.
    """
    managed = _managed(reality) if unasked else ()
    judged = (_interpreter(plan, reality), _wheels(plan, reality), _drift(plan, reality), _gpu(plan, reality))
    return [*managed, *(finding for findings in judged for finding in findings)]


def _managed(reality: Template) -> Iterator[Finding]:
    """Yield a failure for a Python into which nothing may be installed (PEP 668)."""
    if reality.interpreter.externally_managed:
        yield Finding(
            "interpreter",
            "python",
            Verdict.FAILED,
            "this Python is managed by the operating system (EXTERNALLY-MANAGED, PEP 668)",
            _probed(reality, reality.interpreter.executable),
            "use an overlay (the default), or add --break-system-packages",
        )


def _probed(reality: Template, detail: str = "") -> Evidence:
    """Return the evidence for what the probe saw."""
    return Evidence(EvidenceKind.MEASURED, reality.evidence.source, detail)


def _interpreter(plan: Plan, reality: Template) -> Iterator[Finding]:
    """Yield what differs in Python and machine: wheels are built for both."""
    planned, found = plan.template.interpreter, reality.interpreter
    if (planned.series, planned.implementation) != (found.series, found.implementation):
        yield Finding(
            "interpreter",
            "python",
            Verdict.FAILED,
            f"the plan is for {planned.implementation} {planned.series}, the environment has "
            f"{found.implementation} {found.version}",
            _probed(reality, found.executable),
            "give another interpreter with --python, or plan for this one: podfit probe -o T.json, podfit fit "
            "--template T.json",
        )
    if plan.template.platform.machine != reality.platform.machine:
        yield Finding(
            "interpreter",
            "machine",
            Verdict.FAILED,
            f"the plan is for {plan.template.platform.machine}, the machine is {reality.platform.machine}",
            _probed(reality),
            "plan for this machine",
        )


def _wheels(plan: Plan, reality: Template) -> Iterator[Finding]:
    """Yield the planned wheels that the interpreter would not accept."""
    target = reality.target
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        files = plan.artefacts.get(decision.name, ())
        if files and not any(file.kind != "wheel" or fits_target(file.filename, target) for file in files):
            yield Finding(
                "wheels",
                decision.name,
                Verdict.FAILED,
                f"{files[0].filename} does not fit the environment ({target})",
                _probed(reality, "the wheel tags that the interpreter accepts"),
                "plan for this machine: podfit probe -o T.json, podfit fit --template T.json",
            )


def _drift(plan: Plan, reality: Template) -> Iterator[Finding]:
    """Yield what the environment has otherwise than the plan's template."""
    decisions = {decision.name: decision for decision in plan.decisions}
    other: list[str] = []
    for name, expected in sorted(plan.template.distributions.items()):
        found = reality.distributions.get(name)
        version = found.version if found else ""
        decision = decisions.get(name)
        done = decision is not None and decision.action is Action.CHANGE and version == decision.planned
        if version == expected.version or done or not expected.version:
            continue
        if decision is not None and decision.held:
            yield Finding(
                "drift",
                name,
                Verdict.FAILED,
                f"{name} must stay {expected.version}, and the environment has {version or 'none'}",
                _probed(reality),
                "plan for the environment as it is: podfit probe -o T.json, podfit fit --template T.json",
            )
        else:
            other.append(f"{name} {version or 'is missing'} (planned for {expected.version})")
    planned = {d.name: d.planned for d in plan.with_action(Action.INSTALL)}
    for name in sorted(reality.distributions.keys() - plan.template.distributions.keys()):
        version = reality.distributions[name].version
        if version != planned.get(name):
            other.append(f"{name} {version} (unknown to the plan)")
    if other:
        yield Finding(
            "drift",
            "template",
            Verdict.WARNING,
            f"the environment differs from the plan's template: {shortened(other, _NAMED)}",
            _probed(reality),
            "nothing held is among it; for a plan that knows this environment, probe it and run podfit fit again",
        )


def _gpu(plan: Plan, reality: Template) -> Iterator[Finding]:
    """Yield what GPU and driver say against the template's torch, as far as the probe saw them."""
    known = reality if reality.facts.torch is not None else plan.template
    cuda, gpus = torch_cuda(known), reality.facts.gpus
    if gpus is None or cuda is None or not cuda.value:
        return
    if not gpus:
        text = f"there is no GPU, and torch is built for CUDA {cuda}: it will compute on the CPU"
        yield Finding("gpu", "gpu", Verdict.WARNING, text, _probed(reality, "no device was found"))
        return
    arch_list = known.facts.torch.arch_list if known.facts.torch is not None else None
    built = arch_list.value if arch_list is not None else ()
    for gpu in gpus:
        if gpu.compute_capability and built and not _runs(str(gpu.compute_capability), built):
            text = f"torch has no code for {gpu.name or 'the GPU'} (compute capability {gpu.compute_capability})"
            yield Finding("gpu", "torch", Verdict.WARNING, text, _probed(reality, "built for " + " ".join(built)))
    planned = plan.template.facts.gpus or ()
    expected = {str(gpu.compute_capability) for gpu in planned if gpu.compute_capability}
    present = {str(gpu.compute_capability) for gpu in gpus if gpu.compute_capability}
    if expected and present and expected != present:
        text = f"the plan was made for {_gpu_names(planned)}, the machine has {_gpu_names(gpus)}"
        yield Finding("gpu", "gpu", Verdict.WARNING, text, _probed(reality))
    driver = reality.facts.driver.cuda if reality.facts.driver is not None else None
    if driver is not None and _major(driver.value) < _major(cuda.value):
        text = f"the driver supports CUDA up to {driver}, and torch is built for {cuda}"
        # Within one major version any driver of that version's family runs: NVIDIA, "CUDA Compatibility", minor
        # version compatibility.
        yield Finding("gpu", "driver", Verdict.WARNING, text, _probed(reality), "choose a machine with a newer driver")


def _gpu_names(gpus: Sequence[Gpu]) -> str:
    """Return the names of GPUs as a list for people."""
    return ", ".join(str(gpu.name or "?") for gpu in gpus)


def _major(version: str) -> int:
    """Return the first number of a version, 0 when there is none."""
    head = version.partition(".")[0]
    return int(head) if head.isdigit() else 0


def _runs(capability: str, built: Sequence[str]) -> bool:
    """Tell whether code for one of built runs on a GPU of this compute capability.

    sm_XY runs on the same major version from minor Y on, compute_XY (PTX) on everything newer: CUDA C++ Programming
    Guide, "Application Compatibility".
    """
    major, _, minor = capability.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        return True
    own = (int(major), int(minor))
    for text in built:
        kind, _, digits = text.partition("_")
        digits = digits.rstrip("af")
        if not digits.isdigit():
            continue
        code = (int(digits[:-1]), int(digits[-1]))
        if (kind == "sm" and code[0] == own[0] and code <= own) or (kind == "compute" and code <= own):
            return True
    return False
