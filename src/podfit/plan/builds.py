"""What builds from source may use on the template: one set of limits for the files and for apply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from podfit.catalogue.builds import InterfaceRule, interface_rules
from podfit.catalogue.imports import find
from podfit.model import Action, Artefact, Plan
from podfit.model.requirement import named


@dataclass(frozen=True, slots=True)
class SeenBuild:
    """A source distribution that is built in sight of its environment.

    requires is what its build asks for (PEP 518), fetched the distributions of the modules that it imports while it is
    built, without those that are there then; limits are lines for both.
    """

    name: str
    artefact: Artefact
    requires: tuple[str, ...]
    fetched: tuple[str, ...]
    limits: tuple[str, ...]


def seen_builds(plan: Plan) -> Iterator[SeenBuild]:
    """Yield the source distributions whose build imports what an isolated environment lacks, or asks for what is held.

    No index has the template's build of torch.
    """
    there = {d.name for d in plan.with_action(Action.KEEP, Action.INSTALL, Action.CHANGE)}
    held = plan.held_versions.keys()
    for build in plan.builds:
        asked = {line: name for line in build.requires if (name := named(line))}
        if build.artefact.kind == "sdist" and (build.hidden or held & set(asked.values())):
            entries = [entry for module in build.hidden if (entry := find(module)) is not None]
            yield SeenBuild(
                build.name,
                build.artefact,
                tuple(line for line, name in asked.items() if name not in held),
                tuple(sorted({entry.distribution for entry in entries} - there)),
                build.limits,
            )


def build_constraints(plan: Plan) -> Iterator[str]:
    """Yield the constraints (PEP 508) of isolated builds: the held, the oldest interfaces, old releases' limits.

    A build that asks for a held distribution then gets the template's version or none: built against another one, it
    would not load.
    """
    yield from held_lines(plan)
    for _, line in oldest_interfaces(plan):
        yield line
    for build in plan.builds:
        yield from build.limits


def held_lines(plan: Plan) -> Iterator[str]:
    """Yield `name==version` of what is held."""
    for decision in plan.decisions:
        if decision.held and _is_version(decision.template):
            yield f"{decision.name}=={decision.template}"


def oldest_interfaces(plan: Plan) -> Iterator[tuple[InterfaceRule, str]]:
    """Yield the oldest releases that may be compiled against, those that the plan leads to, each with its rule."""
    versions = {d.name: d.planned or d.template for d in plan.decisions if not d.held and d.action is not Action.SKIP}
    for rule in interface_rules():
        version = versions.get(rule.distribution, "")
        if _is_version(version):
            yield rule, f"{rule.distribution}>={Version(version).public}"


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
