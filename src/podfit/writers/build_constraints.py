"""`build-constraints-<template>.txt`: what the isolated environments of builds from source may hold."""

from __future__ import annotations

from podfit.model import Plan
from podfit.model.words import listed
from podfit.plan.builds import held_lines, oldest_interfaces
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
    lines += [*held_lines(plan), ""]
    for rule, line in oldest_interfaces(plan):
        lines += [comment(f"{rule.reason} [{rule.evidence.source}]"), line]
    for build in plan.builds:
        if build.limits:
            lines += [comment(f"{build.name} {build.version}: {build.reason}"), *build.limits]
    return "\n".join(lines).rstrip("\n") + "\n"
