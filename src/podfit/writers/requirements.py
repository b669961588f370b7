"""`requirements-<template>.txt`: ranges for the direct needs, never anything held."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from podfit.model import Action, Decision, Need, Plan
from podfit.report.by_pip import pip_command
from podfit.report.held import held_summary
from podfit.writers.plain import file_part
from podfit.writers.text import comment, members_by_hand, needs_by_name, preamble


def write_requirements(plan: Plan) -> str:
    """Return the requirements file of plan.

    It names direct needs only, in the range that the project declares, or else from the planned version on. A range
    without an upper end ends before the next major version: nobody has tried the project with that. What the
    template has already is named too: the file documents it, and the constraints keep it.
    """
    constraints = f"constraints-{file_part(plan.template.name)}.txt"
    lock = f"lock-{file_part(plan.template.name)}.txt"
    lines = [
        *preamble(plan, "requirements"),
        "#",
        f"# Use:  {_command(plan, constraints)}",
        f"# uv pip install takes the same options. Without {constraints}, pip may replace what the template has.",
        f"# These are ranges; for exactly the versions that were checked there is {lock}.",
    ]
    lines += members_by_hand(plan)
    if summary := held_summary(plan):
        lines.append(comment(f"Held, and therefore never named in this file: {summary}."))
    needs = needs_by_name(plan)
    direct = [d for d in plan.decisions if d.direct and not d.held]
    sections = (
        ("Installed", (Action.INSTALL,)),
        ("Replaced: the template's version cannot stay", (Action.CHANGE,)),
        ("On the template already", (Action.KEEP,)),
        ("Conflicts: cannot be had on this template, so left out", (Action.CONFLICT,)),
        ("Not needed on this template", (Action.SKIP,)),
    )
    for heading, actions in sections:
        chosen = [d for d in direct if d.action in actions]
        if not chosen:
            continue
        lines += ["", f"# --- {heading} ---"]
        for decision in chosen:
            lines += _entry(decision, needs.get(decision.name))
    return "\n".join(lines) + "\n"


def _command(plan: Plan, constraints: str) -> str:
    """Return the command that installs the file."""
    part = file_part(plan.template.name)
    words = ("pip", "install", "-r", f"requirements-{part}.txt", "-c", constraints)
    return " ".join(pip_command(words, plan, f"build-constraints-{part}.txt"))


def _entry(decision: Decision, need: Need | None) -> list[str]:
    """Return the lines about one direct need: a comment and, where it can be had, the requirement."""
    if decision.action in (Action.CONFLICT, Action.SKIP):
        asked = need.specifier if need else ""
        return [comment(f"{decision.name}{asked}: {decision.reason}")]
    line, source = requirement(decision, need)
    version = decision.planned or decision.template
    words = [f"{version}: " if version else "", decision.reason.rstrip("."), f". Range: {source}."]
    if decision.drift:
        words.append(f" {decision.drift}")
    return [comment("".join(words)), line]


def requirement(decision: Decision, need: Need | None) -> tuple[str, str]:
    """Return the PEP 508 requirement of a direct need, and where its range came from, in words."""
    extras = f"[{','.join(need.extras)}]" if need and need.extras else ""
    name = f"{decision.name}{extras}"
    if need and need.url:
        fixed = "://" in decision.planned
        url = decision.planned if fixed else need.url
        return f"{name} @ {url}", f"the URL that the project declares{', its commit fixed' if fixed else ''}"
    version = decision.planned or decision.template
    if need and need.specifier:
        try:
            wanted = Requirement(f"{name}{need.specifier}").specifier
            if not version or wanted.contains(version, prereleases=True):
                declared = f"{name}{need.specifier.replace(' ', '')}"
                if any(one.operator in ("<", "<=", "==", "===", "~=") for one in wanted) or not version:
                    return declared, "declared by the project"
                _, _, limit = next_major_range(version).partition(",")
                return f"{declared},{limit}", "declared by the project, up to the next major version"
            source = f"from the version, since the declared {need.specifier} does not admit it"
        except (InvalidRequirement, InvalidVersion):
            source = f"from the version, since the declared {need.specifier} cannot be read"
    else:
        source = "from the version, since the project declares none"
    return f"{name}{next_major_range(version)}", source


def next_major_range(version: str) -> str:
    """Return `>=2.3.3,<3` for `2.3.3`: what podfit checked, up to where releases may break their users.

    Local parts are dropped, since PEP 440 admits none in ordered comparisons. Empty for a version that is empty or
    not of PEP 440.
    """
    try:
        parsed = Version(version)
    except InvalidVersion:
        return ""
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    return f">={parsed.public},<{epoch}{parsed.major + 1}"
