"""A failed check that is ignored, with a reason: on the command line, in pyproject.toml, in a program."""

from __future__ import annotations

import pytest
from fit_support import template

import podfit
from podfit.cli.main import run
from podfit.model import Verdict
from podfit.readers.project import read_project

PYPROJECT = '[project]\nname = "moola"\nversion = "1"\nrequires-python = ">=3.99"\ndependencies = ["numpy"]\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PODFIT_INDEX_URL", str(tmp_path / "index"))
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.chdir(folder)
    return folder


def _fit(**named):
    (result,) = podfit.fit(".", template("pod", {"numpy": ("2.0.0", [])}), local="none", **named)
    return result.plan


def _python(plan):
    return next(finding for finding in plan.findings if finding.check == "python")


def test_a_program_ignores_it(project):
    assert not _fit().feasible
    assert _python(_fit()).verdict is Verdict.FAILED
    plan = _fit(options=podfit.Options(ignore={"PF103": "its metadata is too strict"}))
    assert plan.feasible
    assert _python(plan).ignored == "its metadata is too strict"
    with pytest.raises(podfit.InputError, match="cannot be ignored"):
        podfit.Options(ignore={"PF104": "please"})


def test_the_project_ignores_it(project):
    (project / "pyproject.toml").write_text(f'{PYPROJECT}\n[tool.podfit.ignore]\nPF103 = "we tested it"\n')
    assert _python(_fit()).message.startswith("failed, and ignored (we tested it): the project requires Python >=3.99")
    plan = _fit(options=podfit.Options(ignore={"PF103": "told again"}))
    assert _python(plan).ignored == "told again"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('PF103 = ""', "has no reason; say why it is ignored"),
        ("PF103 = 3", "tool.podfit.ignore.PF103 is not a string"),
        (
            'PF130 = "x"',
            "toml:8: there is no check 'PF130' to ignore; docs/checks/README.md lists the codes",
        ),
        ('PF303 = "x"', "cannot be ignored"),
    ],
)
def test_a_wrong_entry_is_one_sentence_with_its_place(project, table, said):
    (project / "pyproject.toml").write_text(f"{PYPROJECT}\n[tool.podfit.ignore]\n{table}\n")
    with pytest.raises(podfit.InputError, match=said):
        read_project(project, local="none")


def test_the_command_ignores_it(project, capfd):
    (project / "pod.txt").write_text("numpy==2.0.0\n")
    words = [
        "matrix",
        ".",
        "-t",
        "pod.txt",
        "--python",
        "3.11",
        "--glibc",
        "2.35",
        "--local",
        "none",
        "--format",
        "json",
    ]
    assert run(words) == 1
    assert run([*words, "--ignore", "PF103=we tested it"]) == 0
    assert "failed, and ignored (we tested it)" in capfd.readouterr().out
    assert run([*words, "--ignore", "PF103"]) == 0
    assert run([*words, "--ignore", "PF777"]) == 2
    assert "there is no check 'PF777' to ignore" in capfd.readouterr().err
