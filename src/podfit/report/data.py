"""The comparison for programs: a JSON object (schema `podfit.matrix/1`, docs/plan-format.md), of the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podfit.model import Decision, Plan
from podfit.report.findings import checks
from podfit.report.held import held_decisions, held_summary
from podfit.report.remarks import drifts
from podfit.report.rows import counts, facts, install_needed, rows

SCHEMA = "podfit.matrix/1"


def matrix_data(plans: Sequence[Plan], refused: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the comparison of the plans of one project; cells and values stand in the order of `templates`.

    refused names the templates for which there is no plan at all, each with the reason.
    """
    refused = refused or {}
    names = [plan.template.name for plan in plans]
    return {
        "schema": SCHEMA,
        "project": next((plan.project for plan in plans), ""),
        "feasible": not refused and all(plan.feasible for plan in plans),
        "templates": [_template(plan) for plan in plans],
        "refused": [{"template": name, "reason": reason} for name, reason in refused.items()],
        "facts": [{"label": f.label, "local": f.local, "values": list(f.values)} for f in facts(plans)],
        "rows": [
            {
                "name": row.name,
                "group": row.group.value,
                "local": row.local,
                "install_needed": install_needed(row, names),
                "cells": [_cell(cell) for cell in row.cells],
            }
            for row in rows(plans)
        ],
        "drift": [{"name": r.name, "text": r.text, "templates": list(r.plans)} for r in drifts(plans)],
    }


def _template(plan: Plan) -> dict[str, Any]:
    """Return what the matrix says about one template and the plan for it."""
    template = plan.template
    return {
        "name": template.name,
        "title": template.title,
        "image": template.image,
        "origin": template.origin.value,
        "captured": template.captured,
        "evidence": msgspec.to_builtins(template.evidence),
        "notes": list(template.notes),
        "python": template.interpreter.version,
        "cuda": str(template.cuda or ""),
        "distributions": len(template.distributions),
        "held": held_summary(plan),
        "held_versions": {d.name: d.template for d in held_decisions(plan)},
        "feasible": plan.feasible,
        "counts": {action.value: count for action, count in counts(plan).items()},
        "download_bytes": plan.download_bytes,
        "changes": [msgspec.to_builtins(change) for change in plan.changes],
        "alternative": msgspec.to_builtins(plan.alternative),
        "checks": [
            {"check": c.check, "worst": c.worst.value, "verdicts": {v.value: n for v, n in c.verdicts.items()}}
            for c in checks(plan.findings)
        ],
        "findings": [msgspec.to_builtins(f) for f in plan.findings if f.verdict.value != "ok"],
        "members": [msgspec.to_builtins(member) for member in plan.members],
        "questions": [msgspec.to_builtins(question) for question in plan.questions],
        "plan_notes": list(plan.notes),
        "created": plan.created,
    }


def _cell(decision: Decision | None) -> dict[str, Any] | None:
    """Return a decision without what its row says already."""
    if decision is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(decision)
    return {key: value for key, value in plain.items() if key not in ("name", "local")}
