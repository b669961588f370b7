"""Bring the agent and uv to a machine, and run work orders there."""

from __future__ import annotations

import hashlib
import json
import platform
import queue
import subprocess
import tempfile
import threading
from importlib import metadata
from pathlib import Path
from typing import Any

from podfit.far import frame
from podfit.far.pack import ABSENT, archive, starter
from podfit.far.protocol import Order
from podfit.index.home import expanded, has_home, homeless
from podfit.model import InputError, Reporter, Where
from podfit.pod.machine import LocalMachine, Machine
from podfit.readers.processes import Completed

_FOLDER = "~/.cache/podfit"


class Agent:
    """The agent of one machine, run by the interpreter whose environment it acts on."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.local = isinstance(machine, LocalMachine)
        self._digest = hashlib.sha256(archive("apply")).hexdigest()
        self._path = self.place(f"apply-{self._digest[:16]}.pyz")

    def place(self, name: str) -> str:
        """Return the path of a file in podfit's cache directory on the machine."""
        if not self.local:
            return f"{_FOLDER}/{name}"
        return str(expanded(Path(_FOLDER, name)) if has_home() else homeless() / name)

    def ask(self, order: Order, *, timeout: float = 120.0) -> dict[str, Any]:
        """Carry out an order that takes a moment, and return the answer. Raises InputError when there is none."""
        word = frame.nonce()
        return self.answer(self.run(order, word, timeout=timeout), word)

    def run(self, order: Order, word: str, *, timeout: float, on_line: Any = None) -> Completed:
        """Run the agent with an order, bringing it there first when it is missing or damaged; word marks its answer."""
        # Not -I: user packages and PYTHONPATH belong to the environment. -B: nothing is written into it.
        argv = [self.machine.python, "-B", "-c", starter(), self._path, self._digest]
        data = json.dumps({**order, "frame": word}).encode()
        if self.local and not Path(self._path).exists():
            self.machine.put(archive("apply"), self._path)
        done = self.machine.run(argv, stdin=data, timeout=timeout, on_line=on_line)
        if done.returncode == ABSENT:
            self.machine.put(archive("apply"), self._path)
            done = self.machine.run(argv, stdin=data, timeout=timeout, on_line=on_line)
        return done

    def answer(self, done: Completed, word: str) -> dict[str, Any]:
        """Return the agent's answer to word. Raises InputError when it did not come that far."""
        found = frame.answer(done.stdout, word)
        if found is not None and isinstance(found.get("outcome"), str):
            return found
        where = Where(self.machine.label)
        if done.returncode == 127:
            raise InputError("there is no such Python interpreter", where=where, remedy="give it with --python")
        if b"SyntaxError" in done.stderr:
            raise InputError("its Python is too old: podfit apply needs 3.8 or newer there", where=where)
        if done.returncode == ABSENT:
            raise InputError(f"{self._path} changes while it is used", where=where, remedy="remove it and apply again")
        if done.returncode < 0:
            raise InputError(f"podfit's agent was killed by signal {-done.returncode}", where=where)
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if not frame.is_event(line, word)]
        words = next((line.strip() for line in reversed(said) if line.strip()), f"exit status {done.returncode}")
        raise InputError(f"podfit's agent failed: {words}", where=where)

    def start(self, order: Order, *, timeout: float) -> Running:
        """Begin an order that takes long."""
        return Running(self, order, timeout)


class Running:
    """An order under way: its events, then its answer."""

    def __init__(self, agent: Agent, order: Order, timeout: float) -> None:
        self._agent = agent
        self._word = frame.nonce()
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(order, timeout), daemon=True)
        self._thread.start()

    def _run(self, order: Order, timeout: float) -> None:
        """Run the agent to its end; the last event is `end`, with the answer or the error."""
        try:
            done = self._agent.run(order, self._word, timeout=timeout, on_line=self._heard)
            self._events.put({"event": "end", "answer": self._agent.answer(done, self._word)})
        except BaseException as error:
            self._events.put({"event": "end", "error": error})

    def _heard(self, line: str) -> None:
        """Queue an event; what else comes on standard error (site's complaints) is not one."""
        event = frame.event_of(line, self._word)
        if event is not None and event["event"] not in ("beat", "end"):
            self._events.put(event)

    def next(self, seconds: float) -> dict[str, Any] | None:
        """Return the next event, None when none comes within seconds."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None


def provide_uv(agent: Agent, status: dict[str, Any], reporter: Reporter) -> str:
    """Return the path of a uv on the machine: its own, or podfit's copied there; empty when that cannot be done."""
    from uv import find_uv_bin

    if agent.local:
        return str(find_uv_bin())
    if status.get("uv"):
        return str(status["uv"])
    version = metadata.version("uv")
    path = agent.place(f"uv-{version}-{status['machine']}")
    if agent.machine.run([path, "--version"], timeout=60.0).returncode == 0:
        return path
    try:
        reporter.step(f"copying uv {version} to {agent.machine.label}")
        agent.machine.put(_uv_for(str(status["machine"]), version, str(find_uv_bin())), path, mode=0o755)
    except (InputError, OSError) as error:
        reporter.warn(f"uv could not be brought to {agent.machine.label}, so that pip installs: {error}")
        return ""
    done = agent.machine.run([path, "--version"], timeout=60.0)
    if done.returncode != 0:
        reporter.warn(f"uv does not run on {agent.machine.label}, so that pip installs: {done.last_words}")
        return ""
    return path


def _uv_for(machine: str, version: str, own: str) -> bytes:
    """Return uv's program for a Linux machine type: podfit's own where that fits, else from uv's wheel."""
    if platform.system() == "Linux" and platform.machine() == machine:
        return Path(own).read_bytes()
    with tempfile.TemporaryDirectory(prefix="podfit-uv-") as folder:
        words = [own, "pip", "install", "-q", "--no-config", "--no-deps", "--target", folder]
        words += ["--python-platform", f"{machine}-unknown-linux-gnu", f"uv=={version}"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        program = Path(folder, "bin", "uv")
        if done.returncode != 0 or not program.exists():
            raise InputError(f"there is no uv {version} for {machine}: {' '.join(done.stderr.split())[-200:]}")
        return program.read_bytes()
