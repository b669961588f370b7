"""`[tool.podfit]`: in a project that says where it goes, `podfit fit` needs no other word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import podfit, write

from podfit.cli.fitting import fit_options
from podfit.model import InputError
from podfit.readers.settings import KEYS, read_settings

PROJECT = {
    "main.py": "import alpha\n",
    "extra.py": "import gamma\n",
    "requirements.txt": "alpha>=1\n",
    "pods/pod.txt": "# python: 3.11.9\ntorch==2.4.0\nbeta==1.0\n",
    "tested.txt": "# python: 3.12.2\nalpha==1.0\n",
}
SETTINGS = """
[tool.podfit]
templates = ["pods/pod.txt"]
local = "tested.txt"
hold = ["beta"]
exclude = ["extra.py"]
"""


@pytest.mark.slow
def test_fit_alone_is_enough(tmp_path: Path, index: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS})
    done = podfit("matrix", "--format", "json", cwd=tmp_path, PODFIT_INDEX_URL=str(index))
    assert done.code == 0, done.err
    (pod,) = json.loads(done.out)["templates"]
    assert (pod["name"], pod["held_versions"]) == ("pod", {"beta": "1.0", "torch": "2.4.0"})
    assert pod["questions"] == []  # extra.py, whose import nobody knows, is not read
    (alpha,) = (row for row in json.loads(done.out)["rows"] if row["name"] == "alpha")
    assert alpha["local"] == "1.0"


@pytest.mark.slow
def test_a_call_comes_before_the_settings(tmp_path: Path, index: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS, "other.txt": "# python: 3.11.9\ntorch==2.5.0\n"})
    words = ("matrix", tmp_path, "-t", tmp_path / "other.txt", "--local", "none", "--format", "json")
    done = podfit(*words, PODFIT_INDEX_URL=str(index))
    assert [each["name"] for each in json.loads(done.out)["templates"]] == ["other"]


@pytest.mark.slow
def test_an_unknown_key_is_named_and_passed_over(tmp_path: Path, index: Path) -> None:
    settings = SETTINGS.replace("exclude =", "exclud =")
    write(tmp_path, {**PROJECT, "pyproject.toml": settings})
    done = podfit("matrix", cwd=tmp_path, PODFIT_INDEX_URL=str(index))
    assert "pyproject.toml:6: podfit has no setting 'exclud', it is passed over; did you mean exclude?" in done.err


@pytest.mark.slow
def test_the_next_command_decides_as_this_one_did(tmp_path: Path, index: Path) -> None:
    write(tmp_path, PROJECT)
    local = str(tmp_path / "tested.txt")
    words = ("matrix", tmp_path, "-t", tmp_path / "pods/pod.txt", "--local", local, "--only-imported", "--details")
    done = podfit(*words, "--hold", "beta", PODFIT_INDEX_URL=str(index), COLUMNS="400")
    said = f"podfit fit {tmp_path} -t {tmp_path}/pods/pod.txt --local {local} --only-imported --hold beta"
    assert said == done.out.splitlines()[-1].strip()


def test_a_value_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "pyproject.toml": SETTINGS.replace('"tested.txt"', "3")})
    done = podfit("fit", tmp_path, "-t", tmp_path / "pods/pod.txt")
    assert "tool.podfit.local is not a string" in done.sentence
    assert "pyproject.toml:4" in done.sentence


def test_without_settings_a_bare_call_helps(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    done = podfit("fit", cwd=tmp_path)
    assert done.code == 2
    assert "Usage: podfit fit" in done.out + done.err


def test_every_option_that_decides_a_plan_is_a_setting_too() -> None:
    @fit_options
    def command() -> None:
        """Carry the options."""

    given = {option.opts[0].lstrip("-") for option in command.__click_params__ if option.opts[0].startswith("--")}  # type: ignore[attr-defined]
    plural = {"template": "templates", "extra": "extras", "group": "groups"}
    of_the_machine = {"index-url", "extra-index-url", "allow-build"}  # a project's file decides nothing that runs here
    of_one_call = {"offline", "refresh", "details", "quiet", "verbose"}
    assert {plural.get(name, name) for name in given - of_the_machine - of_one_call} == set(KEYS)


def test_flags_and_texts_are_read_and_files_are_the_project_s(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": """[tool.podfit]
slim = true
only-imported = false
include-optional = true
release = ["triton"]
requirements = ["needs/pod.txt"]
prefer = "template"
python = "3.11"
exclude-newer = "2026-01-01"
"""
        },
    )
    found = read_settings(tmp_path)
    assert (found.slim, found.only_imported, found.include_optional, found.include_tests) == (True, False, True, False)
    assert (found.release, found.prefer, found.python) == (("triton",), "template", "3.11")
    assert (found.requirements, found.exclude_newer) == ((str(tmp_path / "needs/pod.txt"),), "2026-01-01")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('slim = "yes"', "pyproject.toml:2: tool.podfit.slim is neither true nor false"),
        ('prefer = "newest"', "pyproject.toml:2: tool.podfit.prefer is no choice: 'newest'"),
        ("python = 3.11", "pyproject.toml:2: tool.podfit.python is not a string"),
    ],
)
def test_a_setting_that_means_nothing_is_one_sentence(line: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": f"[tool.podfit]\n{line}\n"})
    with pytest.raises(InputError) as caught:
        read_settings(tmp_path)
    assert sentence in str(caught.value)


@pytest.mark.slow
def test_settings_decide_the_plan_as_options_do(tmp_path: Path, index: Path) -> None:
    settings = SETTINGS + "only-imported = true\nonly_importd = true\n"
    write(tmp_path, {**PROJECT, "requirements.txt": "alpha>=1\nbeta\n", "pyproject.toml": settings})
    done = podfit("matrix", "--format", "json", cwd=tmp_path, PODFIT_INDEX_URL=str(index))
    assert done.code == 0, done.err
    assert "did you mean only-imported?" in done.err
    assert [row["name"] for row in json.loads(done.out)["rows"] if row["group"] == "direct"] == ["alpha"]
