"""Kill -9 at chosen moments of an apply: before each single step in which the agent changes a file.

The agent's own interpreter calls it off: a hook on Python's audit events (PEP 578), which the tests put on PYTHONPATH,
counts what the agent writes, renames and removes, and kills the agent, podfit or both right before the step of a given
number. So every moment can be reached again, and the window in which files move is as wide as the tests want it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apply_support import PODFIT, Recipe, changes, chosen, install, make_wheel, run, template_of, tree

from podfit.far import frame
from podfit.far.apply.lock import Area
from podfit.far.pack import archive, starter
from podfit.model import Plan
from podfit.pod.apply.order import work_order

HOOK = """\
import os, signal, sys, time

with open("/proc/self/cmdline", "rb") as _file:
    _words = _file.read().split(b"\\0")
if any(word.endswith(b".pyz") for word in _words) and os.environ.get("PODFIT_TEST_LOG"):
    _log = os.open(os.environ["PODFIT_TEST_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _at, _whom = int(os.environ["PODFIT_TEST_AT"]), os.environ["PODFIT_TEST_WHOM"]
    _slow, _seen = float(os.environ.get("PODFIT_TEST_SLOW", "0")), [0]
    _steps = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.utime", "os.symlink", "os.link"}

    def _hook(event, given):
        if event == "open":
            writes = isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writes or not isinstance(given[0], str) or given[0] == os.devnull:
                return
        elif event == "ctypes.dlsym":
            if given[1] != "renameat2":
                return
        elif event not in _steps:
            return
        _seen[0] += 1
        words = [str(part) for part in given[:2]]
        os.write(_log, ("\\t".join([str(_seen[0]), event, *words]) + "\\n").encode("utf-8", "replace"))
        if _slow and event == "os.rename":
            time.sleep(_slow)
        if _seen[0] == _at:
            if _whom in ("podfit", "both"):
                os.kill(os.getppid(), signal.SIGKILL)
            if _whom in ("agent", "both"):
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(_hook)
"""

MINE = {"mine.py": "mine = 1\n", "mine/__init__.py": "", "one/note-of-mine.txt": "x\n"}
"""What the user has in the environment before: relative to the package directory."""
LATER = {"later.py": "later = 1\n", "one/later.txt": "y\n", "two/later.py": "z = 1\n"}
"""What the user writes there after the kill, before anybody recovers."""


def wheels_of(folder: Path) -> Path:
    """Build the wheels of the template and of the plan; return their directory."""
    for version in ("1.0", "2.0"):
        for name in ("one", "two"):
            files = {f"{name}/part{n}.py": f"v = '{version}'\nn = {n}\n" for n in range(8)}
            files[f"{name}/__init__.py"] = f"v = '{version}'\n"
            files[f"{name}/deep/er/data{version}.txt"] = version * 100
            make_wheel(folder, name, version, files, f"[console_scripts]\n{name}ly = {name}:v\n")
    make_wheel(folder, "keep", "2.4.0+cu124", {f"keep/part{n}.py": f"n = {n}\n" for n in range(10)})
    make_wheel(folder, "three", "1.0", {f"three/{n}/__init__.py": f"n = {n}\n" for n in range(6)})
    make_wheel(folder, "four", "1.0", {"four.py": "v = 4\n", "four-1.0.data/data/share/man/four.1": "four\n"})
    return folder


@dataclass
class Target:
    """An environment to change, the plan for it, and what they were."""

    python: str
    plan: Plan
    folder: Path
    in_place: bool
    before: dict[str, tuple[str, int, str]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The template."""
        return Path(self.python).parent.parent

    @property
    def overlay(self) -> Path:
        """The overlay."""
        return self.folder / "overlays" / "mine"

    @property
    def site(self) -> Path:
        """The template's package directory."""
        (found,) = self.root.glob("lib/python*/site-packages")
        return found

    @property
    def log(self) -> Path:
        """What the hook saw."""
        return self.folder / "steps.log"


def target(python: str, wheels: Path, folder: Path, *, in_place: bool) -> Target:
    """Return an environment with old packages and the user's files, saved aside, and its plan."""
    install(python, wheels, ["one==1.0", "two==1.0", "keep==2.4.0+cu124"])
    plan = Recipe(
        template_of(python), chosen(wheels, ["one==2.0", "two==2.0", "three==1.0", "four==1.0"]), held={"keep"}
    ).plan()
    found = Target(python, plan, folder, in_place)
    write(found.site, MINE)
    run(python, "import sys; sys.dont_write_bytecode = False; import one.part1, two, mine")
    (folder / "hook").mkdir(parents=True, exist_ok=True)
    (folder / "hook" / "sitecustomize.py").write_text(HOOK)
    (folder / "apply.pyz").write_bytes(archive("apply"))
    if not in_place:
        first = Recipe(template_of(python), chosen(wheels, ["one==2.0"]), held={"keep"}).plan()
        assert ask(found, "apply", plan=first)["outcome"] == "applied"
        (found.overlay / "thesis.txt").write_text("mine\n")
    found.log.unlink(missing_ok=True)
    found.before = tree(found.root)
    for name in ("root", "overlays"):
        shutil.rmtree(folder / "saved" / name, ignore_errors=True)
    shutil.copytree(found.root, folder / "saved" / "root", symlinks=True)
    if not in_place:
        shutil.copytree(found.overlay.parent, folder / "saved" / "overlays", symlinks=True)
    return found


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a directory."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _variables(goal: Target, at: int, whom: str, slow: float) -> dict[str, str]:
    """Return the environment in which the hook acts."""
    told = {"PODFIT_TEST_LOG": str(goal.log), "PODFIT_TEST_AT": str(at), "PODFIT_TEST_WHOM": whom}
    steered = {**told, "PODFIT_TEST_SLOW": str(slow), "PYTHONPATH": str(goal.folder / "hook")}
    return {**os.environ, **steered, "HOME": str(goal.folder), "UV_CACHE_DIR": str(goal.folder / "uv")}


def ask(
    goal: Target, action: str, *, at: int = 0, whom: str = "agent", slow: float = 0.0, plan: Plan | None = None
) -> dict[str, Any]:
    """Give the agent an order; return its answer, empty when it was killed."""
    from uv import find_uv_bin

    word = frame.nonce()
    order = {
        **work_order(plan or goal.plan),
        "action": action,
        "frame": word,
        "mode": "in-place" if goal.in_place else "overlay",
        "overlay": "" if goal.in_place else str(goal.overlay),
        "uv": find_uv_bin(),
    }
    data = json.dumps(order).encode()
    path = goal.folder / "apply.pyz"
    argv = [goal.python, "-B", "-c", starter(), str(path), hashlib.sha256(path.read_bytes()).hexdigest()]
    done = subprocess.run(
        argv, input=data, capture_output=True, env=_variables(goal, at, whom, slow), check=False, timeout=300
    )
    answer = frame.answer(done.stdout, word)
    assert (answer is None) == (done.returncode == -signal.SIGKILL), done.stderr[-2000:]
    return answer or {}


def steps(goal: Target) -> list[list[str]]:
    """Return the steps that the last run took: number, event, paths."""
    return [line.split("\t") for line in goal.log.read_text().splitlines()]


def window(found: Sequence[Sequence[str]], *, in_place: bool) -> tuple[int, int]:
    """Return the numbers of the first and the last step between which files move in the environment."""
    if in_place:
        begun = next(int(step[0]) for step in found if step[1] == "os.rename" and step[3].endswith("/journal.json"))
        ended = next(int(step[0]) for step in found if step[1] == "os.rename" and step[3].endswith("/committed.json"))
        return begun + 1, ended
    begun = next(int(step[0]) for step in found if step[1] == "ctypes.dlsym")
    return begun, int(found[-1][0])


def restore(goal: Target) -> None:
    """Put everything back by hand."""
    pairs = [("root", goal.root)] if goal.in_place else [("root", goal.root), ("overlays", goal.overlay.parent)]
    for name, place in pairs:
        shutil.rmtree(place)
        shutil.copytree(goal.folder / "saved" / name, place, symlinks=True)


def strike(goal: Target, at: int, whom: str = "agent", *, recovery: int = 0) -> str:
    """Kill an apply before its step number at, have it recovered, and hold everything to what it was, byte for byte.

    whom is `agent`; `podfit` or `both` go through the whole command. recovery kills the first recovery, too, before
    its step of that number. Returns what became of it: `back` or `applied`.
    """
    goal.log.unlink(missing_ok=True)
    if whom == "agent":
        answer = ask(goal, "apply", at=at)
    else:
        answer = {}
        _command(goal, at, whom)
    later = LATER if goal.in_place else {}
    write(goal.site, later)
    if recovery:
        goal.log.unlink(missing_ok=True)
        ask(goal, "recover", at=recovery)
    told = ask(goal, "recover")
    assert told["outcome"] in ("recovered", "clean"), told
    assert ask(goal, "recover")["outcome"] == "clean"
    for name, text in later.items():
        assert (goal.site / name).read_text() == text, (at, whom, name)
        (goal.site / name).unlink()
        if name.startswith("two/") and not any((goal.site / "two").iterdir()):
            (goal.site / "two").rmdir()
    for name, text in MINE.items():
        assert (goal.site / name).read_text() == text, (at, whom, name)
    state = _in_place(goal, at, whom) if goal.in_place else _overlay(goal, at, whom)
    assert not answer or state == "applied"
    if state == "applied":
        restore(goal)
    return state


def _in_place(goal: Target, at: int, whom: str) -> str:
    """Return what became of an environment that was to be changed: as before, or whole as planned."""
    if (goal.site.parent / ".podfit-apply" / "state.json").exists():
        assert run(goal.python, "import one, two, four; print(one.v, two.v)") == "2.0 2.0", (at, whom)
        assert sorted(path.name for path in (goal.site.parent / ".podfit-apply").iterdir()) == ["lock", "state.json"]
        return "applied"
    assert changes(goal.before, tree(goal.root)) == [], (at, whom)
    return "back"


def _overlay(goal: Target, at: int, whom: str) -> str:
    """Return what became of an overlay: the old one whole, or the new one with the user's old one beside it."""
    assert changes(goal.before, tree(goal.root)) == [], (at, whom)
    old = tree(goal.folder / "saved" / "overlays" / "mine")
    names = sorted(path.name for path in goal.overlay.parent.iterdir())
    if names == ["mine"]:
        assert changes(old, tree(goal.overlay)) == [], (at, whom)
        return "back"
    kept = [name for name in names if name.startswith("mine.before-")]
    assert names == ["mine", *kept], (at, whom, names)
    assert len(kept) == 1, (at, whom)
    assert changes(old, tree(goal.overlay.parent / kept[0])) == [], (at, whom)
    assert run(str(goal.overlay / "bin" / "python"), "import one, two, four; print(one.v, two.v)") == "2.0 2.0"
    return "applied"


def _command(goal: Target, at: int, whom: str) -> None:
    """Run the whole command, of which somebody dies; return when nobody works there any more."""
    from podfit.model.serial import plan_to_dict

    file = goal.folder / "plan.json"
    file.write_text(json.dumps(plan_to_dict(goal.plan)))
    where = ["--in-place"] if goal.in_place else ["--overlay", str(goal.overlay)]
    words = [*PODFIT, str(file), *where, "--python", goal.python, "--no-verify"]
    done = subprocess.run(words, env=_variables(goal, at, whom, 0.0), capture_output=True, check=False, timeout=300)
    reached = at <= len(steps(goal))  # beside its checks the agent may take a step or two less
    assert done.returncode == (-signal.SIGKILL if reached else 0), done.stderr[-2000:]
    place = goal.site.parent / ".podfit-apply" if goal.in_place else goal.overlay.parent / ".podfit-apply-mine"
    end = time.monotonic() + 120
    while Area(str(place)).holder:
        assert time.monotonic() < end, "the agent goes on without podfit"
        time.sleep(0.05)


def make(folder: Path, *, in_place: bool, python: str = sys.executable) -> Target:
    """Return a target in an environment of its own below folder."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder / "template")], check=True, timeout=120)
    wheels = wheels_of(folder / "wheels")
    return target(str(folder / "template" / "bin" / "python"), wheels, folder, in_place=in_place)
