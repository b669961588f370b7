"""As somebody who is not root: what he may not write is one clear sentence, and nothing is half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from apply_support import changes, install, make_wheel, tree

import podfit

USER = "nobody"
TOOLS = ("runuser", "env")


@dataclass
class Somebody:
    """A user without rights: a python that he can run, with podfit, and a directory of his own."""

    python: str
    path: str
    root: Path

    @property
    def home(self) -> Path:
        """His directory."""
        return self.root / "home"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program as this user."""
        told = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": self.path,
            "UV_CACHE_DIR": str(self.home / "uv"),
        }
        variables = [f"{name}={value}" for name, value in told.items()]
        argv = ["runuser", "-u", USER, "--", "env", "-i", *variables, *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300, cwd=self.home)

    def podfit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run podfit as this user."""
        return self.run(self.python, "-m", "podfit", *words)


@pytest.fixture
def somebody() -> Iterator[Somebody]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else; who is not root runs all tests as an ordinary user")
    if not all(map(shutil.which, TOOLS)):
        pytest.skip(f"there is no {' or '.join(TOOLS)}")
    root = Path(tempfile.mkdtemp(prefix="podfit-user-"))  # pytest's own directories are closed to others
    root.chmod(0o755)
    (root / "home").mkdir()
    shutil.chown(root / "home", USER)
    site = sysconfig.get_path("purelib")
    path = os.pathsep.join([str(Path(podfit.__file__).parents[1]), site])
    series = "python{}.{}".format(*sys.version_info[:2])
    for python in (sys.executable, f"/usr/bin/{series}", f"/usr/local/bin/{series}"):
        found = Somebody(python, path, root)
        if Path(python).exists() and found.podfit("--version").returncode == 0:
            break
    else:
        shutil.rmtree(root)
        pytest.skip(f"{USER} can run no Python {sys.version_info[:2]} with podfit here")
    yield found
    shutil.rmtree(root)


@pytest.fixture
def template(somebody: Somebody) -> str:
    """An environment of root's, which everybody may read."""
    wheels = somebody.root / "wheels"
    for version in ("1.0", "2.0"):
        make_wheel(wheels, "inner", version, {"inner/__init__.py": f"v = '{version}'\n"})
    make_wheel(wheels, "other", "1.0", {"other.py": "v = 1\n"})
    base = os.path.realpath(somebody.python)
    subprocess.run([base, "-m", "venv", "--without-pip", str(somebody.root / "template")], check=True, timeout=120)
    python = str(somebody.root / "template" / "bin" / "python")
    install(python, wheels, ["inner==1.0"])
    subprocess.run(["chmod", "-R", "a+rX", str(somebody.root / "wheels"), str(somebody.root / "template")], check=True)
    return python


def plan_of(somebody: Somebody, template: str, *needs: str) -> str:
    """Probe and fit as the user; return the plan's path."""
    probed = somebody.podfit("probe", "--python", template, "-o", str(somebody.home / "t.json"))
    assert probed.returncode == 0, probed.stderr
    assert json.loads((somebody.home / "t.json").read_text())["schema"] == "podfit.template/1"
    project = somebody.home / "project"
    project.mkdir(exist_ok=True)
    (project / "requirements.txt").write_text("".join(f"{need}\n" for need in needs))
    words = [
        "--template",
        str(somebody.home / "t.json"),
        "--local",
        "none",
        "--index-url",
        str(somebody.root / "wheels"),
    ]
    done = somebody.podfit("fit", str(project), *words, "-o", str(somebody.home / "out"))
    assert done.returncode == 0, done.stdout + done.stderr
    (plan,) = (somebody.home / "out").glob("plan-*.json")
    return str(plan)


def clear(done: subprocess.CompletedProcess[str], told: str) -> None:
    """Assert that a command failed with one sentence."""
    assert done.returncode in (1, 2), (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert told in done.stderr, done.stderr


@pytest.mark.slow
def test_a_template_that_is_not_his(somebody: Somebody, template: str) -> None:
    before = tree(Path(template).parent.parent)
    plan = plan_of(somebody, template, "inner>=2", "other")
    clear(somebody.podfit("apply", plan, "--in-place", "--python", template), "Permission denied")
    clear(
        somebody.podfit("apply", plan, "--overlay", "/usr/share/podfit-mine", "--python", template), "Permission denied"
    )
    assert not Path("/usr/share/podfit-mine").exists()
    done = somebody.podfit("apply", plan, "--python", template)
    assert done.returncode == 0, done.stderr
    (overlay,) = (path for path in (somebody.home / ".local/share/podfit/overlays").iterdir() if path.is_dir())
    checked = somebody.podfit("verify", plan, "--python", str(overlay))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert somebody.podfit("apply", "--recover", "--python", template).stdout == "nothing to recover\n"
    assert changes(before, tree(Path(template).parent.parent)) == []


@pytest.mark.slow
def test_a_template_whose_packages_are_read_only(somebody: Somebody, template: str) -> None:
    """The directory around them is his, so that the work begins and has to be put back."""
    root = Path(template).parent.parent
    (site,) = root.glob("lib/python*/site-packages")
    shutil.chown(site.parent, USER)
    before = tree(root)
    plan = plan_of(somebody, template, "inner>=2", "other")
    clear(somebody.podfit("apply", plan, "--in-place", "--python", template), "Permission denied")
    assert changes(before, tree(root)) == []
    assert somebody.podfit("apply", "--recover", "--python", template).stdout == "nothing to recover\n"
    assert changes(before, tree(root)) == []


@pytest.mark.slow
def test_nothing_of_his_can_be_written(somebody: Somebody, template: str) -> None:
    plan = plan_of(somebody, template, "other")
    project, words = str(somebody.home / "project"), ["--template", str(somebody.home / "t.json"), "--local", "none"]
    somebody.home.chmod(0o555)
    shutil.chown(somebody.home, "root")
    index = ["--index-url", str(somebody.root / "wheels"), "--find-links", str(somebody.root / "wheels")]
    clear(somebody.podfit("fit", project, *words, *index, "-o", str(somebody.home / "new")), "cannot be made")
    clear(somebody.podfit("probe", "--python", template, "-o", str(somebody.home / "new.json")), "cannot be written")
    assert somebody.podfit("matrix", project, *words, *index).returncode == 0, "the cache is no condition"
    clear(somebody.podfit("apply", plan, "--python", template), "Permission denied")
    assert not list(somebody.home.glob("*new*"))
