"""`plan-<template>.json`: the plan itself (schema `podfit.plan/1`, docs/plan-format.md)."""

from __future__ import annotations

import msgspec

from podfit.model import Plan
from podfit.model.serial import plan_to_dict


def write_plan(plan: Plan) -> str:
    """Return plan as JSON text; `podfit.model.serial.plan_from_dict` of it gives an equal plan back."""
    return msgspec.json.format(msgspec.json.encode(plan_to_dict(plan)), indent=1).decode() + "\n"
