"""What the real tools write about one small real environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from podfit.model import Distribution
from podfit.readers.environment import Listing, read_listing
from podfit.readers.local import read_local
from podfit.readers.template import read_template

pytestmark = pytest.mark.network

PYPROJECT = """\
[project]
name = "tiny_app"
version = "0.3.0"
description = "A tiny project."
requires-python = ">=3.10"
dependencies = ["click==8.1.7", "colorama; sys_platform == 'win32'", "typing-extensions<4.10; python_version<'3.11'",
  "typing-extensions==4.12.2; python_version>='3.11'"]

[build-system]
requires = ["flit-core>=3.8"]
build-backend = "flit_core.buildapi"
"""


@dataclass(frozen=True)
class Real:
    """An environment with pip, click, an editable project and a wheel installed from its file."""

    folder: Path
    project: Path
    wheel: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def write(self, name: str, *argv: str, cwd: Path | None = None) -> str:
        """Run a command and return the path of a file with what it wrote."""
        done = subprocess.run(argv, capture_output=True, check=True, cwd=cwd)
        path = self.folder.parent / name
        path.write_bytes(done.stdout)
        return str(path)


def uv(*words: str, cwd: Path | None = None) -> None:
    done = subprocess.run([find_uv_bin(), *words, "--no-python-downloads"], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    root = tmp_path_factory.mktemp("real")
    project = root / "tiny project"
    (project / "tiny_app").mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "tiny_app" / "__init__.py").write_text('"""Tiny."""\n')
    here = "{}.{}".format(*sys.version_info[:2])
    uv("venv", "-q", "--python", sys.executable, str(root / "venv"))
    found = Real(root / "venv", project, root / "wheels" / "six-1.16.0-py2.py3-none-any.whl")
    uv("pip", "install", "-q", "--python", found.python, "pip")
    download = ["download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(root / "wheels"), "six==1.16.0"]
    subprocess.run([found.python, "-m", "pip", *download, "--python-version", here], check=True)
    uv("pip", "install", "-q", "--python", found.python, "-e", str(project), str(found.wheel))
    return found


def check(listing: Listing, real: Real, *, pip: bool = True, versions: bool = True, direct: bool = True) -> None:
    """Compare a listing with what is installed; the flags say what the tool tells."""
    expected = {"click": "8.1.7", "six": "1.16.0", "tiny-app": "0.3.0" if versions else ""}
    found = {name: d.version for name, d in listing.distributions.items() if name in expected}
    assert found == expected
    assert ("pip" in listing.distributions) is pip
    tiny = listing.distributions["tiny-app"]
    assert tiny.editable
    assert tiny.direct_url.removeprefix("file://").replace("%20", " ") == str(real.project)
    if direct:
        assert listing.distributions["six"].direct_url.startswith("file://")


def test_pip_freeze(real: Real) -> None:
    path = real.write("freeze.txt", real.python, "-m", "pip", "freeze")
    check(read_listing(path), real, pip=False)


def test_uv_pip_freeze(real: Real) -> None:
    path = real.write("uv-freeze.txt", find_uv_bin(), "pip", "freeze", "--python", real.python)
    check(read_listing(path), real, versions=False)


@pytest.mark.parametrize("verbose", [False, True])
def test_pip_list(real: Real, verbose: bool) -> None:
    path = real.write("list.txt", real.python, "-m", "pip", "list", *(["-v"] if verbose else []))
    listing = read_listing(path)
    check(listing, real, direct=False)
    lines = Path(path).read_text().splitlines()
    for distribution in listing.distributions.values():
        line = lines[int(distribution.evidence.source.rpartition(":")[2]) - 1].lower().replace("_", "-")
        assert distribution.name in line
        assert distribution.installer == ("uv" if verbose else "")


def test_pip_list_json_of_pip_and_of_uv(real: Real) -> None:
    mine = read_listing(real.write("list.json", real.python, "-m", "pip", "list", "--format", "json"))
    words = [find_uv_bin(), "pip", "list", "--format", "json", "--python", real.python]
    theirs = read_listing(real.write("uv-list.json", *words))
    check(mine, real, direct=False)
    check(theirs, real, direct=False)


def test_pip_inspect_agrees_with_the_probe_as_a_template(real: Real) -> None:
    path = real.write("report.json", real.python, "-m", "pip", "inspect", "--local")
    listing = read_listing(path)
    check(listing, real)
    lines = Path(path).read_text().splitlines()
    for distribution in listing.distributions.values():
        assert lines[int(distribution.evidence.source.rpartition(":")[2]) - 1].strip() == "{"
    given, probed = read_template(path, glibc="2.31"), read_template(str(real.folder))
    assert given.interpreter.version == probed.interpreter.version
    assert given.platform.machine == probed.platform.machine
    assert given.platform.glibc == "2.31"

    def essence(distribution: Distribution) -> tuple[object, ...]:
        requires = sorted(line.replace(" ", "") for line in distribution.requires_dist or ())
        return distribution.version, requires, distribution.editable, distribution.direct_url, distribution.installer

    assert {name: essence(d) for name, d in given.distributions.items()} == {
        name: essence(d) for name, d in probed.distributions.items()
    }
    assert given.distributions["tiny-app"].requires_dist


def test_the_interpreter_tells_imports_and_python(real: Real) -> None:
    local = read_local(real.python)
    assert local.python_version == "{}.{}.{}".format(*sys.version_info[:3])
    assert local.import_map["click"] == ("click",)
    assert local.import_map["six"] == ("six",)
    assert local == read_local(str(real.folder)), "the directory of an environment means its interpreter"


def test_uv_lock_and_its_exports(real: Real) -> None:
    uv("lock", "-q", "--python", sys.executable, cwd=real.project)
    lock = read_listing(str(real.project / "uv.lock"))
    extensions = "4.12.2" if sys.version_info >= (3, 11) else "4.9.0"
    found = {name: d.version for name, d in lock.distributions.items()}
    assert found == {
        "click": "8.1.7",
        "colorama": found["colorama"],
        "tiny-app": "0.3.0",
        "typing-extensions": extensions,
    }
    lines = (real.project / "uv.lock").read_text().splitlines()
    for distribution in lock.distributions.values():
        assert lines[int(distribution.evidence.source.rpartition(":")[2]) - 1] == "[[package]]"
    for name, words in (("pylock.toml", ["pylock.toml"]), ("requirements.txt", ["requirements.txt", "--no-hashes"])):
        path = real.project / name
        uv("export", "-q", "--format", *words, "-o", str(path), cwd=real.project)
        exported = read_listing(str(path))
        assert {name: d.version for name, d in exported.distributions.items()} == {**found, "tiny-app": ""}
        assert exported.distributions["tiny-app"].editable


def test_a_git_checkout(real: Real, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git on this machine")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    shutil.copytree(real.project, tmp_path / "repo", ignore=shutil.ignore_patterns("uv.lock"))
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path / "repo", check=True)
    uv("venv", "-q", "--python", sys.executable, str(tmp_path / "venv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    uv("pip", "install", "-q", "--python", python, "--no-deps", f"git+{(tmp_path / 'repo').as_uri()}")
    words = ["-m", "pip", "--python", python]
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tmp_path / "repo", capture_output=True, text=True
    ).stdout.strip()
    for name, rest in (("git.txt", ["freeze"]), ("git.json", ["inspect"])):
        found = read_listing(real.write(name, real.python, *words, *rest)).distributions["tiny-app"]
        assert found.direct_url == f"git+{(tmp_path / 'repo').as_uri()}@{head}"
        assert not found.editable
    assert json.loads(Path(real.folder.parent / "git.json").read_text())["installed"]
