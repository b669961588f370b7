"""The same as somebody who is not root: without a home, in a directory of his own, over a template that is not his."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from apply_support import Recipe, changes, install, make_wheel, run, template_of, tree
from uv import find_uv_bin

import podfit

NOBODY = 65534
"""The user and group `nobody`, whom every Linux has or may have: whether a passwd entry knows it is no matter."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user here"),
]


class Person:
    """A user who is not root, in a directory of his own, without HOME or with one that he may not write."""

    def __init__(self, room: Path, home: str | None) -> None:
        self.room = room
        self.python = interpreter(room)
        names = ("PATH", "LANG", "LC_ALL", "UV_OFFLINE")
        self.variables = {name: os.environ[name] for name in names if name in os.environ}
        self.variables |= {"TMPDIR": str(room / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
        self.variables |= {"PODFIT_CACHE_DIR": str(room / "cache"), "UV_CACHE_DIR": str(room / "uv")}
        if self.python != sys.executable:
            self.variables["PYTHONPATH"] = os.pathsep.join(
                [str(Path(podfit.__file__).parents[1]), *site.getsitepackages()]
            )
        if home is not None:
            self.variables["HOME"] = home

    def podfit(self, *words: object, kill: str = "") -> subprocess.CompletedProcess[str]:
        """Run podfit as this user; with kill it dies when that is told."""
        command = [self.python, "-m", "podfit", *map(str, words)]
        with subprocess.Popen(
            command,
            cwd=self.room,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            start_new_session=True,
        ) as process:
            said = ""
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if kill and kill in line:
                    process.kill()
        return subprocess.CompletedProcess(command, process.returncode, said, "")


def may_read(path: Path) -> bool:
    """Tell whether nobody may go to a path."""
    done = subprocess.run(["test", "-r", str(path)], user=NOBODY, group=NOBODY, extra_groups=[], check=False)
    return done.returncode == 0


def interpreter(room: Path) -> str:
    """Return a Python that nobody may run: that of the tests, or a copy in room where it lies below root's home."""
    base = Path(sys.base_prefix)
    if may_read(Path(sys.executable)) and may_read(Path(os.path.realpath(sys.executable))):
        return sys.executable
    copy = room / "python"
    if not copy.exists():
        left = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "idlelib", "*.a", "config-*")
        series = "python{}.{}".format(*sys.version_info[:2])
        shutil.copytree(base / "lib" / series, copy / "lib" / series, ignore=left)
        for library in base.glob("lib/libpython*"):
            shutil.copy2(library, copy / "lib")
        (copy / "bin").mkdir()
        shutil.copy2(os.path.realpath(sys.executable), copy / "bin" / series)
        shutil.copy2(find_uv_bin(), copy / "bin" / "uv")
    return str(copy / "bin" / "python{}.{}".format(*sys.version_info[:2]))


@pytest.fixture
def room() -> Iterator[Path]:
    """A directory of the user's own, that he can reach."""
    made = Path(tempfile.mkdtemp(prefix="podfit-nobody-", dir="/tmp"))
    try:
        for folder in (made, made / "tmp"):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            os.chown(folder, NOBODY, NOBODY)
        for part in (made, Path(podfit.__file__), *map(Path, site.getsitepackages())):
            if not may_read(part):
                pytest.skip(f"nobody but root may read {part}")
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def world(room: Path, *, owned: bool) -> tuple[str, Path, Path]:
    """Make an environment, a plan over it and its wheels; return python, plan and the environment's root."""
    root = room / "template"
    subprocess.run([interpreter(room), "-m", "venv", "--without-pip", str(root)], check=True, timeout=120)
    python = str(root / "bin" / "python")
    old = make_wheel(room / "wheels", "one", "1.0", {"one.py": "v = '1.0'\n"})
    held = make_wheel(room / "wheels", "heldlib", "1.0", {"heldlib/__init__.py": "v = '1.0'\n"})
    new = make_wheel(room / "wheels", "one", "2.0", {"one.py": "v = '2.0'\n"})
    install(python, room / "wheels", ["one==1.0", "heldlib==1.0"])
    plan = Recipe(template_of(python), [new], held={"heldlib"}).write(room / "plan.json")
    assert old.exists()
    assert held.exists()
    for folder, names, files in os.walk(room):
        for name in [*names, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 - links are not followed
            inside = path.startswith(str(root))
            if owned or not inside:
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return python, plan, root


@pytest.mark.parametrize("home", [None, "/proc", "/nonexistent"], ids=["no HOME", "one of the kernel's", "none there"])
def test_everything_as_nobody(home: str | None, room: Path) -> None:
    python, plan, root = world(room, owned=True)
    person, before = Person(room, home), tree(root)
    probed = person.podfit("probe", "--python", python, "--quick")
    assert probed.returncode == 0, probed.stdout
    assert '"heldlib"' in probed.stdout
    place = room / "mine"
    nowhere = person.podfit("apply", plan, "--python", python)
    assert nowhere.returncode in (1, 2), nowhere.stdout
    assert "--overlay DIR" in nowhere.stdout.splitlines()[-1]
    done = person.podfit("apply", plan, "--python", python, "--overlay", place)
    assert done.returncode == 0, done.stdout
    assert run(str(place / "bin" / "python"), "import one; print(one.v)") == "2.0"
    assert changes(before, tree(root)) == []
    assert person.podfit("verify", plan, "--python", place / "bin" / "python").returncode == 0
    killed = person.podfit("apply", plan, "--python", python, "--in-place", kill="verifying")
    assert killed.returncode == -9, killed.stdout
    put_back = person.podfit("apply", "--recover", "--python", python)
    assert put_back.returncode == 0, put_back.stdout
    left = [path for path in changes(before, tree(root)) if ".podfit-apply" not in path]
    assert left == [], put_back.stdout
    inside = person.podfit("apply", plan, "--python", python, "--in-place")
    assert inside.returncode == 0, inside.stdout
    assert run(python, "import one; print(one.v)") == "2.0"
    for said in (probed, nowhere, done, put_back, inside):
        assert "Traceback" not in said.stdout


def test_a_template_that_the_user_may_not_write_is_told_in_one_sentence(room: Path) -> None:
    python, plan, root = world(room, owned=False)
    person, before = Person(room, None), tree(root)
    refused = person.podfit("apply", plan, "--python", python, "--in-place")
    assert refused.returncode == 1, refused.stdout
    *_, last = refused.stdout.strip().splitlines()
    assert last.startswith("error: ")
    assert "cannot be written: Permission denied; " in last
    assert "--overlay DIR" in last
    assert "Traceback" not in refused.stdout
    assert changes(before, tree(root)) == []
    recovered = person.podfit("apply", "--recover", "--python", python)
    assert "Traceback" not in recovered.stdout
    done = person.podfit("apply", plan, "--python", python, "--overlay", room / "mine")
    assert done.returncode == 0, done.stdout
    assert json.loads(plan.read_text())["schema"]
    assert changes(before, tree(root)) == []
