"""A machine's answer about a check that podfit does not have is an error in one sentence."""

from __future__ import annotations

import json

import pytest

from podfit.far import frame
from podfit.far.verify.main import SCHEMA
from podfit.model import Evidence, EvidenceKind, InputError, Interpreter, Origin, Plan, Platform, Template
from podfit.pod.verify import verify
from podfit.readers.processes import Completed

SEEN = Evidence(EvidenceKind.MEASURED, "here")
PLAN = Plan("p", Template("t", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, SEEN), (), ())


class _Answers:
    """A machine whose checks are those of another podfit."""

    python = "python3"
    label = "pod: python3"

    def __init__(self, *checks: str) -> None:
        self._checks = checks

    def run(self, argv, **_):
        found = {
            "subject": "x",
            "verdict": "ok",
            "message": "fine",
            "evidence": {"kind": "measured", "source": "here", "detail": ""},
            "remedy": "",
            "seconds": 0.0,
        }
        report = {"schema": SCHEMA, "project": "p", "template": "t", "python": {}, "seconds": 0.1, "findings": []}
        report["findings"] = [{"check": check, **found} for check in self._checks]
        return Completed(0, frame.framed(json.dumps(report), argv[argv.index("--frame") + 1]), b"")


def test_a_known_check_is_read():
    findings = verify(_Answers("version", "python", "metadata"), PLAN)
    assert findings[0].code == "PF401"


@pytest.mark.parametrize("left_out", ["version", "python", "metadata"])
def test_an_answer_that_leaves_out_a_check_is_not_believed(left_out):
    checks = [name for name in ("version", "python", "metadata") if name != left_out]
    with pytest.raises(InputError, match=f"says nothing about {left_out}: it is not the whole report"):
        verify(_Answers(*checks), PLAN)


@pytest.mark.parametrize("name", ["karma", "karma" * 100])
def test_an_unknown_one_is_a_sentence(name):
    with pytest.raises(InputError, match="does not know, 'karma") as caught:
        verify(_Answers(name), PLAN)
    assert len(str(caught.value)) < 250
