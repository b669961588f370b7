"""`podfit.fit(...)`: what a program gives and gets; the example of docs/library.md runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fit_support import simple_index, template

import podfit
from podfit.readers.project import read_project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project in the working directory, and a directory of wheels that is the whole index."""
    for variable in ("INDEX_URL", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "INDEX"):
        monkeypatch.delenv(f"UV_{variable}", raising=False)
        monkeypatch.delenv(f"PIP_{variable}", raising=False)
    monkeypatch.setenv("PODFIT_INDEX_URL", str(simple_index(tmp_path / "index", {("alpha", "1.0"): ["numpy"]})))
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("alpha\nnumpy\n")
    (project / "train.py").write_text("import alpha\nimport numpy\n")
    monkeypatch.chdir(project)
    return project


def test_the_documented_example_runs(here, capsys):
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    example, *_ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(example, "docs/library.md", "exec"), {})
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "runpod-pytorch-2.2: fits"
    assert out[1] == "  alpha 1.0: absent from the template, declared and imported by the project"
    assert out[2] == "runpod-pytorch-2.4: fits"


def test_paths_names_and_read_objects_are_taken(here, tmp_path):
    freeze = tmp_path / "freeze.txt"
    freeze.write_text("numpy==1.26.4\n")
    pod = template("mine", {"numpy": ("2.0.0", [])})
    results = podfit.fit(here, [pod, freeze, "runpod-pytorch-2.4"], python="3.11", local="none")
    assert [result.template.name for result in results] == ["mine", "freeze", "runpod-pytorch-2.4"]
    assert all(result.plan.feasible for result in results)
    reading = read_project(here, local="none")
    for project in (reading, reading.project):
        (result,) = podfit.fit(project, pod)
        assert result.plan.decisions == results[0].plan.decisions
    assert not list(here.glob("podfit-out*"))


def test_a_template_that_nothing_fits_is_a_result(here):
    (here / "requirements.txt").write_text("alpha\nnumpy>=2\n")
    old = template("old", {"numpy": ("1.26.4", [])})
    (result,) = podfit.fit(".", old, local="none", options=podfit.Options(hold=("numpy",)))
    assert result.plan is not None
    assert not result.plan.feasible


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((["nowhere", "runpod-pytorch-2.4"], {}), "does not exist"),
        (([".", "no-such-template"], {}), "no-such-template"),
        (([".", []], {}), "no template is named"),
        (([".", ["runpod-pytorch-2.4", "runpod-pytorch-2.4"]], {}), "two templates are called"),
    ],
)
def test_a_bad_call_is_one_sentence(here, given, said):
    words, named = given
    with pytest.raises(podfit.PodfitError, match=said):
        podfit.fit(*words, **named)


def test_a_date_that_is_none():
    with pytest.raises(podfit.InputError, match="is no date"):
        podfit.Options(exclude_newer="yesterday")


def test_importing_podfit_is_cheap_and_fit_keeps_its_name_and_signature():
    code = (
        "import sys, podfit\n"
        "assert not [m for m in sys.modules if m.startswith('podfit.')], sys.modules\n"
        "import podfit.fit.session\n"
        "from podfit import fit\n"
        "assert callable(podfit.fit) and fit is podfit.fit\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert list(inspect.signature(podfit.fit).parameters)[:2] == ["project", "templates"]
    for name in podfit.__all__:
        assert getattr(podfit, name)
    with pytest.raises(AttributeError):
        _ = podfit.nothing
