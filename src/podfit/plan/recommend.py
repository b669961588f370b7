"""Which template suits a project best: a ranking over plans, pure, with the reason for each place.

A template that cannot run the project's code at all stands behind every one that can; of those that can, the one that
needs least comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from podfit.catalogue.drivers import Support, least_driver, support
from podfit.catalogue.gpus import KnownGpu, rule_evidence, runs
from podfit.catalogue.torch_builds import torch_archs
from podfit.model import Action, Distribution, Evidence, EvidenceKind, Need, Origin, Plan, Template
from podfit.model.cuda import torch_cuda
from podfit.model.pace import Pace
from podfit.model.weight import Total


class Answer(str, Enum):
    """What is known of a question, the best first."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


_ORDER = {answer: place for place, answer in enumerate(Answer)}

_TRUTH = {
    Origin.PROBED: 0,
    Origin.IMAGE: 0,
    Origin.PUBLISHED: 1,
    Origin.GIVEN: 2,
    Origin.RECONSTRUCTED: 3,
}
"""How true a template's list is: read there, published by the vendor, handed over, resolved again."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was asked of a template (`plan`, `gpu`, `driver`): the answer, a sentence, what it rests on."""

    asked: str
    answer: Answer
    said: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ranked:
    """One template in its place.

    points are what was asked of it; changes, installs and builds are counts, download is bytes, seconds what pace
    predicts for them. given_way are the exact pins of the project that give way to what the template holds, each a
    sentence, distance how far: 1 for a version of the same series, 2 for another. refusal is why it has no plan at all.
    """

    template: Template
    points: tuple[Point, ...]
    changes: int = 0
    installs: int = 0
    builds: int = 0
    download: int = 0
    seconds: float = 0.0
    refusal: str = ""
    given_way: tuple[str, ...] = ()
    distance: int = 0
    plan: Plan | None = None

    @property
    def fits(self) -> bool:
        """Whether nothing is known that speaks against it."""
        return all(point.answer is not Answer.NO for point in self.points)

    def key(self) -> tuple[object, ...]:
        """Return what templates are ordered by, the best first."""
        places = [_ORDER[point.answer] for point in self.points]
        return (
            sum(place == _ORDER[Answer.NO] for place in places),
            *places,
            self.distance,
            self.changes,
            self.builds,
            self.download,
            _TRUTH[self.template.origin],
            tuple(-int(number) for number in self.template.captured[:10].split("-") if number.isdigit()),
            self.template.name,
        )


def recommend(
    plans: Iterable[Plan],
    refused: Mapping[str, tuple[Template, str]],
    *,
    pace: Pace,
    gpu: KnownGpu | None = None,
    driver: str = "",
) -> tuple[Ranked, ...]:
    """Return all templates, the best first.

    refused are those without a plan, with the reason. gpu is what the project is to run on, driver the NVIDIA driver
    there (`570`); what is not given is not asked.
    """
    found = [_ranked(plan, pace, gpu, driver) for plan in plans]
    found += [
        Ranked(
            template,
            (
                Point("plan", Answer.NO, reason, Evidence(EvidenceKind.METADATA, "the solution")),
                *_machine(template, gpu, driver),
            ),
            refusal=reason,
        )
        for template, reason in refused.values()
    ]
    return tuple(sorted(found, key=Ranked.key))


def _ranked(plan: Plan, pace: Pace, gpu: KnownGpu | None, driver: str) -> Ranked:
    """Return one plan's template with what counts for its place."""
    problems = plan.problems()
    counted = f"{len(plan.needs)} needs"
    said = f"{problems[0].rstrip('.')}{' (and that is not all)' * (len(problems) > 1)}" if problems else ""
    partly = plan.template.incomplete
    known = f"only {len(plan.template.distributions)} of what is there is known: read the image or probe it before"
    point = Point(
        "plan",
        Answer.NO if problems else Answer.UNKNOWN if partly else Answer.YES,
        said or (known if partly else f"all {counted} can be had"),
        Evidence(EvidenceKind.METADATA, "the plan", counted),
    )
    added = plan.with_action(Action.INSTALL, Action.CHANGE)
    download = plan.download_bytes
    return Ranked(
        template=plan.template,
        points=(point, *_machine(plan.template, gpu, driver)),
        changes=len(plan.with_action(Action.CHANGE)),
        installs=len(plan.with_action(Action.INSTALL)),
        builds=len(plan.built_from_source),
        download=download,
        seconds=pace.seconds(Total(len(added), download, 0, 0)),
        given_way=tuple(f"{there.version} in place of {need.name}{need.specifier}" for need, there in _given_way(plan)),
        distance=sum(1 if _same_series(need.specifier, there.version) else 2 for need, there in _given_way(plan)),
        plan=plan,
    )


def _given_way(plan: Plan) -> Iterator[tuple[Need, Distribution]]:
    """Yield the needs whose exact pins give way to what the template holds (PF104), each with what is there."""
    needs = {need.name: need for need in plan.needs}
    for finding in plan.findings:
        there = plan.template.distributions.get(finding.subject)
        if finding.check == "held" and finding.subject in needs and there is not None:
            yield needs[finding.subject], there


def _same_series(specifier: str, version: str) -> bool:
    """Tell whether a pin (`==2.4.0`) is of the series of a version (`2.4.1+cu124`)."""
    found = re.search(r"=\s*v?(\d+\.\d+)", specifier)
    return found is not None and version.startswith((f"{found[1]}.", f"{found[1]}+"))


def _machine(template: Template, gpu: KnownGpu | None, driver: str) -> tuple[Point, ...]:
    """Return what was asked of a template's torch: does it run on the GPU, and on the driver."""
    return (*((_gpu(template, gpu),) if gpu is not None else ()), *((_driver(template, driver),) if driver else ()))


def _gpu(template: Template, gpu: KnownGpu) -> Point:
    """Return whether the template's torch has code for a GPU."""
    number = f"compute capability {gpu.capability}"
    name = f"{gpu.name} ({number})" if gpu.name else f"a GPU of {number}"
    built = torch_cuda(template)
    if "torch" not in template.distributions and built is None:
        return Point("gpu", Answer.UNKNOWN, "it has no torch: whether code runs there is not known", template.evidence)
    if built is not None and not built.value:
        return Point("gpu", Answer.NO, "its torch is built without CUDA", built.evidence)
    archs = torch_archs(template)
    if archs is None:
        return Point("gpu", Answer.UNKNOWN, f"whether its torch has code for {name} is not known", gpu.evidence)
    listed = " ".join(archs.value)
    if runs(gpu.capability, archs.value):
        return Point("gpu", Answer.YES, f"its torch has code for {name}", archs.evidence)
    rule = rule_evidence()
    shown = Evidence(archs.evidence.kind, archs.evidence.source, f"built for {listed}; {rule.detail or rule.source}")
    return Point("gpu", Answer.NO, f"its torch has no code for {name}: it was built for {listed}", shown)


def _driver(template: Template, driver: str) -> Point:
    """Return whether a driver runs the CUDA that the template is for."""
    cuda = template.cuda
    if cuda is None or not cuda.value:
        return Point("driver", Answer.UNKNOWN, "which CUDA it is for is not known", template.evidence)
    known = least_driver(cuda.value)
    found = support(driver, cuda.value)
    if known is None or found is Support.UNKNOWN:
        return Point("driver", Answer.UNKNOWN, f"which driver CUDA {cuda.value} needs is not known", cuda.evidence)
    if found is Support.NONE:
        text = f"driver {driver} does not run CUDA {cuda.value}, which needs {known.least}"
        return Point("driver", Answer.NO, text, known.least_evidence)
    if found is Support.LIMITED:
        text = f"driver {driver} runs CUDA {cuda.value}, but nothing that is compiled at run time" + (
            f" (that needs {known.own})" if known.own else ""
        )
        return Point("driver", Answer.YES, text, known.least_evidence)
    return Point("driver", Answer.YES, f"driver {driver} runs CUDA {cuda.value}", known.own_evidence or cuda.evidence)
