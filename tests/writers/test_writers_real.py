"""The written files in the hands of pip and uv, on an environment that plays a template."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from writers_support import DECLARED, PUBLISHED

from podfit.model import (
    Action,
    Artefact,
    Change,
    Decision,
    Distribution,
    Interpreter,
    Need,
    Origin,
    Plan,
    Platform,
    Template,
)
from podfit.writers.files import write_files
from podfit.writers.registry import all_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.network

TEMPLATE = {"idna": "3.4", "certifi": "2024.2.2", "six": "1.15.0"}
"""What the environment has beside the torch that no index has; all older than what PyPI has."""
HELD = ("torch", "2.4.0+cu999")


def run(*words: str | Path) -> str:
    """Run a command and return what it printed; its whole output is the failure's message."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def uv() -> str:
    """The uv that podfit depends on."""
    from uv import find_uv_bin

    return find_uv_bin()


def wheel(folder: Path, name: str, version: str, requires: Sequence[str] = ()) -> Path:
    """A wheel with one module and this metadata."""
    stem = f"{name}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    contents = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    contents[record] = "".join(f"{path},,\n" for path in [*contents, record])
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for where, text in contents.items():
            archive.writestr(where, text)
    return path


def freeze(python: Path) -> dict[str, str]:
    """What is installed, by pip's own account."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"))
    return {entry["name"].lower(): entry["version"] for entry in listed}


@pytest.fixture(scope="module")
def python_series() -> str:
    """The series of the interpreter that runs the tests: the environment uses it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(scope="module")
def torch_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The held distribution; no index has its version."""
    return wheel(tmp_path_factory.mktemp("wheels"), *HELD, ["idna"])


@pytest.fixture
def environment(tmp_path: Path, torch_wheel: Path) -> Path:
    """The Python of an environment that plays the template."""
    folder = tmp_path / "env"
    run(uv(), "venv", "-q", "--no-python-downloads", "--seed", "-p", sys.executable, folder)
    python = folder / "bin" / "python"
    run(uv(), "pip", "install", "-q", "-p", python, torch_wheel, *(f"{n}=={v}" for n, v in TEMPLATE.items()))
    return python


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, python_series: str) -> Path:
    """The directory of podfit's files for: requests installed, six changed, idna, certifi and torch kept."""
    folder = tmp_path_factory.mktemp("files")
    question = folder / "in.txt"
    question.write_text("requests>=2.30,<2.33\nsix==1.16.0\nidna==3.4\ncertifi==2024.2.2\n")
    answer = folder / "pylock.toml"
    run(uv(), "pip", "compile", "-q", question, "-o", answer, "--format", "pylock.toml", "-p", sys.executable)
    solved = {package["name"]: package for package in tomllib.loads(answer.read_text())["packages"]}
    artefacts, decisions = {}, []
    for name, package in solved.items():
        before = TEMPLATE.get(name, "")
        action = Action.INSTALL if not before else Action.KEEP if before == package["version"] else Action.CHANGE
        direct = name in ("requests", "six", "idna")
        decisions.append(
            Decision(name, action, "for the test", (DECLARED,), "", before, package["version"], direct=direct)
        )
        if action is not Action.KEEP:
            entries = [("wheel", entry) for entry in package["wheels"]] + [("sdist", package["sdist"])]
            artefacts[name] = tuple(
                Artefact(
                    entry["url"].rpartition("/")[2],
                    entry["url"],
                    tuple(f"{kind}:{digest}" for kind, digest in entry["hashes"].items()),
                    kind,
                    entry.get("size", 0),
                    entry["upload-time"].isoformat() if "upload-time" in entry else "",
                )
                for kind, entry in entries
            )
    decisions.append(Decision(HELD[0], Action.KEEP, "held", (DECLARED,), template=HELD[1], direct=True, held=True))
    present = [Distribution(name, version, PUBLISHED) for name, version in (*TEMPLATE.items(), HELD)]
    plan = Plan(
        project="real",
        template=Template(
            name="played-2.4",
            interpreter=Interpreter(f"{python_series}.0"),
            platform=Platform(),
            distributions={d.name: d for d in present},
            origin=Origin.GIVEN,
            evidence=PUBLISHED,
        ),
        needs=(
            Need("requests", (DECLARED,), ">=2.30"),
            Need("six", (DECLARED,)),
            Need("idna", (DECLARED,), ">=3"),
            Need("torch", (DECLARED,), ">=2"),
        ),
        decisions=tuple(sorted(decisions, key=lambda d: d.name)),
        artefacts=artefacts,
        changes=(Change("six", "1.15.0", "1.16.0", "for the test"),),
        edges={"requests": ("certifi", "charset-normalizer", "idna", "urllib3")},
    )
    assert {d.name for d in plan.with_action(Action.INSTALL)} >= {"requests", "urllib3", "charset-normalizer"}
    write_files(all_files([plan]), folder)
    return folder


def check_outcome(python: Path, *, exact: Path | None = None) -> None:
    """Nothing held or kept moved, six changed as planned, requests came, and the environment is consistent."""
    found = freeze(python)
    assert found["torch"] == HELD[1]
    assert found["idna"] == TEMPLATE["idna"]
    assert found["certifi"] == TEMPLATE["certifi"]
    assert found["six"] == "1.16.0"
    assert "requests" in found
    run(python, "-m", "pip", "check")
    run(python, "-c", "import requests, torch")
    if exact is not None:
        plan = json.loads((exact / "plan-played-2.4.json").read_text())
        planned = {d["name"]: d["planned"] for d in plan["decisions"] if d["planned"]}
        assert {name: found[name] for name in planned} == planned


def test_pip_with_requirements_and_constraints(environment: Path, files: Path) -> None:
    requirements, constraints = files / "requirements-played-2.4.txt", files / "constraints-played-2.4.txt"
    run(environment, "-m", "pip", "install", "-q", "-r", requirements, "-c", constraints)
    check_outcome(environment)
    again = run(environment, "-m", "pip", "install", "--dry-run", "-r", requirements, "-c", constraints)
    assert "Would install" not in again


def test_uv_with_requirements_and_constraints(environment: Path, files: Path) -> None:
    requirements, constraints = files / "requirements-played-2.4.txt", files / "constraints-played-2.4.txt"
    run(uv(), "pip", "install", "-p", environment, "-r", requirements, "-c", constraints)
    check_outcome(environment)
    again = run(uv(), "pip", "install", "--dry-run", "-p", environment, "-r", requirements, "-c", constraints)
    assert "Would make no changes" in again


def test_constraints_hold_against_a_greedy_install(environment: Path, files: Path) -> None:
    constraints = files / "constraints-played-2.4.txt"
    greedy = ["--upgrade", "--upgrade-strategy", "eager", "requests", "torch"]
    text = run(environment, "-m", "pip", "install", "--dry-run", *greedy, "-c", constraints)
    would = next(line for line in text.splitlines() if line.startswith("Would install")).split()
    assert not [word for word in would if word.startswith(("torch-", "idna-", "certifi-"))]
    free = run(environment, "-m", "pip", "install", "--dry-run", "--upgrade", "--upgrade-strategy", "eager", "requests")
    assert " idna-" in free, "without the constraints pip does replace what the template has"


def test_pip_with_the_lock(environment: Path, files: Path) -> None:
    lock = files / "lock-played-2.4.txt"
    run(environment, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", lock)
    check_outcome(environment, exact=files)


@pytest.mark.slow
def test_uv_with_the_pylock(environment: Path, files: Path) -> None:
    pylock = files / "pylock.played-2-4.toml"
    text = run(uv(), "pip", "install", "--dry-run", "-p", environment, "-r", pylock)
    assert "requests==" in text
    assert "torch" not in text
    assert "idna" not in text
    run(uv(), "pip", "install", "-q", "-p", environment, "-r", pylock)
    check_outcome(environment, exact=files)


def test_uv_refuses_the_pylock_of_another_python(environment: Path, files: Path, tmp_path: Path) -> None:
    text = (files / "pylock.played-2-4.toml").read_text()
    series = f"{sys.version_info[0]}.{sys.version_info[1]}"
    other = tmp_path / "pylock.other.toml"
    other.write_text(text.replace(f"=={series}.*", "==3.7.*").replace(f"'{series}'", "'3.7'"))
    done = subprocess.run(
        [uv(), "pip", "install", "--dry-run", "-p", str(environment), "-r", str(other)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "3.7" in done.stderr


@pytest.mark.slow
def test_a_damaged_hash_is_refused(environment: Path, files: Path, tmp_path: Path) -> None:
    text = (files / "lock-played-2.4.txt").read_text()
    damaged = tmp_path / "lock.txt"
    damaged.write_text(re.sub(r"(sha256:[0-9a-f]{60})[0-9a-f]{4}", r"\g<1>0000", text))
    words = [environment, "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", damaged]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert "requests" not in freeze(environment)
