"""Which templates of the catalogue a project is tried on where nobody names one: the best of each family by summary.

A family has up to thirty templates, and solving takes seconds each. What tells most of them apart stands in the index
of the catalogue: Python, torch, CUDA. Of each family that is taken which fails the fewest of these, the newest first;
what nobody can start any more is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.drivers import Support, support
from podfit.catalogue.gpus import KnownGpu, runs
from podfit.catalogue.store import Summary, leading_names, template_summaries
from podfit.catalogue.torch_builds import built_archs
from podfit.model import Project, canonical
from podfit.model.versions import admits, parsed

_MACHINE = "x86_64"
"""What the lists of the catalogue are of."""


def candidates(project: Project, *, gpu: KnownGpu | None = None, driver: str = "") -> tuple[str, ...]:
    """Return the template of each family that suits a project best by its summary, sorted.

    Where several fail as little, the one that answers to the family's name comes first, then what has CUDA as that one
    has, then the newest. gpu and driver are what it is to run on; what is not given is not asked.
    """
    return tuple(sorted(order[0].name for order in _families(project, gpu, driver)))


def others(
    project: Project, failed: Iterable[str], *, gpu: KnownGpu | None = None, driver: str = ""
) -> tuple[str, ...]:
    """Return, for each template that failed, the best of its family that has another Python, sorted.

    A family whose other templates fail more by their summaries has none: solving would tell nothing new.
    """
    asked = frozenset(failed)
    found = []
    for order in _families(project, gpu, driver):
        first = order[0]
        least = _failures(project, first, gpu, driver)
        if first.name in asked:
            found += [
                each.name
                for each in order[1:]
                if _series(each.python) != _series(first.python) and _failures(project, each, gpu, driver) <= least
            ][:1]
    return tuple(sorted(found))


def _families(project: Project, gpu: KnownGpu | None, driver: str) -> Iterator[Sequence[Summary]]:
    """Yield the templates of each family, the best first."""
    leaders = set(leading_names())
    kin: dict[str, list[Summary]] = {}
    for each in template_summaries():
        if each.family and not each.withdrawn:
            kin.setdefault(each.family, []).append(each)
    for _, members in sorted(kin.items()):
        leader = next((each for each in members if each.name in leaders), members[0])

        def place(each: Summary, leader: Summary = leader) -> tuple[object, ...]:
            alike = (bool(each.torch), bool(each.cuda)) == (bool(leader.torch), bool(leader.cuda))
            release = parsed(each.torch)
            return (
                -_failures(project, each, gpu, driver),
                each.name == leader.name,
                alike,
                each.captured,
                (release.release if release else ()),
                each.name,
            )

        yield sorted(members, key=place, reverse=True)


def _failures(project: Project, each: Summary, gpu: KnownGpu | None, driver: str) -> int:
    """Return how much speaks against a template by its summary: 2 for each thing, 1 for a torch of the same series."""
    failed = 0 if admits(project.requires_python, each.python) else 2
    failed += max((_off(limit, each.torch) for limit in _limits(project)), default=0) if each.torch else 0
    if gpu is not None and each.torch:
        archs = built_archs(each.torch, _MACHINE, each.cuda) if each.cuda else None
        failed += 2 if not each.cuda or (archs is not None and not runs(gpu.capability, archs.value)) else 0
    failed += 2 if driver and each.cuda and support(driver, each.cuda) is Support.NONE else 0
    return failed


def _limits(project: Project) -> Iterator[SpecifierSet]:
    """Yield what the project's own manifests say of torch's version, whatever it is asked for."""
    for declared in project.declarations:
        if declared.scope or declared.group:
            continue
        try:
            asked = Requirement(declared.requirement)
        except InvalidRequirement:
            continue
        if canonical(asked.name) == "torch" and asked.marker is None:
            yield asked.specifier


def _off(limit: SpecifierSet, torch: str) -> int:
    """Return 0 where a torch keeps to a limit, 1 where the limit pins one of the same series, else 2."""
    version = parsed(torch)
    if version is None or limit.contains(version, prereleases=True):
        return 0
    pins = [parsed(each.version) for each in limit if each.operator in ("==", "===", "~=")]
    return 1 if any(pin is not None and pin.release[:2] == version.release[:2] for pin in pins) else 2


def _series(python: str) -> str:
    """Return a Python's feature version."""
    return ".".join(python.split(".")[:2])
