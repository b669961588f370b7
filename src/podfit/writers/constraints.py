"""`constraints-<template>.txt`: the template's versions, for `pip install -c` and PIP_CONSTRAINT."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from podfit.model import Action, Distribution, Plan
from podfit.writers.plain import file_part
from podfit.writers.text import comment, preamble


def write_constraints(plan: Plan) -> str:
    """Return the constraints file of plan: `name==version` for each distribution of the template.

    Local parts stay (`==2.4.0+cu124`): a constraint only limits, and what is installed satisfies it although
    no index has it. That holds for distributions installed from a URL or a file as well (tried with pip 26.3 and
    uv 0.13.9), so these are named too: on images made with conda all are of that kind. A distribution that the plan
    replaces has its planned version. Without a usable version, or editable and not held, one becomes a comment.
    """
    name = f"constraints-{file_part(plan.template.name)}.txt"
    lines = [
        *preamble(plan, "constraints"),
        "#",
        f"# Use:  pip install ... -c {name}",
        f"# or, for every later pip of a shell:  export PIP_CONSTRAINT=$PWD/{name}",
        "# (Before 26.2, pip passes that variable on to the environments in which it builds from source, too.)",
        "",
    ]
    replaced = {d.name: d.planned for d in plan.with_action(Action.CHANGE) if d.planned and not d.held}
    held = {d.name for d in plan.decisions if d.held}
    for distribution in sorted(plan.template.distributions.values(), key=lambda d: d.name):
        obstacle = "" if distribution.name in replaced else _obstacle(distribution, held=distribution.name in held)
        if obstacle:
            lines.append(comment(f"{distribution.name} is left out: {obstacle}"))
        elif distribution.name in replaced:
            lines.append(comment(f"replaced: the template has {distribution.version or 'an unknown version'}"))
            lines.append(f"{distribution.name}=={replaced[distribution.name]}")
        else:
            lines.append(f"{distribution.name}=={distribution.version}")
    return "\n".join(lines) + "\n"


def _obstacle(distribution: Distribution, *, held: bool) -> str:
    """Return why a distribution cannot be constrained, empty when it can."""
    if not distribution.version:
        return "its version is not known"
    try:
        Version(distribution.version)
    except InvalidVersion:
        return f"its version {distribution.version} is not of PEP 440"
    return "it is editable, so its version follows a checkout" if distribution.editable and not held else ""
