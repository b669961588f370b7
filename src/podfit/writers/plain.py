"""Text of any origin made harmless, for a terminal and for the name of a file: the one place that does so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podfit.model import Plan


def plain(text: str) -> str:
    """Return text on one line without control characters: no escape sequence, cursor move or change of direction.

    What str.isprintable() refuses is left out: C0 and C1 controls, format characters such as the overrides of the
    writing direction, separators other than the space, surrogates, and what Unicode has not assigned.
    """
    return kept_spaces(" ".join(text.split()))


def kept_spaces(text: str) -> str:
    """Return the same with the spaces of text as they are, for lines that are aligned already."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def file_part(name: str, *, dots: bool = True) -> str:
    """Return a template's name as a part of a file name: what is not a letter, a digit or one of `._-` becomes `-`."""
    allowed = r"[^A-Za-z0-9._-]+" if dots else r"[^A-Za-z0-9_-]+"
    return re.sub(allowed, "-", name).strip("-.") or "template"


def name_of_overlay(plan: Plan) -> str:
    """Return the name of the directory that `podfit apply` lays a plan's overlay into: project and template."""
    project = Path(plan.project).name or "project"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{project}-{plan.template.name}").strip("-.")
