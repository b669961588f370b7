"""Words, sizes and lines that several writers share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from podfit.model import Action, Decision, Need, Origin, Plan, Template

_COMPANIONS = ("torch", "torchvision", "torchaudio", "triton", "pytorch-triton")


def human_bytes(count: int) -> str:
    """Return a number of bytes for people, in decimal units as pip and download pages use them: `12.3 MB`."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def plain(text: str) -> str:
    """Return text on one line without control characters, so that it cannot leave a comment or a table's cell."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def comment(text: str) -> str:
    """Return text as one `#` line of a requirements file or a TOML file, without its line break.

    A backslash at the end would join the next line in some readers of requirements files.
    """
    return f"# {plain(text)}".rstrip("\\ ")


def file_part(name: str, *, dots: bool = True) -> str:
    """Return a template's name as a part of a file name: what is not a letter, a digit or one of `._-` becomes `-`."""
    allowed = r"[^A-Za-z0-9._-]+" if dots else r"[^A-Za-z0-9_-]+"
    return re.sub(allowed, "-", name).strip("-.") or "template"


def plural(count: int, noun: str) -> str:
    """Return `1 package`, `2 packages`, `2 dependencies`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def title(template: Template) -> str:
    """Return `name (Python 3.11, torch 2.4.0+cu124)`, the way files introduce a template."""
    torch = template.distributions.get("torch")
    parts = [f"Python {template.interpreter.series}", *([f"torch {torch.version}"] if torch else [])]
    return f"{template.name} ({', '.join(parts)})"


def provenance(template: Template) -> str:
    """Return the sentence about how the template's list of distributions came to be."""
    when = f" on {template.captured}" if template.captured else ""
    source = f"; evidence: {template.evidence}"
    if template.origin is Origin.RECONSTRUCTED:
        when = f" as of {template.captured}" if template.captured else ""
        return (
            f"The list of distributions of {template.name} is reconstructed{when}, not read from the image{source}. "
            "Probe the machine (podfit probe) to be sure."
        )
    how = {Origin.PROBED: "probed", Origin.PUBLISHED: "published", Origin.GIVEN: "given"}[template.origin]
    return f"The list of distributions of {template.name} was {how}{when}{source}."


def origin_in_short(template: Template) -> str:
    """Return the same in half a line: how the list came to be, as of when, and how well it is known."""
    when = f" as of {template.captured}" if template.captured else ""
    warning = ", not read from the image" if template.origin is Origin.RECONSTRUCTED else ""
    return f"the template's list is {template.origin.value}{when}{warning} [{template.evidence.kind.value}]"


def held_decisions(plan: Plan) -> tuple[Decision, ...]:
    """Return the held distributions that the template has: torch first, then its companions, then by name."""
    rank = {name: number for number, name in enumerate(_COMPANIONS)}
    held = [d for d in plan.decisions if d.held and d.template]
    return tuple(sorted(held, key=lambda d: (rank.get(d.name, len(rank)), d.name.startswith("nvidia-"), d.name)))


def held_summary(plan: Plan) -> str:
    """Return `torch 2.4.0+cu124, triton 3.0.0 and 12 nvidia-*: kept`, empty when nothing is held.

    More than six that are not NVIDIA's are counted instead of named.
    """
    held = held_decisions(plan)
    if not held:
        return ""
    named = [d for d in held if not d.name.startswith("nvidia-")]
    nvidia = len(held) - len(named)
    words = [f"{d.name} {d.template}" for d in named[:6]]
    if len(named) > 6:
        words.append(plural(len(named) - 6, "other"))
    if nvidia:
        words.append(f"{nvidia} nvidia-*")
    kept = all(d.action in (Action.KEEP, Action.SKIP) for d in held)
    return f"{listed(words)}: {'kept' if kept else 'held, yet the project asks otherwise'}"


def needs_by_name(plan: Plan) -> dict[str, Need]:
    """Return the plan's direct needs by normalized name."""
    return {need.name: need for need in plan.needs}


def preamble(plan: Plan, kind: str) -> list[str]:
    """Return the comment lines that open every text file: what it is, for which template, and what to know of it.

    The first starts with `# podfit`, by which podfit's own readers tell these files from the project's.
    """
    lines = [comment(f"podfit: {kind} of {plan.project or 'this project'} on {title(plan.template)}")]
    if plan.created:
        lines.append(comment(f"Solved {plan.created}."))
    lines.append(comment(provenance(plan.template)))
    lines += [comment(note) for note in plan.template.notes]
    if not plan.feasible:
        lines.append(comment("THIS PLAN DOES NOT WORK AS IT STANDS: it has conflicts or failed checks, named below."))
        lines += [comment(f"conflict: {d.name}: {d.reason}") for d in plan.with_action(Action.CONFLICT)]
        lines += [
            comment(f"failed: {f.check}: {f.subject}: {f.message}")
            for f in plan.findings
            if f.verdict.value == "failed"
        ]
    return lines
