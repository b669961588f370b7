"""Killed, stopped, or out of disk at any moment of an in-place apply: the environment is as it was, file for file."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from apply_support import (
    NEW,
    OLD,
    PODFIT,
    SLOW,
    Recipe,
    area_of,
    changes,
    children,
    chosen,
    install,
    make_wheel,
    run,
    template_of,
    tree,
    wait_until,
    wheelhouse,
)

from podfit.model import Plan
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine

pytestmark = [pytest.mark.network, pytest.mark.slow]

MOMENTS = 10
SEED = 20_260_101
BIG = ("networkx==3.3", "pygments==2.18.0", "sympy==1.13.3", "mpmath==1.3.0")
"""A few thousand files more, so that the change takes a while."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = wheelhouse(tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, *NEW, *BIG])
    # What is held: it must not even be touched.
    make_wheel(folder, "heldfast", "2.4.0+cu124", {f"heldfast/part{n}.py": f"n = {n}\n" * 50 for n in range(200)})
    make_wheel(folder, "pandas", "0.0.1", {"pandas/__init__.py": "import rich\n"})
    return folder


@dataclass
class Victim:
    """An environment that gets changed, its plan, and what it was."""

    python: str
    plan: Plan
    file: Path
    before: dict[str, tuple[str, int, str]]

    @property
    def root(self) -> Path:
        return Path(self.python).parent.parent

    @property
    def area(self) -> Path:
        return area_of(self.python)

    def check(self, when: object = "") -> None:
        """Assert that it is as it was: every file's hash, kind and mode."""
        assert changes(self.before, tree(self.root)) == [], when


def make_victim(python: str, wheels: Path, folder: Path) -> Victim:
    install(python, wheels, [*OLD, "heldfast==2.4.0+cu124"])
    run(python, "import sys; sys.dont_write_bytecode = False; import click, packaging.version, heldfast.part7")
    new = [*(spec for spec in NEW if spec not in BIG), *BIG, "pandas==0.0.1"]
    recipe = Recipe(template_of(python), chosen(wheels, new), held={"heldfast"})
    return Victim(python, recipe.plan(), recipe.write(folder / "plan.json"), tree(Path(python).parent.parent))


@pytest.fixture
def victim(make_venv: Callable[..., str], wheels: Path, tmp_path: Path) -> Victim:
    return make_victim(make_venv(name="template"), wheels, tmp_path)


def start(victim: Victim) -> subprocess.Popen[str]:
    """Start an in-place apply with a slow verification, in a process of its own."""
    words = [*SLOW, str(victim.file), victim.python]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def begun(victim: Victim, process: subprocess.Popen[str]) -> None:
    """Wait until the agent has begun to act on the environment."""
    work = victim.area / "work"
    wait_until(lambda: work.exists() or process.poll() is not None)


def agents(process: subprocess.Popen[str]) -> list[int]:
    """Return the process groups of the processes that podfit started: the agent's, with uv in it."""
    groups = set()
    for child in children(process.pid):
        try:
            groups.add(os.getpgid(child))
        except ProcessLookupError:
            continue
    return sorted(groups - {os.getpgid(process.pid)})


def kill_agents(groups: list[int]) -> None:
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


def nobody_is_left(victim: Victim) -> bool:
    """Tell whether no agent holds the environment's lock."""
    from podfit.far.apply.lock import Area

    return Area(str(victim.area)).holder == ""


def restore_copy(victim: Victim, copy: Path) -> None:
    """Put the environment back by hand, after an apply that came through."""
    shutil.rmtree(victim.root)
    shutil.copytree(copy, victim.root, symlinks=True)


def test_kill_9_at_random_moments(victim: Victim, tmp_path: Path) -> None:
    """Of the agent with its installer, of podfit alone, of both: recovered by podfit, by the agent, by --recover."""
    copy = shutil.copytree(victim.root, tmp_path / "copy", symlinks=True)
    process = start(victim)
    begun(victim, process)
    started = time.monotonic()
    wait_until((victim.area / "work" / "journal.json").exists)
    staged = time.monotonic() - started
    said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    duration = time.monotonic() - started
    restore_copy(victim, copy)
    victim.check("the copy")
    rng = random.Random(SEED)
    # One moment in each of equal parts of the duration; every fourth is moved to where the files are renamed.
    moments = [0.9 * duration * (n + rng.random()) / MOMENTS for n in range(MOMENTS)]
    moments[3::4] = [staged + rng.uniform(-0.02, 0.2) for _ in moments[3::4]]
    seen: list[str] = []
    reached: list[str] = []
    for number, moment in enumerate(moments):
        while not (phase := strike(victim, moment, ("agent", "podfit", "both")[number % 3], seen)):
            # The machine is faster now than it was: it came through.
            restore_copy(victim, copy)
            moment *= 0.8
        reached.append(phase)
        victim.check(seen[-1])
    print(f"staging {staged:.2f} s of {duration:.2f} s:", "; ".join(seen))
    assert {"staging", "changing"} <= set(reached), seen
    assert apply(LocalMachine(victim.python), victim.plan, Options(in_place=True)).outcome == "applied"


def strike(victim: Victim, moment: float, whom: str, seen: list[str]) -> str:
    """Kill one apply moment seconds after it began, and have it recovered; return the phase, empty when too late."""
    process = start(victim)
    begun(victim, process)
    time.sleep(moment)
    groups = agents(process)
    phase = "changing" if (victim.area / "work" / "journal.json").exists() else "staging"
    if whom in ("podfit", "both"):
        process.kill()
    if whom in ("agent", "both"):
        kill_agents(groups)
    said = process.communicate(timeout=60)
    wait_until(lambda: nobody_is_left(victim))
    recovery = ""
    if whom == "both":
        words = [*PODFIT, "--recover", "--python", victim.python]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        recovery = ", " + done.stdout.split(":")[0].strip()
    if (victim.area / "state.json").exists():
        assert apply(LocalMachine(victim.python), victim.plan, Options(in_place=True)).outcome == "unchanged"
        return ""
    assert process.returncode == (1 if whom == "agent" else -signal.SIGKILL), (whom, said)
    seen.append(f"{whom} at {moment:.2f} s ({phase}{recovery})")
    return phase


@pytest.mark.parametrize(
    ("number", "phase"),
    [
        (signal.SIGTERM, "staging"),
        (signal.SIGTERM, "changing"),
        (signal.SIGTERM, "verifying"),
        (signal.SIGINT, "changing"),
        (signal.SIGHUP, "verifying"),
    ],
)
def test_a_signal_stops_it_and_puts_everything_back(victim: Victim, number: signal.Signals, phase: str) -> None:
    process = start(victim)
    begun(victim, process)
    if phase != "staging":
        wait_until((victim.area / "work" / "journal.json").exists)
    if phase == "verifying":
        wait_until((victim.root / "bin" / "http").exists)
        time.sleep(0.2)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    assert f"stopped by {number.name}" in said
    assert nobody_is_left(victim)
    victim.check()


def test_the_agent_puts_everything_back_when_it_gets_the_signal(victim: Victim) -> None:
    """A shutdown sends TERM to every process, not to podfit alone."""
    process = start(victim)
    begun(victim, process)
    wait_until((victim.area / "work" / "journal.json").exists)
    for group in agents(process):
        os.killpg(group, signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "everything was put back" in said
    victim.check()


def test_two_at_a_time_are_one_too_many(victim: Victim) -> None:
    process = start(victim)
    begun(victim, process)
    wait_until((victim.area / "work" / "journal.json").exists)
    with pytest.raises(ApplyError, match=r"another podfit apply \(process \d+\) works on this environment"):
        apply(LocalMachine(victim.python), victim.plan, Options(in_place=True))
    assert process.wait(60) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, timeout=20)


def free(folder: Path) -> int:
    """Return the bytes that a disk has left."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def test_a_full_disk_at_any_moment(small_disk: Path, wheels: Path, tmp_path: Path) -> None:
    """The disk fills up while uv unpacks, while the journal is written, or while files are moved."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(small_disk / "env")], check=True)
    victim = make_victim(str(small_disk / "env" / "bin" / "python"), wheels, tmp_path)
    machine, options = LocalMachine(victim.python), Options(in_place=True)
    # Sizes are left out of the plan, as some indexes leave them out: the check before cannot see it coming.
    sizeless = {name: tuple(replace(file, size=0) for file in files) for name, files in victim.plan.artefacts.items()}
    plan = replace(victim.plan, artefacts=sizeless)
    filler = small_disk / "filler"
    room = free(small_disk)
    left: list[int] = []

    def verifier(*_: object) -> list[object]:
        left.append(free(small_disk))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        apply(machine, plan, options, verifier=verifier)  # type: ignore[arg-type]
    victim.check("what it takes is measured")
    need = room - left[0]
    failures: list[str] = []
    # The last pages are those of the journal: they are tried one by one.
    for size in (need // 50, need // 3, *(need - (pages << 12) for pages in (40, 25, 15, 10, 5, 1))):
        filler.write_bytes(b"")
        filler.write_bytes(b"x" * (room - size))
        try:
            with pytest.raises(ApplyError) as caught:
                apply(machine, plan, options, verifier=verifier)  # type: ignore[arg-type]
        except ZeroDivisionError:
            failures.append("through")
        else:
            failures.append(str(caught.value))
            assert "No space left" in str(caught.value) or "os error 28" in str(caught.value), caught.value
        victim.check(size)
    print(need, failures)
    assert any("uv failed" in text for text in failures)
    assert any("uv failed" not in text for text in failures if text != "through"), failures
    filler.unlink()
    assert apply(machine, plan, options).outcome == "applied"


def test_too_little_room_is_seen_before(small_disk: Path, wheels: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(small_disk / "env")], check=True)
    victim = make_victim(str(small_disk / "env" / "bin" / "python"), wheels, tmp_path)
    (small_disk / "filler").write_bytes(b"x" * (free(small_disk) - (8 << 20)))
    with pytest.raises(ApplyError, match=r"has 8 MB free, and about \d+ MB are needed"):
        apply(LocalMachine(victim.python), victim.plan, Options(in_place=True))
    victim.check()
