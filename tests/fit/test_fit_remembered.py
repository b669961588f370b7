"""The same project over the same template, asked again within minutes, is the same plan and asks nobody."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace

import pytest
from fit_support import Told, dated_index, project, template, wheels

from podfit.fit.options import Options
from podfit.fit.remembered import Remembered, keeps
from podfit.fit.session import Session
from podfit.index.usage import ROOMS
from podfit.readers.project import ProjectReading

RELEASES = {
    ("alpha", "1.0"): (["beta>=1"], "2025-01-01"),
    ("beta", "1.0"): ([], "2024-01-01"),
    ("beta", "2.0"): ([], "2025-01-01"),
}
POD = template("pod", {"beta": ("1.0", [])})


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """Return a function that fits requirements over an index, and the paths that it was asked for."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with dated_index(tmp_path / "wheels", RELEASES) as (url, asked):

        def run(*lines, pods=(POD,), reporter=None, refresh=False, **options):
            asked.clear()
            session = Session(
                Options(index_url=url, **options), cache=tmp_path / "cache", refresh=refresh, reporter=reporter
            )
            return session.fit(ProjectReading(project(*lines), ()), pods)

        yield run, asked


def test_the_second_time_the_plan_is_the_same_and_nobody_is_asked(fit, monkeypatch):
    run, asked = fit
    (first,) = run("alpha")
    assert asked
    monkeypatch.setattr("podfit.solve.uv.run_watched", None)  # no uv is started either
    told = Told()
    (second,) = run("alpha", reporter=told)
    assert (second.plan, asked) == (first.plan, [])
    assert told.steps == ["planned for pod minutes ago from the same facts"]


@pytest.mark.parametrize("change", ["need", "template", "option", "variable"])
def test_another_fact_is_another_plan(fit, monkeypatch, change):
    run, _ = fit
    (first,) = run("alpha")
    lines, pods, options = ("alpha",), (POD,), {}
    if change == "need":
        lines = ("alpha", "beta>=2")
    elif change == "template":
        pods = (replace(POD, distributions={}),)
    elif change == "option":
        options = {"exclude_newer": "2024-06-01"}
    else:
        monkeypatch.setenv("UV_PRERELEASE", "allow")
    told = Told()
    (second,) = run(*lines, pods=pods, reporter=told, **options)
    assert not any("minutes ago" in step for step in told.steps)
    assert change == "variable" or second.plan is None or second.plan.decisions != first.plan.decisions


def test_what_is_new_is_planned_beside_what_is_known_in_the_order_of_the_templates(fit):
    run, _ = fit
    run("alpha")
    told = Told()
    results = run("alpha", pods=(template("bare", {}), POD), reporter=told)
    assert [result.plan.template.name for result in results] == ["bare", "pod"]
    assert "planned for pod minutes ago from the same facts" in told.steps


def test_refresh_asks_again(fit):
    run, asked = fit
    run("alpha")
    run("alpha", refresh=True)
    assert any(path.endswith("/alpha/") for path in asked)


def test_a_plan_counts_as_long_as_the_oldest_fact_in_it(fit, tmp_path):
    run, _ = fit
    (result,) = run("alpha")
    options = Options(index_url="https://example.org/simple")
    memory = Remembered(tmp_path / "other", project("alpha"), (), options)
    memory.keep(POD, result.plan, time.time() - 3600, {})
    assert memory.find(POD) is None
    memory.keep(POD, result.plan, time.time(), {})
    assert memory.find(POD) == result.plan
    (kept,) = (tmp_path / "other" / "planned").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    assert memory.find(POD) is None


def test_what_a_fit_keeps_can_be_removed(fit, tmp_path):
    run, _ = fit
    run("alpha")
    kept = {path.name for path in (tmp_path / "cache").iterdir()} - {".in-use"}
    assert "planned" in kept
    assert kept <= set(ROOMS)


def test_a_page_from_minutes_ago_makes_the_plan_as_old_as_itself(fit, tmp_path):
    run, _ = fit
    run("beta>=2")
    begun = time.time()
    run("alpha")
    for kept in (tmp_path / "cache" / "planned").iterdir():
        since = float(kept.read_bytes().partition(b'"since":')[2].partition(b",")[0])
        assert since < begun + 0.001


def test_what_something_else_could_change_is_not_kept(tmp_path):
    there = Options(index_url="https://example.org/simple")
    plain = project("alpha")
    assert keeps(there, plain)
    links = str(wheels(tmp_path / "links", {("alpha", "1.0"): []}))
    assert not keeps(replace(there, index_url=links), plain)
    assert not keeps(replace(there, index_url="https://user:secret@example.org/simple"), plain)
    assert not keeps(replace(there, extra_index_urls=("file:///srv/wheels",)), plain)
    assert not keeps(replace(there, find_links=(links,)), plain)
    assert not keeps(replace(there, allow_build=("alpha",)), plain)
    assert not keeps(replace(there, unasked={"gone": "it is silent"}), plain)
    assert not keeps(there, replace(plain, find_links=(links,)))


def _git(folder, *words):
    """Run Git in a folder without the person's settings."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, env=environment)


def _source(tmp_path):
    """A repository with one commit."""
    source = tmp_path / "source"
    source.mkdir()
    _git(source, "init", "-b", "main")
    (source / "pyproject.toml").write_text('[project]\nname = "gamma"\nversion = "1"\n')
    _git(source, "add", ".")
    _git(source, "commit", "-m", "one")
    return source


def test_a_branch_is_looked_at_again(fit, tmp_path):
    run, _ = fit
    source = _source(tmp_path)
    line = f"gamma @ git+{source.as_uri()}@main"
    (first,) = run("alpha", line)
    told = Told()
    (second,) = run("alpha", line, reporter=told)
    assert second.plan == first.plan
    assert any("minutes ago" in step for step in told.steps)
    _git(source, "commit", "--allow-empty", "-m", "two")
    told = Told()
    (third,) = run("alpha", line, reporter=told)
    assert third.plan.artefacts["gamma"] != first.plan.artefacts["gamma"]
    assert not any("minutes ago" in step for step in told.steps)


def test_a_repository_that_did_not_answer_is_asked_again(fit, tmp_path, monkeypatch):
    run, _ = fit
    line = "gamma @ git+http://127.0.0.1:9/gamma.git"
    (first,) = run("alpha", line)
    assert [question.subject for question in first.plan.questions] == ["gamma"]
    assert first.plan.feasible
    told = Told()
    (second,) = run("alpha", line, reporter=told)
    assert second.plan == first.plan
    assert any("minutes ago" in step for step in told.steps), "it is as silent as before"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{_source(tmp_path).as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1:9/gamma.git")
    (third,) = run("alpha", line)
    assert third.plan.questions == ()
    assert "gamma" in third.plan.artefacts


@pytest.mark.parametrize(
    "address", ["https://somebody:secret@example.org/gamma.git", "https://example.org/g?token=s3cret"]
)
def test_a_repository_is_asked_once_for_a_plan_and_an_address_with_a_secret_is_not_kept(
    fit, tmp_path, monkeypatch, address
):
    run, _ = fit
    asked = []

    def answered(base, reference):
        asked.append(base)
        return "", "fatal: unable to access: Could not resolve host"

    monkeypatch.setattr("podfit.solve.repositories._ls_remote", answered)
    run("alpha", "beta<2", f"gamma @ git+{address}")
    assert asked == [address]
    assert not list((tmp_path / "cache").glob("planned/*"))
