"""The promise, kept on a real environment: the project comes to run, and nothing of the template changes.

An environment with the real torch 2.2.2, its CUDA libraries, NumPy 1.26 and a Jupyter plays the template. podfit probes
it and fits examples/moola onto it; pip and uv install what podfit wrote; the example trains.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

EXAMPLE = Path(__file__).parents[2] / "examples" / "moola"
TEMPLATE = ("torch==2.2.2", "numpy==1.26.4", "ipykernel==6.29.5", "notebook==6.5.7")
NAMED = {"torch", "numpy", "ipykernel", "notebook", "triton", "nvidia-cudnn-cu12", "nvidia-cublas-cu12"}
DOCUMENT = (
    *("pandas", "scipy", "scikit-learn", "xgboost", "imbalanced-learn", "pytorch-lightning", "mlflow", "loguru"),
    *("click", "typer", "hydra-core", "pydantic", "pyarrow", "pandera", "numpy"),
)
_KEPT_PIP_VARIABLES = ("PIP_CACHE_DIR", "PIP_CERT", "PIP_INDEX_URL", "PIP_TRUSTED_HOST")
_ACCOUNT = """
import hashlib, importlib.metadata as m, json, re
found = {}
for d in m.distributions():
    record = d.read_text("RECORD") or ""
    name = re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower()
    found[name] = [d.version, hashlib.sha256(record.encode()).hexdigest(), record.count("\\n")]
print(json.dumps(found))
"""

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.xdist_group("torch"),
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or not (3, 10) <= sys.version_info[:2] <= (3, 12),
        reason="torch 2.2.2 with CUDA is for Linux on x86_64, moola and NumPy 1.26 for Python 3.10 to 3.12",
    ),
]


def variables(**more: str) -> dict[str, str]:
    """Return the person's variables without what steers pip or Python: what is seen is pip itself."""
    dropped = ("PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_FIND_LINKS")
    kept = {k: v for k, v in os.environ.items() if k in _KEPT_PIP_VARIABLES or not k.startswith(dropped)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CONFIG": "1", **more}


def run(*words: object, code: int = 0, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command that ends with this exit code."""
    more.setdefault("env", variables())
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)
    assert done.returncode == code, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


@dataclass(frozen=True)
class Environment:
    """A virtual environment with pip in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def pip(self, *words: object, code: int = 0) -> str:
        """Run the environment's own pip."""
        return run(self.python, "-m", "pip", *words, code=code).stdout

    def uv(self, *words: object) -> str:
        """Run `uv pip install` on the environment; return what it says on standard error."""
        return run(find_uv_bin(), "pip", "install", "-p", self.python, *words).stderr

    def account(self) -> dict[str, tuple[str, str, int]]:
        """Return version, SHA-256 of RECORD and number of files of each distribution."""
        found = json.loads(run(self.python, "-c", _ACCOUNT).stdout)
        return {name: (version, digest, files) for name, (version, digest, files) in found.items()}

    def complaints(self) -> set[str]:
        """Return what `pip check` finds wrong."""
        done = subprocess.run(
            [str(self.python), "-m", "pip", "check"], env=variables(), capture_output=True, text=True, check=False
        )
        return {line for line in done.stdout.splitlines() if line != "No broken requirements found."}


def new_environment(folder: Path, *install: object) -> Environment:
    """Make an environment of this Python; what uv's cache has is linked, not copied."""
    run(find_uv_bin(), "venv", "-q", "--seed", "--no-python-downloads", "-p", sys.executable, folder)
    environment = Environment(folder)
    environment.uv("-q", *install)
    return environment


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment that plays the template."""
    folder = tmp_path_factory.mktemp("template") / "env"
    yield new_environment(folder, *TEMPLATE)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def before(template: Environment) -> dict[str, tuple[str, str, int]]:
    """What the template has."""
    account = template.account()
    assert set(account) >= NAMED
    assert (account["torch"][0], account["numpy"][0]) == ("2.2.2", "1.26.4")
    assert len([name for name in account if name.startswith("nvidia-")]) >= 11
    return account


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, so that nothing is written into the repository."""
    return shutil.copytree(
        EXAMPLE, tmp_path_factory.mktemp("example") / "moola", ignore=shutil.ignore_patterns("runs", "__pycache__")
    )


@dataclass(frozen=True)
class Fit:
    """What podfit wrote."""

    plan: dict[str, Any]
    requirements: Path
    constraints: Path
    lock: Path
    pylock: Path


@pytest.fixture(scope="module")
def fit(template: Environment, example: Path, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """Probe the template and fit the example onto it, by the commands that a person types."""
    folder = tmp_path_factory.mktemp("fit")
    manifest, out = folder / "template.json", folder / "out"
    env = variables(PODFIT_CACHE_DIR=str(folder / "cache"))
    podfit = (sys.executable, "-m", "podfit")
    run(*podfit, "probe", "--python", template.folder, "-o", manifest, env=env)
    local = example / "local-environment.txt"
    words = ("--local", local, "--template", manifest, "--out", out)
    # The proof is of the plan that changes nothing; what was tested would shadow the packaging of today.
    run(*podfit, "fit", example, *words, "--prefer", "template", env=env)

    def only(pattern: str) -> Path:
        (path,) = out.glob(pattern)
        return path

    return Fit(
        json.loads(only("plan-*.json").read_text(encoding="utf-8")),
        only("requirements-*.txt"),
        only("constraints-*.txt"),
        only("lock-*.txt"),
        only("pylock.*.toml"),
    )


@pytest.fixture
def copy(
    template: Environment, before: dict[str, tuple[str, str, int]], tmp_path: Path
) -> Iterator[Callable[[], Environment]]:
    """Makes the template once more, to be changed by the test; it is removed afterwards."""
    folder = tmp_path / "copy"

    def make() -> Environment:
        made = new_environment(folder, "--no-deps", *(f"{name}=={version}" for name, (version, *_) in before.items()))
        assert {n: v for n, (v, *_) in made.account().items()} == {n: v for n, (v, *_) in before.items()}
        return made

    yield make
    shutil.rmtree(folder, ignore_errors=True)


def train(environment: Environment, example: Path, folder: Path) -> str:
    """Train all three of the example's models shortly; return what it prints."""
    words = ("-m", "moola", "train", "--folder", folder, "data.rows=1000", "training.epochs=1")
    return run(environment.python, *words, cwd=folder.parent, env=variables(PYTHONPATH=str(example / "src"))).stdout


def check_untouched(
    environment: Environment, was: dict[str, tuple[str, str, int]], complaints: set[str], plan: dict[str, Any]
) -> dict[str, str]:
    """Nothing of the template changed, nothing new is wrong, everything needed is there; return the versions."""
    now = environment.account()
    assert {name: now[name][0] for name in was if name in now} == {name: entry[0] for name, entry in was.items()}
    held = [decision["name"] for decision in plan["decisions"] if decision.get("held")]
    assert {"torch", "triton"} < set(held)
    assert {name for name in was if name.startswith("nvidia-")} < set(held)
    for name in held:
        assert now[name] == was[name], f"{name}: another RECORD"
    assert environment.complaints() <= complaints
    assert set(DOCUMENT) <= set(now)
    return {name: entry[0] for name, entry in now.items()}


def test_the_plan_keeps_the_whole_template(fit: Fit, before: dict[str, tuple[str, str, int]]) -> None:
    decisions = {decision["name"]: decision for decision in fit.plan["decisions"]}
    touched = {
        name: d["action"] for name, d in decisions.items() if name in before and d["action"] not in ("keep", "skip")
    }
    assert touched == {}
    assert not fit.plan.get("changes")
    assert {d["action"] for name, d in decisions.items() if name in DOCUMENT} <= {"keep", "install"}
    assert decisions["numpy"]["action"] == decisions["torch"]["action"] == "keep"
    text = fit.requirements.read_text() + fit.lock.read_text() + fit.pylock.read_text()
    wanted = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in wanted if line.startswith(("torch==", "torch>", "nvidia-", 'name = "torch"'))]


def test_plain_pip_installs_it_and_the_example_trains(
    fit: Fit, copy: Callable[[], Environment], example: Path, tmp_path: Path
) -> None:
    environment = copy()
    was, complaints = environment.account(), environment.complaints()
    environment.pip("install", "-q", "-r", fit.requirements, "-c", fit.constraints)
    check_untouched(environment, was, complaints, fit.plan)
    again = environment.pip("install", "--dry-run", "-r", fit.requirements, "-c", fit.constraints)
    assert "Would install" not in again
    assert "network_roc_auc" in train(environment, example, tmp_path / "run")
    check_untouched(environment, was, complaints, fit.plan)


def test_uv_installs_it_and_the_example_trains(
    fit: Fit, copy: Callable[[], Environment], example: Path, tmp_path: Path
) -> None:
    environment = copy()
    was, complaints = environment.account(), environment.complaints()
    environment.uv("-q", "-r", fit.requirements, "-c", fit.constraints)
    check_untouched(environment, was, complaints, fit.plan)
    said = environment.uv("--dry-run", "-r", fit.requirements, "-c", fit.constraints)
    assert "Would make no changes" in said
    assert "network_roc_auc" in train(environment, example, tmp_path / "run")


def test_the_locks_give_exactly_the_plan(fit: Fit, copy: Callable[[], Environment]) -> None:
    """pip finds the lock whole and takes its hashes; uv installs the pylock."""
    environment = copy()
    was, complaints = environment.account(), environment.complaints()
    would = environment.pip("install", "--dry-run", "--no-deps", "--require-hashes", "-r", fit.lock)
    environment.uv("-q", "-r", fit.pylock)
    now = check_untouched(environment, was, complaints, fit.plan)
    added = {d["name"]: d["planned"] for d in fit.plan["decisions"] if d["action"] == "install"}
    assert {name: version for name, version in now.items() if name not in was} == added
    line = next(line for line in would.splitlines() if line.startswith("Would install "))
    assert {word.lower().replace("_", "-") for word in line.split()[2:]} == {
        f"{name}-{version}".lower() for name, version in added.items()
    }
    nothing = environment.pip("install", "--dry-run", "--no-deps", "--require-hashes", "-r", fit.lock)
    assert "Would install" not in nothing


def test_without_the_constraints_the_template_would_change(fit: Fit, template: Environment, example: Path) -> None:
    """The control: the same template, the same needs, and an installer that may do as it likes."""
    project = example / "pyproject.toml"
    free = template.uv("--dry-run", "--upgrade", "-r", project)
    assert " - torch==2.2.2" in free.splitlines()
    assert " - numpy==1.26.4" in free.splitlines()
    bound = template.uv("--dry-run", "--upgrade", "-r", project, "-c", fit.constraints)
    assert not [line for line in bound.splitlines() if line.startswith(" - ")]
