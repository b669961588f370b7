"""`cell-<template>.py`: a notebook's cell that installs the plan and says whether to restart the runtime."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from podfit.far.pack import text_of
from podfit.model import Action, Plan
from podfit.report.by_pip import build_limits, index_options, not_at_hand, pip_calls, pip_variables
from podfit.report.held import held_summary
from podfit.report.words import human_bytes, plural
from podfit.writers.plain import file_part
from podfit.writers.text import comment, members_by_hand, preamble

_DOCSTRING = re.compile(r'^"""(.*?)"""\n', re.DOTALL)


def write_cell(plan: Plan) -> str:
    """Return the cell: comments, `podfit.far.cell` as it stands, and one call of it with what the plan says.

    It is Python 3.8 with the standard library alone, so that any kernel runs it, and needs no other file.
    """
    count = len(plan.with_action(Action.INSTALL, Action.CHANGE))
    size = f", {human_bytes(plan.download_bytes)} to download" if plan.download_bytes else ""
    lines = [
        *preamble(plan, "notebook cell"),
        "#",
        "# Use:  the first cell of a notebook (Colab, Kaggle, Jupyter), before anything is imported.",
        "# After a restart of the runtime run it again: it then finds nothing to do.",
        comment(f"It brings {plural(count, 'package')}{size}; nothing is fetched that its hash does not fit."),
    ]
    if summary := held_summary(plan):
        lines.append(comment(f"Held: {summary}."))
    lines += members_by_hand(plan)
    lines += [comment(f"To add: {sentence}.") for sentence in not_at_hand(plan)]
    verify = f"verify_env-{file_part(plan.template.name)}.py"
    lines += [comment(f"Does it run?  !python {verify}")]
    body = _DOCSTRING.sub("", text_of("cell.py"), count=1).strip()
    facts = json.dumps(cell_facts(plan), indent=1, ensure_ascii=True)
    return "\n".join([*lines, "", body, "", "", f"fit_runtime({facts});"]) + "\n"


def cell_facts(plan: Plan) -> Mapping[str, Any]:
    """Return what the cell has to know of plan: see `podfit.far.cell.fit_runtime`."""
    calls, planned = [], {}
    versions = {d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE)}
    for call in pip_calls(plan):
        planned.update({name: "" if "://" in versions[name] else versions[name] for name in call.by_name})
        isolation = ["--no-build-isolation"] if call.build is not None else []
        calls.append({"lines": call.by_name, "options": [*call.options, *isolation], "tools": list(call.tools)})
    return {
        "python": plan.template.interpreter.series,
        "held": plan.held_versions,
        "planned": planned,
        "calls": calls,
        "limits": list(build_limits(plan)),
        "index": list(index_options(plan)),
        "variables": dict(word.split("=", 1) for word in pip_variables(plan)),
    }
