"""A need that the project may run without is left out where what it brings fails an audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, World, planned, project, template

from podfit.audit import AUDITS, Audited, Subject
from podfit.fit.session import fit_templates
from podfit.model import Declaration, Finding, ImportSite, Plan, Verdict, Where

RELEASES: dict[tuple[str, str], list[str]] = {
    ("app", "1.0"): [],
    ("click", "8.0"): ["part"],
    ("part", "1.0"): [],
}


def _fails(subject: Subject) -> Audited:
    """An audit that fails each planned part, and nothing that it could teach."""
    there = "part" in subject.added
    found = Finding("libraries", "part", Verdict.FAILED, "it is for another CUDA", EVIDENCE)
    return Audited((found,) if there else ())


def plan_of(folder: Path, *asked: str, extra: bool) -> Plan:
    """Return the plan of a project that imports click in a file; with extra, an extra alone declares it."""
    made = World(folder, RELEASES)
    given = project("app", *asked)
    aside = Declaration("click", Where("pyproject.toml", 9), group="extra:tools", scope="extra:tools")
    declared = aside if extra else Declaration("click", Where("pyproject.toml", 9))
    site = ImportSite("click", "main.py", 3)
    given = replace(given, declarations=(*given.declarations, declared), imports=(site,))
    (result,) = fit_templates(
        given,
        (),
        [template("pod", {})],
        index=made.index,
        uv=made.uv,
        options=made.options,
        audits=[*AUDITS, _fails],
    )
    assert result.plan is not None
    return result.plan


def test_it_gives_way_and_the_reason_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, extra=True)
    assert (planned(plan), plan.feasible) == ({"app": "1.0"}, True)
    assert any("part, which it brings, 1.0: it is for another CUDA" in str(bound) for bound in plan.bounds)


@pytest.mark.parametrize(("asked", "extra"), [((), False), (("part",), True)])
def test_what_is_needed_anyway_stays_a_failure(tmp_path: Path, asked: tuple[str, ...], extra: bool) -> None:
    plan = plan_of(tmp_path, *asked, extra=extra)
    assert "part" in planned(plan)
    assert not plan.feasible
