"""A plan without the secrets of the addresses that it was made with."""

from __future__ import annotations

import dataclasses

import msgspec

from podfit.model import Plan
from podfit.model.secrets import NOTE, hidden
from podfit.model.serial import plan_from_dict, plan_to_dict


def without_secrets(plan: Plan) -> Plan:
    """Return plan with every text in it hidden, and a note on that; the same plan when there is nothing to hide."""
    body = (plan.project, plan.needs, plan.decisions, plan.artefacts, plan.changes, plan.findings, plan.notes)
    try:
        text = msgspec.json.encode((*body, plan.questions, plan.bounds)).decode()
    except UnicodeEncodeError:  # a file name that is not UTF-8
        text = ""
    if text and hidden(text) == text:
        return plan
    data, changed = _hidden_data(plan_to_dict(plan))
    if not changed:
        return plan
    found = plan_from_dict(data, where=f"the plan for {plan.template.name}")
    return dataclasses.replace(found, notes=(*found.notes, NOTE))


def _hidden_data(data: object) -> tuple[dict[str, object], bool]:
    """Return a JSON object with every text in it hidden, and whether that changed any."""
    changed = False

    def walk(value: object) -> object:
        nonlocal changed
        if isinstance(value, str):
            plain = hidden(value)
            changed = changed or plain != value
            return plain
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        return [walk(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    found = walk(data)
    assert isinstance(found, dict)  # noqa: S101 - a plan is an object
    return found, changed
