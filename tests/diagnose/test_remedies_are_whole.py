"""What a remedy says can be done as it stands: no blank is left in it, and no release is named without a reason."""

from __future__ import annotations

import re

import pytest
from test_held_torch import LOGS, POD, causes

from podfit.catalogue.symptoms import symptoms
from podfit.diagnose.model import Cause
from podfit.diagnose.reading import There
from podfit.diagnose.remedies import steps_of
from podfit.far.symptoms import case

BLANK = re.compile(r"(?<![$\w{])\{\w*\}|\bVERSION\b|<[A-Za-z_ -]+>|[=<>~]=?(?:X|x\.y|N)\b|\+CUDA\b")
"""A blank of a template, or a word that stands for what the reader is to find out."""
TEMPLATES = {
    row["id"]: " ".join([row["cause"], *(one.get("cause", "") for one in row.get("case", ()))])
    for row in symptoms("log")
}
URL_QUOTE = (
    'Traceback (most recent call last):\n  File "/v/lib/python3.11/site-packages/oldshop/app.py", line 2, in <module>\n'
    "    from werkzeug.urls import {0}\n"
    "ImportError: cannot import name '{0}' from 'werkzeug.urls' (/v/lib/python3.11/site-packages/werkzeug/urls.py)\n"
)


def first(log: str, there: There | None = None) -> Cause:
    return causes(log, there)[0]


@pytest.mark.parametrize("there", [None, POD], ids=["no environment", "a template"])
def test_no_blank_is_left_in_any_answer(there: There | None) -> None:
    for log in LOGS:
        for cause in causes(log, there):
            for told in (cause.cause, *cause.fix):
                assert not BLANK.search(told), (cause.symptom, told)
            blanks = "{" in TEMPLATES.get(cause.symptom, "") and "something" not in TEMPLATES[cause.symptom]
            assert not (blanks and "something" in cause.cause), cause.cause


def test_no_step_of_the_table_has_a_blank_of_its_own() -> None:
    for row in symptoms("log"):
        for each in (row, *(case({**row, "case": [one]}, {}) for one in row.get("case", ()))):
            for step in steps_of(each, {}):
                assert not BLANK.search(step), (row["id"], step)


def test_a_release_is_named_from_evidence_or_said_not_to_be_known() -> None:
    known = first(URL_QUOTE.format("url_quote"))
    assert "which werkzeug 3.0 and newer no longer have" in known.cause
    assert known.fix[0] == "pip install 'werkzeug<3.0'"
    unknown = first(URL_QUOTE.format("url_whistle"))
    assert (
        unknown.fix[-1]
        == "install the werkzeug that the code was written for: which one that is, the log does not tell"
    )


def test_a_module_that_a_release_no_longer_has_is_no_missing_distribution() -> None:
    gone = first("ModuleNotFoundError: No module named 'moviepy.editor'\n")
    assert "which moviepy 2.0 and newer no longer have" in gone.cause
    assert gone.fix[0] == "pip install 'moviepy<2.0'"
    unknown = first("ModuleNotFoundError: No module named 'moviepy.whistles'\n")
    assert unknown.cause.startswith("moviepy is there without moviepy.whistles")
    assert "the log does not tell" in unknown.fix[-1]
    shared = first("ModuleNotFoundError: No module named 'google.protobuf'\n")
    assert shared.fix[0] == "pip install protobuf"


def test_what_was_to_be_imported_from_a_module_tells_when_it_went() -> None:
    line = "    from pytorch_lightning.utilities.distributed import rank_zero_only\n"
    gone = "ModuleNotFoundError: No module named 'pytorch_lightning.utilities.distributed'\n"
    assert first(line + gone).fix[0] == "pip install 'pytorch-lightning<2.0'"
    assert "the log does not tell" in first(gone).fix[-1]
