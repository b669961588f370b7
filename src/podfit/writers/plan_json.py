"""`plan-<template>.json`: the plan itself (schema `podfit.plan/1`, docs/plan-format.md)."""

from __future__ import annotations

import msgspec

from podfit.model import Plan
from podfit.model.serial import plan_to_dict
from podfit.model.valid import readable_data


def write_plan(plan: Plan) -> str:
    """Return plan as JSON text; `podfit.model.serial.plan_from_dict` of it gives an equal plan back.

    What no UTF-8 can be made of, such as the name of a file that is not UTF-8, stands there as its escape.
    """
    return msgspec.json.format(msgspec.json.encode(readable_data(plan_to_dict(plan))), indent=1).decode() + "\n"
