"""`build-constraints-<template>.txt`: what the isolated environments of builds from source may hold."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from podfit.catalogue.builds import interface_rules
from podfit.model import Action, Plan
from podfit.model.words import listed
from podfit.writers.plain import file_part
from podfit.writers.text import comment, preamble


def write_build_constraints(plan: Plan) -> str:
    """Return the constraints of builds from source: the held, the oldest to compile against, limits of old releases.

    A build that asks for a held distribution then gets the template's version or none: built against another one, it
    would not load.
    """
    name = f"build-constraints-{file_part(plan.template.name)}.txt"
    lines = [
        *preamble(plan, "build constraints"),
        "#",
        comment(f"For what is built from source here: {', '.join(plan.built_from_source)}."),
        f"# Use:  pip install ... --build-constraint {name}      (pip 25.3 and newer)",
        f"#       PIP_CONSTRAINT={name} pip install ...          (older ones)",
        f"#       uv pip install ... --build-constraints {name}",
    ]
    for build in plan.builds:
        if build.hidden:
            what = f"{build.name} {build.version} imports {listed(build.hidden)} while it is built and does not say so"
            lines.append(comment(f"{what}: install it apart, with --no-build-isolation"))
    lines += ["", "# held: a build that asks for one of these gets the template's version, or fails"]
    lines += [f"{d.name}=={d.template}" for d in plan.decisions if d.held and _is_version(d.template)]
    lines += ["", *_interfaces(plan)]
    for build in plan.builds:
        if build.limits:
            lines += [comment(f"{build.name} {build.version}: {build.reason}"), *build.limits]
    return "\n".join(lines).rstrip("\n") + "\n"


def _interfaces(plan: Plan) -> Iterator[str]:
    """Yield the oldest releases that may be compiled against: those that the plan leads to."""
    versions = {d.name: d.planned or d.template for d in plan.decisions if not d.held and d.action is not Action.SKIP}
    for rule in interface_rules():
        version = versions.get(rule.distribution, "")
        if _is_version(version):
            yield comment(f"{rule.reason} [{rule.evidence.source}]")
            yield f"{rule.distribution}>={Version(version).public}"


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
