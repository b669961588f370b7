"""`plan-<template>.json`: the plan itself (schema `podfit.plan/1`, docs/plan-format.md)."""

from __future__ import annotations

from podfit.model import Plan
from podfit.model.serial import plan_to_dict
from podfit.model.valid import readable_data
from podfit.writers.json_text import json_text


def write_plan(plan: Plan) -> str:
    """Return plan as JSON text; `podfit.model.serial.plan_from_dict` of it gives an equal plan back.

    What no UTF-8 can be made of, such as the name of a file that is not UTF-8, stands there as its escape.
    """
    return json_text(readable_data(plan_to_dict(plan)))
