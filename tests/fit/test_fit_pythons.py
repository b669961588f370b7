"""A release whose Requires-Python ends before the template's Python is not taken: uv passes over upper ends."""

import pytest
from fit_support import project, template
from index_support import LocalIndex, build_wheel

from podfit.fit.options import Options
from podfit.fit.session import Session
from podfit.readers.project import ProjectReading

ENDS = "Requires-Python: >=3.6,<3.10\n"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    index = LocalIndex()
    for version, extra in (("1.0", "Requires-Python: >=3.6\n"), ("1.1", ENDS), ("1.2", ENDS)):
        index.add("old", f"old-{version}-py3-none-any.whl", build_wheel("old", version, (), extra=extra))
    index.add("app", "app-1.0-py3-none-any.whl", build_wheel("app", "1.0", ["old"]))
    yield index
    index.close()


def planned(server, tmp_path, *lines):
    reading = ProjectReading(project(*lines), ())
    (result,) = Session(Options(index_url=server.url), cache=tmp_path / "cache").fit(reading, [template("pod", {})])
    assert result.plan is not None
    return result.plan


@pytest.mark.parametrize("asked", ["old", "app"])
def test_an_older_release_without_that_end_is_taken(server, tmp_path, asked):
    plan = planned(server, tmp_path, asked)
    (decision,) = [each for each in plan.decisions if each.name == "old"]
    assert decision.planned == "1.0"
    assert plan.feasible
    assert any("the template has 3.11.9" in bound.reason for bound in plan.bounds)


def test_a_pin_on_such_a_release_is_a_conflict_with_its_reason(server, tmp_path):
    plan = planned(server, tmp_path, "old==1.1")
    (decision,) = [each for each in plan.decisions if each.name == "old"]
    assert decision.action.value == "conflict"
    assert "is for Python <3.10,>=3.6" in decision.reason.replace(">=3.6,<3.10", "<3.10,>=3.6")
    assert not any("report this with the plan file" in finding.remedy for finding in plan.findings)
