"""read_local: files, interpreters, and the active environment when nothing is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from podfit.model import EvidenceKind, InputError
from podfit.readers.local import read_local


class Told:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def make_venv(folder: Path, **distributions: str) -> Path:
    """Make an environment without pip; each distribution is a name and its Requires-Dist lines joined by newlines."""
    done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this Python cannot make environments: {done.stdout.strip()[-200:]}")
    (site,) = folder.glob("lib/python*/site-packages")
    for name, requires in distributions.items():
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        lines = "".join(f"Requires-Dist: {line}\n" for line in requires.splitlines())
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}\n")
        (site / f"{name}.py").write_text("")
        (info / "RECORD").write_text(f"{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n")
    return folder


def test_a_file_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("# python: 3.12.2\nA_b==1\n-e /src/own\n")
    told = Told()
    local = read_local(str(tmp_path / "f.txt"), reporter=told)
    assert local.python_version == "3.12.2"
    assert {name: d.version for name, d in local.distributions.items()} == {"a-b": "1", "own": ""}
    assert local.evidence.kind is EvidenceKind.METADATA
    assert local.evidence.source == str(tmp_path / "f.txt")
    assert not local.import_map
    assert told.steps == [f"local environment: {tmp_path}/f.txt (pip freeze), 2 distributions"]
    assert any("editable" in warning and "own" in warning for warning in told.warnings)


@pytest.mark.parametrize("inside", ["venv", "venv/bin/python", "."])
def test_an_environment_by_directory_by_interpreter_and_by_the_project_around_it(inside: str, tmp_path: Path) -> None:
    make_venv(tmp_path / ("venv" if inside != "." else ".venv"), alpha="beta>=1", beta="")
    told = Told()
    local = read_local(str(tmp_path / inside), reporter=told)
    assert {name: d.version for name, d in local.distributions.items()} == {"alpha": "1.0", "beta": "1.0"}
    assert local.distributions["alpha"].requires_dist == ("beta>=1",)
    assert local.import_map == {"alpha": ("alpha",), "beta": ("beta",)}
    assert local.python_version == "{}.{}.{}".format(*sys.version_info[:3])
    assert local.evidence.source.endswith("venv/bin/python")
    assert told.steps[0].startswith("local environment: ")


def test_a_list_with_a_stray_executable_bit_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "freeze.txt"
    path.write_text("a==1\n")
    path.chmod(0o755)
    assert list(read_local(str(path)).distributions) == ["a"]


def script(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo hello", "the probe did not run in it; give a Python 3.8 or newer"),
        ("echo 'pyenv: no such version' >&2; echo 'more' >&2; exit 127", "in it: pyenv: no such version; give"),
        ("echo 'File x' >&2; echo 'SyntaxError: invalid syntax' >&2; exit 1", "in it: SyntaxError: invalid syntax"),
        ('echo \'{"schema": "podfit.template/1"\'', "the probe did not run in it"),
    ],
)
def test_a_program_that_is_no_python(text: str, said: str, tmp_path: Path) -> None:
    path = script(tmp_path / "python3", text)
    with pytest.raises(InputError) as caught:
        read_local(path)
    assert said in str(caught.value)
    assert path in str(caught.value)


def test_one_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podfit.readers.environment.interpreter.TIMEOUT", 0.2)
    with pytest.raises(InputError, match="did not answer within"):
        read_local(script(tmp_path / "python3", "exec sleep 30"))


@pytest.mark.parametrize(
    ("name", "said"),
    [("absent.txt", "there is no such file"), ("python99.9", "there is no such file"), (".", "no bin/python")],
)
def test_what_is_not_there(name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        read_local(name)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No active environment and an empty PATH."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setenv("PATH", "")
    return monkeypatch


@pytest.mark.slow
def test_the_active_environment_comes_before_path(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    active, other = make_venv(tmp_path / "active", alpha=""), make_venv(tmp_path / "other", beta="")
    bare.setenv("PATH", f"/nowhere{os.pathsep}{other}/bin")
    told = Told()
    assert list(read_local(None, reporter=told).distributions) == ["beta"]
    assert told.steps == [f"local environment: {other}/bin/python3 (python3 on PATH), "
                          f"Python {'.'.join(map(str, sys.version_info[:3]))}, 1 distribution"]  # fmt: skip
    bare.setenv("CONDA_PREFIX", str(other))
    bare.setenv("VIRTUAL_ENV", str(active))
    local = read_local(None)
    assert list(local.distributions) == ["alpha"]
    assert f"{active}/bin/python" in local.evidence.source
    bare.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    assert list(read_local(None).distributions) == ["beta"], "conda's, when the other is gone"


def test_a_broken_python_on_path_is_passed_over_and_told(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    broken = script(tmp_path / "shims" / "python3", "echo 'no version is set' >&2; exit 127")
    other = make_venv(tmp_path / "other", beta="")
    bare.setenv("PATH", f"{tmp_path}/shims:/bin:{other}/bin".replace(":/bin:", ":"))
    told = Told()
    assert list(read_local(None, reporter=told).distributions) == ["beta"]
    assert len(told.warnings) == 1
    assert broken in told.warnings[0]
    assert "no version is set" in told.warnings[0]


@pytest.mark.slow
def test_podfits_own_environment_is_nobodys_project(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    tool = make_venv(tmp_path / "tool", podfit="click>=8\nuv; extra == 'x'", click="", uv="", pip="")
    bare.setattr(sys, "prefix", str(tool))
    bare.setenv("VIRTUAL_ENV", str(tool))
    told = Told()
    local = read_local(None, reporter=told)
    assert not local.distributions
    assert local.evidence.kind is EvidenceKind.ASSUMED
    assert "it holds podfit alone" in local.evidence.detail
    assert len(told.warnings) == 1
    assert "--local" in told.warnings[0]
    project = make_venv(tmp_path / "project", alpha="")
    bare.setenv("PATH", f"{tool}/bin:{project}/bin")
    assert list(read_local(None).distributions) == ["alpha"], "the next python3 on PATH"


def test_an_environment_with_podfit_and_a_project_counts(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    mixed = make_venv(tmp_path / "mixed", podfit="click", click="", alpha="")
    bare.setattr(sys, "prefix", str(mixed))
    bare.setenv("VIRTUAL_ENV", str(mixed))
    assert sorted(read_local(None).distributions) == ["alpha", "click", "podfit"]


def test_nothing_at_all_is_told(bare: pytest.MonkeyPatch) -> None:
    told = Told()
    local = read_local(None, reporter=told)
    assert (local.distributions, local.evidence.kind) == ({}, EvidenceKind.ASSUMED)
    assert "no local environment was found" in told.warnings[0]
