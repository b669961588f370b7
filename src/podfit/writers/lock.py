"""`lock-<template>.txt`: everything that podfit installs or replaces, exact and with hashes."""

from __future__ import annotations

from podfit.model import Action, Decision, Plan
from podfit.report.by_pip import pip_command
from podfit.report.words import human_bytes, plural
from podfit.writers.plain import file_part
from podfit.writers.text import comment, members_by_hand, needs_by_name, preamble


def locked_decisions(plan: Plan) -> tuple[Decision, ...]:
    """Return what lock files hold: the distributions to install or replace, dependencies too, never a held one."""
    return tuple(d for d in plan.with_action(Action.INSTALL, Action.CHANGE) if not d.held)


def write_lock(plan: Plan) -> str:
    """Return the lock file of plan, for `pip install --no-deps --require-hashes -r`.

    A distribution of which no file with a hash is known (a git reference) becomes a comment, since one line
    without a hash would make pip refuse the whole file.
    """
    locked = locked_decisions(plan)
    part = file_part(plan.template.name)
    words = ("pip", "install", "--no-deps", "--require-hashes", "-r", f"lock-{part}.txt")
    size = human_bytes(plan.download_bytes) if plan.download_bytes else "size unknown"
    lines = [
        *preamble(plan, "lock"),
        "#",
        f"# Use:  {' '.join(pip_command(words, plan, f'build-constraints-{part}.txt'))}",
        f"# {plural(len(locked), 'package')}, {size} to download; what is not named here stays as the template has it.",
        *members_by_hand(plan),
    ]
    needs = needs_by_name(plan)
    for decision in locked:
        need = needs.get(decision.name)
        artefacts = plan.artefacts.get(decision.name, ())
        hashes = sorted({h for artefact in artefacts for h in artefact.hashes if ":" in h})
        url = decision.planned if "://" in decision.planned else need.url if need else ""
        exact = f"{decision.name} @ {url}" if url else f"{decision.name}=={decision.planned}"
        lines.append("")
        if decision.action is Action.CHANGE:
            lines.append(comment(f"replaces {decision.template}: {decision.reason}"))
        if decision.required_by:
            lines.append(comment(f"required by {', '.join(decision.required_by)}"))
        if not hashes:
            lines.append(comment(f"no file with a hash is known, so install it apart: pip install --no-deps '{exact}'"))
            continue
        if not any(artefact.kind == "wheel" for artefact in artefacts):
            lines.append("# built from source: no wheel fits the template")
        lines.append(" \\\n    ".join([exact, *(f"--hash={h}" for h in hashes)]))
    return "\n".join(lines) + "\n"
