"""A plan's JSON: open questions go there and back, and a plan from before they existed still loads."""

from __future__ import annotations

import json

from podfit.model import (
    Evidence,
    EvidenceKind,
    Interpreter,
    OpenQuestion,
    Origin,
    Plan,
    Platform,
    Template,
)
from podfit.model.serial import plan_from_dict, plan_to_dict

SEEN = Evidence(EvidenceKind.METADATA, "main.py:6", "import ceph")
ASKED = OpenQuestion("ceph", "is imported, and no distribution is known to bring it", (SEEN,), "declare it")
PLAN = Plan(
    "example",
    Template("pod", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, SEEN),
    (),
    (),
    questions=(ASKED,),
)


def test_questions_go_there_and_back() -> None:
    text = json.dumps(plan_to_dict(PLAN))
    assert plan_from_dict(json.loads(text), where="test") == PLAN


def test_a_question_does_not_keep_the_rest_from_being_planned() -> None:
    assert PLAN.feasible


def test_a_plan_without_the_key_has_no_questions() -> None:
    data = plan_to_dict(PLAN)
    del data["questions"]
    assert plan_from_dict(data, where="test").questions == ()
