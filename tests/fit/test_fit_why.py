"""The story of a decision, from plans that were made for real: each part where it belongs, on screens and as data."""

from __future__ import annotations

import pytest
from fit_support import EVIDENCE, Told, World, dated_index, project, template

from podfit.audit import AUDITS, Audited
from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import Bound
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.report.why import SCHEMA, names_in, story, why_answer
from podfit.solve import Uv
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

RELEASES = {
    ("torch", "2.8.0"): ([], "2025-08-06"),
    ("server", "0.2"): (["torch>=2"], "2023-11-20"),
    ("server", "0.11"): (["torch==2.8.0", "lock>=3.16"], "2025-10-04"),
    ("server", "0.12"): (["torch==2.9.0", "lock>=3.16"], "2025-11-04"),
    ("lock", "3.13"): ([], "2024-01-01"),
    ("lock", "3.18"): ([], "2026-03-01"),  # nearer, and not of the time
    ("lock", "3.20"): ([], "2025-09-01"),
    ("lock", "4.0"): ([], "2026-09-01"),
}
POD = template("pod", {"torch": ("2.8.0+cu128", ["lock"]), "lock": ("3.13", []), "other": ("1.0", [])})


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """A plan in which the need is the newest for the held torch, at the price of a change."""
    tmp_path = tmp_path_factory.mktemp("why")
    with pytest.MonkeyPatch.context() as patch, dated_index(tmp_path / "wheels", RELEASES) as (url, _):
        patch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        index = Index([url], cache=tmp_path / "cache")
        (result,) = fit_templates(
            project("server"),
            (),
            [POD],
            index=index,
            uv=Uv(tmp_path / "cache"),
            options=Options(index_url=url),
            reporter=Told(),
        )
    return plan_from_dict(plan_to_dict(result.plan), where="plan.json")


def _text(told, *, details=False):
    return " ".join(write_answer("text", why_answer([told]), Screen(width=200, details=details)).split())


def test_a_need_says_who_asks_what_kept_newer_ones_out_and_what_else_there_was(plan):
    told = story(plan, "Server")
    assert (told.action, told.planned, told.uploaded[:10]) == ("install", "0.11", "2025-10-04")
    assert [(each.who, each.evidence.detail) for each in told.asked_by] == [("requirements.txt:1", "server")]
    (refused,) = told.refused
    assert refused.versions == "newer than 0.11 (such as 0.12)"
    assert refused.reason == "0.12 requires torch==2.9.0, the template has 2.8.0+cu128"
    assert "torch==2.9.0" in refused.proof
    assert told.otherwise == "without changes to the template it would be 0.2 of 2023-11"
    shown = _text(told)
    assert "install 0.11 of 2025-10-04: absent from the template, declared by the project" in shown
    assert "requirements.txt:1: server [metadata]" in shown
    assert "without changes to the template it would be 0.2 of 2023-11; --prefer template plans that" in shown
    assert refused.proof not in shown
    assert refused.proof[:60] in _text(told, details=True)


def test_a_change_says_what_forced_it_and_which_releases_are_not_of_the_time(plan):
    told = story(plan, "lock")
    assert (told.action, told.template, told.planned) == ("change", "3.13", "3.20")
    assert ("server 0.11", "Requires-Dist: lock>=3.16") in [(e.who, e.evidence.detail) for e in told.asked_by]
    assert {each.versions for each in told.refused} == {"published from 2026-02-05 on", "the template's 3.13"}
    assert told.otherwise == "with server 0.2 it would stay 3.13"
    assert (
        "half a year after torch 2.8.0+cu128 of 2025-08-06; whether later ones work with it is not known [assumed]"
        in (_text(told))
    )


def test_what_is_held_says_that_it_never_changes(plan):
    told = story(plan, "torch")
    assert (told.action, told.held) == ("keep", True)
    assert "the template has 2.8.0+cu128, never changed" in _text(told)
    assert [each.who for each in told.asked_by] == ["server 0.11"]


def test_as_data_it_is_one_story_for_each_template(plan):
    data = why_answer([story(plan, "lock"), story(plan, "lock")]).data()
    assert data["schema"] == SCHEMA
    assert [each["package"] for each in data["stories"]] == ["lock", "lock"]
    assert data["stories"][0]["refused"][0]["evidence"]["kind"] == "assumed"


def test_a_name_that_no_plan_has_has_no_story(plan):
    assert story(plan, "absent") is None
    assert names_in([plan]) == ["lock", "other", "server", "torch"]


def test_what_an_audit_taught_stands_with_its_evidence(tmp_path):
    world = World(tmp_path, {("alpha", "1.0"): [], ("alpha", "2.0"): []})

    def audit(subject):
        bad = subject.overlay.packages["alpha"].version == "2.0"
        return Audited(bounds=(Bound("alpha", "alpha 2.0 does not load", EVIDENCE, "!=2.0"),) if bad else ())

    (result,) = fit_templates(
        project("alpha"),
        (),
        [template("pod", {})],
        index=world.index,
        uv=world.uv,
        options=world.options,
        audits=[*AUDITS, audit],
        reporter=Told(),
    )
    told = story(result.plan, "alpha")
    assert told.planned == "1.0"
    assert [(each.versions, each.reason, each.evidence) for each in told.refused[:1]] == [
        ("2.0", "alpha 2.0 does not load", EVIDENCE)
    ]
