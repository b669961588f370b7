"""Bring the agent and uv to a machine, and run work orders there."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import platform
import queue
import subprocess
import tempfile
import threading
import zipfile
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from podfit.model import InputError, Reporter, Where
from podfit.pod.machine import Completed, LocalMachine, Machine

_PACKAGE = "podfit_apply_agent"
_FOLDER = "~/.cache/podfit"


@functools.cache
def agent_archive() -> bytes:
    """Return the agent as one file that Python runs: a zip of its modules, the same bytes for the same modules."""
    packed = io.BytesIO()
    source = resources.files("podfit.far").joinpath("apply")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir(), key=lambda found: found.name):
            if file.name.endswith(".py"):
                inside = zipfile.ZipInfo(f"{_PACKAGE}/{file.name}")
                archive.writestr(inside, file.read_bytes(), zipfile.ZIP_DEFLATED)
        start = f"from {_PACKAGE}.main import main\n\nmain()\n"
        archive.writestr(zipfile.ZipInfo("__main__.py"), start)
    return packed.getvalue()


class Agent:
    """The agent of one machine, run by the interpreter whose environment it acts on."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.local = isinstance(machine, LocalMachine)
        digest = hashlib.sha256(agent_archive()).hexdigest()[:16]
        self._path = self.place(f"apply-{digest}.pyz")

    def place(self, name: str) -> str:
        """Return the path of a file in podfit's cache directory on the machine."""
        return str(Path(_FOLDER, name).expanduser()) if self.local else f"{_FOLDER}/{name}"

    def ask(self, order: dict[str, Any], *, timeout: float = 120.0) -> dict[str, Any]:
        """Carry out an order that takes a moment, and return the answer. Raises InputError when there is none."""
        return self.answer(self.run(order, timeout=timeout))

    def run(self, order: dict[str, Any], *, timeout: float, on_line: Any = None) -> Completed:
        """Run the agent with an order, bringing it there first when it is missing."""
        # Not -I: user packages and PYTHONPATH belong to the environment. -B: nothing is written into it.
        argv = [self.machine.python, "-B", self._path]
        data = json.dumps(order).encode()
        if self.local and not Path(self._path).exists():
            self.machine.put(agent_archive(), self._path)
        done = self.machine.run(argv, stdin=data, timeout=timeout, on_line=on_line)
        if done.returncode == 2 and b"can't open file" in done.stderr:
            self.machine.put(agent_archive(), self._path)
            done = self.machine.run(argv, stdin=data, timeout=timeout, on_line=on_line)
        return done

    def answer(self, done: Completed) -> dict[str, Any]:
        """Return the JSON object that ends the agent's output. Raises InputError when it did not come that far."""
        lines = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
        try:
            found = json.loads(lines[-1])
            if isinstance(found, dict) and "outcome" in found:
                return found
        except (IndexError, ValueError):
            pass
        where = Where(self.machine.label)
        if done.returncode == 127:
            raise InputError("there is no such Python interpreter", where=where, remedy="give it with --python")
        if b"SyntaxError" in done.stderr:
            raise InputError("its Python is too old: podfit apply needs 3.8 or newer there", where=where)
        if done.returncode < 0:
            raise InputError(f"podfit's agent was killed by signal {-done.returncode}", where=where)
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if not line.startswith("{")]
        words = next((line.strip() for line in reversed(said) if line.strip()), f"exit status {done.returncode}")
        raise InputError(f"podfit's agent failed: {words}", where=where)

    def start(self, order: dict[str, Any], *, timeout: float) -> Running:
        """Begin an order that takes long."""
        return Running(self, order, timeout)


class Running:
    """An order under way: its events, then its answer."""

    def __init__(self, agent: Agent, order: dict[str, Any], timeout: float) -> None:
        self._agent = agent
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(order, timeout), daemon=True)
        self._thread.start()

    def _run(self, order: dict[str, Any], timeout: float) -> None:
        """Run the agent to its end; the last event is `end`, with the answer or the error."""
        try:
            done = self._agent.run(order, timeout=timeout, on_line=self._heard)
            self._events.put({"event": "end", "answer": self._agent.answer(done)})
        except BaseException as error:
            self._events.put({"event": "end", "error": error})

    def _heard(self, line: str) -> None:
        """Queue an event; what else comes on standard error (site's complaints) is not one."""
        if line.startswith("{"):
            try:
                event = json.loads(line)
            except ValueError:
                return
            if isinstance(event, dict) and event.get("event") not in (None, "beat"):
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
