"""What builds from source may use on the template: one set of limits for the files and for apply."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from podfit.catalogue.builds import InterfaceRule, interface_rules
from podfit.model import Action, Plan


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
