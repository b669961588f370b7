"""The project's own distributions in sentences: where each lies, and what building it on the pod asks for."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.model import Content, Plan, PlannedMember
from podfit.model.words import listed
from podfit.report.model import Span, Style, Text, text
from podfit.report.words import where

_CONTENT = {Content.PURE: "Python alone", Content.COMPILED: "compiles", Content.UNKNOWN: "may compile"}


def member_lines(plans: Sequence[Plan], *, details: bool = False) -> tuple[Text, ...]:
    """Return a line for each member of the plans, equal ones made one; details add the evidence."""
    found: dict[PlannedMember, list[int]] = {}
    for number, plan in enumerate(plans):
        for member in plan.members:
            found.setdefault(member, []).append(number)
    lines = []
    for member, numbers in found.items():
        known = Span(f" [{member.evidence}]" if details else "", Style.ASIDE)
        said = f"{where(numbers, plans)}, in {member.path}: {member_words(member)}"
        lines.append(text(Span(member.name, Style.NAME), said, known))
    return tuple(lines)


def member_words(member: PlannedMember) -> str:
    """Return what building a member asks for: `compiles: needs a C++ compiler and nvcc, the pod's own torch`."""
    asked = [listed(member.tools)] if member.tools else []
    asked += [f"the pod's own {listed(member.against)}"] if member.against else []
    asked += [f"{listed(member.fetched)}, fetched for the build"] if member.fetched else []
    needs = f": needs {'; '.join(asked)}" if asked else ""
    copied = "; a copy: apply again when its code has changed" if member.editable else ""
    return f"{_CONTENT.get(member.content, 'may compile')}{needs}{copied}"


def by_hand(member: PlannedMember) -> tuple[str, ...]:
    """Return the words of the pip call that installs a member from the project's directory without podfit."""
    path = member.path if member.path.startswith(("/", "..")) else f"./{member.path}"
    edit = ("-e",) if member.editable else ()
    return ("pip", "install", "--no-deps", "--no-build-isolation", *edit, path)
