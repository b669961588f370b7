"""Planning starts no program but uv and a reader of podfit's own, and runs no file of strangers or from the PATH.

Trip-wires stand wherever code could be picked up: files that Python runs by itself, the project's modules, build
backends of a source distribution and of a directory, and a PATH of programs that all leave a mark. What podfit's own
process starts and executes is seen by an audit hook (PEP 578).
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from index_support import LocalIndex, build_wheel
from uv import find_uv_bin

pytestmark = pytest.mark.slow  # each fit starts uv and Python once more, under an audit hook

PROGRAMS = (
    *("python", "python3", f"python3.{sys.version_info[1]}", "pip", "pip3", "uv", "git", "conda", "mamba", "poetry"),
    *("sh", "bash", "gcc", "cc", "g++", "make", "nvidia-smi", "nvcc", "ldd", "ldconfig", "gcc-13", "hatch", "jupyter"),
)
READER = "podfit's reader"
"""What stands for the process that reads wheels ahead."""

HOOK = """
import os, sys

READER = "podfit.fit.reading"

def _hook(event, arguments, log=os.environ["PODFIT_TEST_LOG"], busy=[]):
    if busy or event not in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "exec", "import"):
        return
    busy.append(1)
    try:
        what = arguments[0]
        if event == "exec":
            what = getattr(arguments[0], "co_filename", "")
        elif event == "subprocess.Popen":
            words = [arguments[1]] if isinstance(arguments[1], str) else [*map(os.fspath, arguments[1])]
            what = "podfit's reader" if words[:-1] == [sys.executable, "-m"] and words[-1] == READER else words[0]
        elif event == "import":
            what = arguments[1] or ""
        with open(log, "a") as file:
            file.write(f"{event}\\t{os.fsdecode(what)}\\n")
    finally:
        busy.clear()

sys.addaudithook(_hook)
"""


@dataclass(frozen=True)
class World:
    """A project full of trip-wires, a package index, and where the marks are left."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def index(self) -> Path:
        return self.root / "index"

    def tripwire(self, name: str) -> str:
        """Return a line of Python that leaves a mark."""
        return f"open({str(self.root / 'marks' / name)!r}, 'w').close()\n"

    @property
    def marks(self) -> set[str]:
        return {path.name for path in (self.root / "marks").iterdir()}

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def backend(self, name: str) -> dict[str, str]:
        """Return the files of a source tree whose requirements only its backend and its setup.py could tell."""
        hooks = "def get_requires_for_build_wheel(*_):\n    return []\n\n"
        hooks += (
            "def prepare_metadata_for_build_wheel(*_):\n    raise SystemExit('ran')\n\nbuild_wheel = build_editable = "
        )
        hooks += "prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel\n"
        return {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "inside"\nbackend-path = ["."]\n'
            f'[project]\nname = "{name}"\nversion = "1.0"\ndynamic = ["dependencies"]\n',
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            "inside.py": self.tripwire(f"backend-of-{name}") + hooks,
            "setup.py": self.tripwire(f"setup.py-of-{name}") + "from setuptools import setup\nsetup()\n",
            f"{name}.py": self.tripwire(f"import-of-{name}"),
        }

    def fit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `podfit fit` in the project, as a person would type it, with the traps first on PATH."""
        names = ("PIP_", "UV_", "CONDA_", "VIRTUAL_ENV", "PYTHON", "PODFIT_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(names)}
        variables = {
            **kept,
            "PATH": f"{self.root / 'traps'}{os.pathsep}{kept.get('PATH', '')}",
            "PYTHONPATH": str(self.root / "hook"),
            "PODFIT_TEST_LOG": str(self.root / "log"),
            "PODFIT_CACHE_DIR": str(self.root / "cache"),
            "UV_CACHE_DIR": str(self.root / "uv-cache"),
        }
        command = [
            sys.executable,
            str(Path(sys.executable).with_name("podfit")),
            "fit",
            ".",
            "--template",
            "../pod.txt",
        ]
        command += [
            "--python",
            "3.11",
            "--local",
            "none",
            "--index-url",
            self.index.as_uri(),
            "--out",
            "../out",
            *words,
        ]
        return subprocess.run(command, cwd=self.project, env=variables, capture_output=True, text=True, check=False)

    @property
    def seen(self) -> list[tuple[str, str]]:
        """What podfit's process started and executed."""
        lines = (self.root / "log").read_text(encoding="utf-8").splitlines()
        return [(event, what) for event, _, what in (line.partition("\t") for line in lines)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    for folder in ("marks", "traps", "hook", "project", "index/plain", "index/built"):
        (tmp_path / folder).mkdir(parents=True)
    made.write("hook/sitecustomize.py", HOOK)
    made.write("pod.txt", "torch==2.4.0\nnumpy==1.26.4\n")
    for name in PROGRAMS:
        trap = tmp_path / "traps" / name
        trap.write_text(f"#!/bin/sh\n: > '{tmp_path / 'marks'}/program-{name}'\nexit 1\n")
        trap.chmod(0o755)
    for name in (
        "setup.py",
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "train.py",
        "noxfile.py",
        "json.py",
    ):
        made.write(f"project/{name}", made.tripwire(f"project-{name}") + "import numpy, plain\n")
    made.write("project/start.pth", "import os; " + made.tripwire("project-start.pth"))
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    source = [made.tripwire("notebook"), "import plain\n", "!python setup.py\n", "%run train.py\n"]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "source": source}]}
    made.write("project/look.ipynb", json.dumps(notebook))
    made.write("project/requirements.txt", "numpy\nplain\n")
    wheel_into(tmp_path / "index" / "plain", made)
    return made


def wheel_into(folder: Path, world: World) -> None:
    """Write a wheel whose module and whose .pth file are trip-wires, and its page."""
    import zipfile

    name = "plain-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("plain.py", world.tripwire("import-of-plain"))
        archive.writestr("plain.pth", "import plain\n")
        archive.writestr("plain-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n")
        archive.writestr("plain-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("plain-1.0.dist-info/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{name}">{name}</a>')


def check_nothing_ran(world: World, done: subprocess.CompletedProcess[str], *more: str) -> None:
    """No mark was left; podfit's process started uv alone and executed nothing but its own environment's files.

    more are other programs that it may start; what these execute is seen, too.
    """
    assert world.marks == set(), done.stderr
    seen = world.seen
    started = {what for event, what in seen if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")}
    assert {os.path.realpath(what) for what in started} <= {*map(os.path.realpath, (find_uv_bin(), *more))}, done.stderr
    own = str(world.root)
    run = {what for event, what in seen if event in ("exec", "import") and what.startswith(own)}
    assert run <= {str(world.root / "hook" / "sitecustomize.py")}
    assert any(event == "exec" and what.endswith("click/core.py") for event, what in seen), "the hook saw nothing"


def test_a_plan_from_wheels(world: World) -> None:
    done = world.fit()
    assert done.returncode == 0, done.stderr
    assert "\nplain>=1.0" in (world.root / "out" / "requirements-pod.txt").read_text()
    assert any(event == "subprocess.Popen" for event, _ in world.seen), "uv was not asked"
    check_nothing_ran(world, done)


def test_wheels_that_are_read_ahead(world: World) -> None:
    """The process that reads wheels meanwhile executes nothing of them either, and no file where podfit was called."""
    index = LocalIndex()
    try:
        names = [f"plain{number}" for number in range(5)]
        for name in names:
            source = f"import os, other{name}\n{world.tripwire(f'import-of-{name}')}"
            files = {f"{name}.py": source.encode(), f"{name}.pth": f"import {name}\n".encode()}
            index.add(name, f"{name}-1.0-py3-none-any.whl", build_wheel(name, "1.0", (), files))
        world.write("project/requirements.txt", "numpy\n" + "".join(f"{name}\n" for name in names))
        world.write("project/podfit/__init__.py", world.tripwire("project-podfit"))
        done = world.fit("--index-url", index.url)
    finally:
        index.close()
    assert done.returncode == 0, done.stderr
    several = len(os.sched_getaffinity(0)) > 1
    assert ("subprocess.Popen", READER) in world.seen or not several
    check_nothing_ran(world, done, READER)
    assert not several or any(event == "exec" and what.endswith("fit/reading.py") for event, what in world.seen)


def test_a_project_with_a_backend_of_its_own(world: World) -> None:
    for name, text in world.backend("project").items():
        if name != "PKG-INFO":
            world.write(f"project/{name}", text)
    world.write("project/requirements.txt", "numpy\nplain\n-e .\n")
    check_nothing_ran(world, world.fit())


def test_a_source_distribution(world: World) -> None:
    put_source(world)
    check_nothing_ran(world, world.fit())


def test_a_source_distribution_is_built_where_it_is_allowed(world: World) -> None:
    """The control: what --allow-build says is true."""
    put_source(world)
    world.fit("--allow-build", "built")
    assert "backend-of-built" in world.marks


def put_source(world: World) -> None:
    """Put a source distribution into the index whose requirements only its backend tells, and ask for it."""
    name = "built-1.0.tar.gz"
    with tarfile.open(world.index / "built" / name, "w:gz") as archive:
        for path, text in world.backend("built").items():
            entry = tarfile.TarInfo(f"built-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    (world.index / "built" / "index.html").write_text(f'<a href="{name}">{name}</a>')
    world.write("project/requirements.txt", "numpy\nplain\nbuilt\n")


@pytest.mark.parametrize("line", ["./lib", "-e ./lib", "lib @ file://{root}/project/lib"])
def test_a_directory_with_a_backend_of_its_own(world: World, line: str) -> None:
    for name, text in world.backend("lib").items():
        world.write(f"project/lib/{name}", text)
    world.write("project/requirements.txt", f"numpy\nplain\n{line.format(root=world.root)}\n")
    check_nothing_ran(world, world.fit())


def test_the_trip_wires_work(world: World) -> None:
    """The control: what must not run would leave its mark, and the hook would see it."""
    variables = {**os.environ, "PYTHONPATH": str(world.root / "hook"), "PODFIT_TEST_LOG": str(world.root / "log")}
    code = "import subprocess, runpy; subprocess.run(['./pip']); runpy.run_path('../project/setup.py')"
    subprocess.run(
        [sys.executable, "-c", code], cwd=world.root / "traps", env=variables, capture_output=True, check=False
    )
    assert world.marks == {"program-pip", "project-setup.py"}
    assert ("subprocess.Popen", "./pip") in world.seen
    assert any(event == "exec" and what.endswith("project/setup.py") for event, what in world.seen)
