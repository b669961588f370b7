"""Lines that several files share."""

from __future__ import annotations

import shlex

from podfit.model import Action, Need, Plan
from podfit.model.secrets import is_about_credentials
from podfit.report.members import by_hand
from podfit.report.template import provenance, title
from podfit.writers.plain import plain


def comment(text: str) -> str:
    """Return text as one `#` line of a requirements file or a TOML file, without its line break.

    A backslash at the end would join the next line in some readers of requirements files.
    """
    return f"# {plain(text)}".rstrip("\\ ")


def needs_by_name(plan: Plan) -> dict[str, Need]:
    """Return the plan's direct needs by normalized name."""
    return {need.name: need for need in plan.needs}


def members_by_hand(plan: Plan) -> list[str]:
    """Return the comment lines that say how pip installs the project's own distributions; none where there are none."""
    if not plan.members:
        return []
    lines = ["#", "# The project's own, built by podfit apply; with pip afterwards, in the project's directory:"]
    for member in plan.members:
        lines.append(comment(f"  {shlex.join(by_hand(member))}"))
        if member.fetched:
            lines.append(comment(f"    (before it, for the build alone: {', '.join(member.fetched)})"))
    return lines


def preamble(plan: Plan, kind: str) -> list[str]:
    """Return the comment lines that open every text file: what it is, for which template, and what to know of it.

    The first starts with `# podfit`, by which podfit's own readers tell these files from the project's.
    """
    lines = [comment(f"podfit: {kind} of {plan.project or 'this project'} on {title(plan.template)}")]
    if plan.created:
        lines.append(comment(f"Solved {plan.created}."))
    lines.append(comment(provenance(plan.template)))
    lines += [comment(note) for note in plan.template.notes]
    lines += [comment(note) for note in plan.notes if is_about_credentials(note)]
    if not plan.feasible:
        lines.append(comment("THIS PLAN DOES NOT WORK AS IT STANDS: it has conflicts or failed checks, named below."))
        lines += [comment(f"conflict: {d.name}: {d.reason}") for d in plan.with_action(Action.CONFLICT)]
        lines += [
            comment(f"failed: {f.check}: {f.subject}: {f.message}")
            for f in plan.findings
            if f.verdict.value == "failed"
        ]
    return lines
