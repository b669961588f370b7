"""What nobody answers for is a conflict of the needs concerned, each kind told apart; the rest is planned."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "index"))

from index_support import LocalIndex, build_sdist, build_wheel

from podfit.fit.options import Options
from podfit.fit.session import Session
from podfit.model import (
    Action,
    Distribution,
    Evidence,
    EvidenceKind,
    InputError,
    Interpreter,
    Need,
    Origin,
    Platform,
    Template,
)
from podfit.readers.project import read_project
from podfit.solve.refusals import at_address, told
from podfit.solve.uv import PackageNotFoundError
from podfit.writers.lock import write_lock
from podfit.writers.requirements import write_requirements

SEEN = Evidence(EvidenceKind.MEASURED, "here")
POD = Template(
    "pod",
    Interpreter("3.11.9"),
    Platform(),
    {"numpy": Distribution("numpy", "1.26.3", SEEN, ())},
    Origin.GIVEN,
    SEEN,
)


@pytest.fixture
def private():
    """An index that stands before the public one."""
    index = LocalIndex()
    index.add("losses", "losses-1.0-py3-none-any.whl", build_wheel("losses", "1.0"))
    yield index
    index.close()


@pytest.fixture
def decided(tmp_path):
    """Return a function that gives the plan's decisions by name, and the plan, for lines of a requirements file."""
    public, empty = tmp_path / "public", tmp_path / "empty"
    public.mkdir()
    empty.mkdir()
    (public / "open-1.0-py3-none-any.whl").write_bytes(build_wheel("open", "1.0"))

    def fit(*lines):
        project = tmp_path / "project"
        project.mkdir()
        (project / "requirements.txt").write_text("\n".join(lines) + "\n")
        session = Session(Options(index_url=str(empty), find_links=(str(public),)), cache=tmp_path / "cache")
        (result,) = session.fit(read_project(project, local="none"), [POD])
        assert result.plan is not None, result.refusal
        return {decision.name: decision for decision in result.plan.decisions}, result.plan

    return fit


def test_a_variable_in_an_indexs_address_that_is_not_set_is_named_where_the_index_is_missed(decided, private):
    found, plan = decided(f"--extra-index-url http://ci:${{ACME_TOKEN}}@{private.host}/simple", "open", "losses")
    assert found["open"].action is Action.INSTALL
    assert found["losses"].action is Action.CONFLICT
    assert f"{private.host} was not asked: ${{ACME_TOKEN}}" in found["losses"].reason
    assert "is not set" in found["losses"].reason
    assert any("may have come from another one" in note for note in plan.notes)
    assert not private.log


def test_a_variable_in_a_needs_address_that_is_not_set_is_named_and_nobody_is_asked(decided):
    found, _ = decided("open", "thing @ https://ci:${ACME_TOKEN}@acme.invalid/thing-1.0-py3-none-any.whl")
    assert found["open"].action is Action.INSTALL
    assert found["thing"].action is Action.CONFLICT
    assert "its address (requirements.txt:2) holds ${ACME_TOKEN}, which is not set" in found["thing"].reason


@pytest.mark.parametrize(("status", "words"), [(401, "401 Unauthorized"), (403, "403 Forbidden")])
def test_no_access_is_not_absence_and_names_the_index_that_refuses(decided, private, status, words):
    private.troubles["/simple/losses/"] = [(status, {}, b"")] * 9
    found, _ = decided(f"--extra-index-url {private.url}", "open", "losses")
    assert found["open"].action is Action.INSTALL
    assert found["losses"].action is Action.CONFLICT
    assert f"{private.host} gives no access to losses ({words})" in found["losses"].reason
    assert "credentials" in found["losses"].reason


BROKEN = (200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, b'{"files":[[[[')


@pytest.mark.parametrize("asked", ["losses", "above"])
def test_a_page_that_is_none_concerns_those_who_ask_for_it_alone(decided, private, tmp_path, asked):
    private.troubles["/simple/losses/"] = [BROKEN] * 99
    above = build_wheel("above", "1.0", ["losses"])
    (tmp_path / "public" / "above-1.0-py3-none-any.whl").write_bytes(above)
    found, _ = decided(f"--extra-index-url {private.url}", "open", asked)
    assert found["open"].action is Action.INSTALL
    assert found[asked].action is Action.CONFLICT
    assert "what the index serves of it cannot be used: " in found[asked].reason
    assert "simple/losses/" in found[asked].reason
    assert "ask for another release of it, or another index" in found[asked].reason


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Package metadata name `open` does not match given name `losses`", ["losses"]),
        ("Hash mismatch for package metadata at `http://h/f/dm_tree-1.0-py3-none-any.whl.metadata`", ["dm-tree"]),
        ("Received some unexpected JSON from `http://h/simple/dm-tree/` invalid type", ["dm-tree"]),
        ("Failed to read `losses==1.0` Expected a version", []),
    ],
)
def test_whose_answer_cannot_be_used_is_told_by_pages_files_and_names(message, names):
    needs = [Need(name, (SEEN,)) for name in ("dm-tree", "losses", "open")]
    assert at_address(InputError(f"uv could not resolve the requirements: {message}"), needs) == names
    assert at_address(InputError(message), needs) == []


def test_a_package_that_no_index_has_is_absent(decided):
    found, _ = decided("open", "nothing-of-the-kind")
    assert "does not exist" in found["nothing-of-the-kind"].reason
    assert "correct its name" in found["nothing-of-the-kind"].reason
    assert "no access" not in found["nothing-of-the-kind"].reason


def test_a_module_that_is_declared_by_its_own_name_leads_to_what_brings_it():
    needs = [Need("yaml", (SEEN,), declared=True)]
    said = told(PackageNotFoundError("yaml", "pypi.org"), needs, {})
    assert said == "the package yaml does not exist on pypi.org; the module yaml comes with pyyaml: declare that"
    built = told(PackageNotFoundError("groundingdino", "pypi.org"), [Need("groundingdino", (SEEN,), declared=True)], {})
    assert "it is built from its repository; declare its address with a commit: git+https://" in built
    assert "correct its name" in told(PackageNotFoundError("nobodys", "pypi.org"), [Need("nobodys", (SEEN,))], {})


@pytest.mark.parametrize(
    ("name", "beside", "meant"),
    [("numpyy", (), "numpy"), ("scikit-lern", (), "scikit-learn"), ("own-tols", ("own-tools",), "own-tools")],
)
def test_a_misspelt_name_is_told_with_what_was_perhaps_meant(name, beside, meant):
    needs = [Need(each, (SEEN,), declared=True) for each in (name, *beside)]
    said = told(PackageNotFoundError(name, "pypi.org"), needs, {})
    assert f"does not exist on pypi.org; did you mean {meant}? correct its name" in said


def _source(name, ran):
    return build_sdist(
        name,
        "1.0",
        {
            "setup.py": f"open({str(ran)!r}, 'w')\nfrom setuptools import setup\nsetup(name={name!r})".encode(),
            "PKG-INFO": f"Metadata-Version: 1.0\nName: {name}\nVersion: 1.0\n".encode(),
        },
    )


def test_a_source_distribution_by_its_path_that_needs_a_build_concerns_that_need_alone(decided, tmp_path):
    ran = tmp_path / "RAN"
    (tmp_path / "bar-1.0.tar.gz").write_bytes(_source("bar", ran))
    found, _ = decided("open", f"bar @ {(tmp_path / 'bar-1.0.tar.gz').as_uri()}")
    assert found["open"].action is Action.INSTALL
    assert found["bar"].action is Action.CONFLICT
    assert "--allow-build bar" in found["bar"].reason
    assert "planning builds nothing" in found["bar"].reason
    assert not ran.exists()


def test_a_source_distribution_by_its_path_is_planned_where_it_states_its_dependencies_for_good(decided, tmp_path):
    stated = b"Metadata-Version: 2.2\nName: pure\nVersion: 1.0\nRequires-Dist: open\n"
    (tmp_path / "pure-1.0.tar.gz").write_bytes(build_sdist("pure", "1.0", {"PKG-INFO": stated}))
    found, plan = decided(f"pure @ {(tmp_path / 'pure-1.0.tar.gz').as_uri()}")
    assert (found["pure"].action, found["open"].action) == (Action.INSTALL, Action.INSTALL)
    (told,) = [finding.message for finding in plan.findings if finding.check == "sdist"]
    assert "built from source on the pod (whether that works is not known)" in told
    assert plan.artefacts["pure"][0].hashes
    assert not plan.problems()


def test_a_commit_is_fixed_in_every_file_can_be_applied_and_is_never_a_silent_fit(decided, tmp_path):
    room = tmp_path / "repository"
    room.mkdir()
    (room / "setup.py").write_text("import torch\n")
    who = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run([*who, *words], cwd=room, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=room, check=True, capture_output=True, text=True)
    url = f"git+{room.as_uri()}@{done.stdout.strip()}"
    _, plan = decided("open", f"det2 @ git+{room.as_uri()}")
    assert not plan.problems()
    assert any(finding.check == "sdist" and finding.subject == "det2" for finding in plan.findings)
    assert f"det2 @ {url}" in write_requirements(plan)
    assert f"det2 @ {url}" in write_lock(plan)


def test_an_index_that_fails_for_one_template_leaves_the_others_their_plans(private, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setattr("podfit.index.transport._BACKOFF_SECONDS", 0.01)
    private.troubles["/simple/gone/"] = [(500, {}, b"oops")] * 40
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("open\ngone; python_version < '3.11'\n")
    old = replace(POD, name="old", interpreter=Interpreter("3.10.14"))
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "open-1.0-py3-none-any.whl").write_bytes(build_wheel("open", "1.0"))
    options = Options(index_url=private.url, find_links=(str(tmp_path / "public"),))
    session = Session(options, cache=tmp_path / "cache")
    reading = read_project(project, local="none")
    failed, fitted = session.fit(reading, [old, POD])
    assert fitted.plan is not None
    assert [decision.name for decision in fitted.plan.with_action(Action.INSTALL)] == ["open"]
    assert failed.plan is None
    assert "cannot be reached" in str(failed.refusal)
    with pytest.raises(InputError, match="cannot be reached"):
        session.fit(reading, [old])


def test_an_address_with_a_password_that_nobody_answers_is_one_need_s_conflict():
    """Of such an address an error names the host alone."""
    error = InputError("files.example.org cannot be reached (Connection refused)")
    asked = [
        Need("tool", (SEEN,), url="https://user:hunter2@files.example.org/tool-1.0-py3-none-any.whl"),
        Need("other", (SEEN,), url="https://user:hunter2@elsewhere.example.org/other-1.0-py3-none-any.whl"),
        Need("third", (SEEN,), url="https://files.example.org/third-1.0-py3-none-any.whl"),
    ]
    assert at_address(error, asked) == ["tool"]
    assert at_address(InputError("the package index at files.example.org cannot be reached (x)"), asked) == []
