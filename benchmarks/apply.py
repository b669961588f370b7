#!/usr/bin/env python3
"""What it costs to get a project's packages onto a template: seconds, bytes fetched, disk added, route by route.

    python benchmarks/apply.py                                    # plans examples/moola itself with `podfit fit`
    python benchmarks/apply.py --plan plan.json --template-python /opt/venv/bin/python --routes podfit,uv-same

The routes, each on an environment of its own:

- `pip-fresh`: a new virtual environment and `pip install` of the project's requirements, as people do it;
- `pip-template`: `pip install` of the same into a copy of the template;
- `uv-template`: `uv pip install` of the same into a copy of the template;
- `uv-same`: `uv venv` and `uv pip install --no-deps` of the very packages that podfit installs, the least there is;
- `podfit`: `podfit apply` of the plan into an overlay, without verification, which the others do not do either.

Bytes are counted by a proxy on loopback that all traffic goes through (CONNECT, so nothing is looked into): what the
servers sent, TLS included. Every route pays for that detour alike. Disk is what the file system allocated, each inode
once: `disk` is what the environment holds beside the template, `allocated` what is newly taken, the installer's cache
included (uv links files from there, so that a second environment costs next to nothing). Cold means an empty cache,
warm a second environment with the cache of the first. The machine's own pip and uv configuration is ignored, apart
from certificates, so that the index is PyPI for all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from podfit.model import Action, Plan
from podfit.model.serial import plan_from_dict

ROUTES = ("pip-fresh", "pip-template", "uv-template", "uv-same", "podfit")
TEMPLATE = ("torch==2.4.1", "torchvision==0.19.1", "torchaudio==2.4.1", "numpy==1.26.3", "pip==24.2")
"""Stands for the RunPod template with PyTorch 2.4: the CUDA build of the package index, with its CUDA libraries."""


@dataclass
class Cost:
    """What one run took."""

    route: str
    cache: str
    seconds: float
    fetched: int
    disk: int
    allocated: int
    changed: list[str] = field(default_factory=list)
    """Distributions of the template that are another version now, or gone."""


class Proxy:
    """A CONNECT proxy in a process of its own that counts what comes back."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self._count: Synchronized[int] = context.Value("q", 0)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._process = context.Process(target=self._serve, daemon=True)
        self._process.start()

    @property
    def fetched(self) -> int:
        return self._count.value

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()

    def _serve(self) -> None:
        while True:
            client, _ = self._socket.accept()
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(4096)
                if not data:
                    return
                head += data
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split()
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
                return
            host, _, port = target.rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port)), timeout=60) as server:
                server.settimeout(None)
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                up = threading.Thread(target=_relay, args=(client, server), daemon=True)
                up.start()
                _relay(server, client, self._count)
                up.join()


def _relay(source: socket.socket, target: socket.socket, count: Synchronized[int] | None = None) -> None:
    """Pass bytes on until source ends."""
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    with contextlib.suppress(OSError):
        while size := source.recv_into(buffer):
            target.sendall(view[:size])
            if count is not None:
                with count.get_lock():
                    count.value += size
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def inodes(*roots: Path) -> dict[tuple[int, int], int]:
    """Return the bytes allocated for each file under roots, each inode once."""
    found: dict[tuple[int, int], int] = {}
    for root in roots:
        for folder, names, files in os.walk(root):
            for name in (*names, *files):
                with contextlib.suppress(FileNotFoundError):
                    status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - many thousands of files
                    found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return found


def versions(python: Path) -> dict[str, str]:
    """Return name to version of what an environment has."""
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
    )
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return {str(canonicalize_name(name)): version for name, version in json.loads(done.stdout).items()}


def run(words: list[str], environment: Mapping[str, str]) -> float:
    """Run a command and return its seconds; leave with its words when it fails."""
    started = time.monotonic()
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words[:6])} failed:\n{done.stdout[-3000:]}")
    return time.monotonic() - started


class Bench:
    """The routes, over one template and one plan."""

    def __init__(self, work: Path, python: str, requirements: list[str], proxy: Proxy) -> None:
        self.work = work
        self.python = python
        self.proxy = proxy
        self.uv = find_uv_bin()
        self.requirements = requirements
        self.template = work / "template"
        self.plan_file = work / "plan.json"
        self.plan: Plan | None = None
        drop = ("PIP_", "UV_", "VIRTUAL_ENV", "PYTHONPATH", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        self.base = {key: value for key, value in os.environ.items() if not key.startswith(drop) or key == "PIP_CERT"}
        self.base.update(PIP_CONFIG_FILE=os.devnull, UV_NO_CONFIG="1", UV_PYTHON_DOWNLOADS="never")
        self.base.update(PIP_DISABLE_PIP_VERSION_CHECK="1", XDG_CONFIG_HOME=str(work / "no-config"))

    def environment(self, cache: Path) -> dict[str, str]:
        """Return the variables of a run with its own cache."""
        own = {"HTTPS_PROXY": self.proxy.url, "HTTP_PROXY": self.proxy.url, "ALL_PROXY": self.proxy.url}
        return {**self.base, **own, "PIP_CACHE_DIR": str(cache / "pip"), "UV_CACHE_DIR": str(cache / "uv")}

    def make_template(self, given: str | None, specs: list[str]) -> None:
        """Make the environment that plays the template, or take one."""
        if given:
            self.template = Path(given).absolute().parent.parent
        elif not (self.template / "bin" / "python").exists():
            print(f"making the template: {' '.join(specs)}", file=sys.stderr)
            run([self.python, "-m", "venv", "--without-pip", str(self.template)], self.base)
            run([self.uv, "pip", "install", "--python", str(self.template / "bin/python"), *specs], self.base)

    def make_plan(self, given: str | None, project: Path) -> float:
        """Take a plan or have `podfit fit` make one; return fit's seconds, 0 for a plan that was given."""
        seconds = 0.0
        if given:
            self.plan_file = Path(given).absolute()
        else:
            out = self.work / "fitted"
            shutil.rmtree(out, ignore_errors=True)
            words = ["fit", str(project), "--template", str(self.template / "bin" / "python"), "-o", str(out), "-q"]
            seconds = run([sys.executable, "-m", "podfit.cli.main", *words], self.base)
            self.plan_file = next(out.glob("plan-*.json"))
        self.plan = plan_from_dict(json.loads(self.plan_file.read_bytes()), where=str(self.plan_file))
        return seconds

    def measure(self, route: str, warmth: str, cache: Path) -> Cost:
        """Run one route once."""
        place = self.work / "run"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        target = place / "environment"
        environment = self.environment(cache)
        before: dict[tuple[int, int], int] = {}
        if route in ("pip-template", "uv-template"):
            # Hard links: installers replace files, they do not write into them.
            subprocess.run(["cp", "-al", str(self.template), str(target)], check=True)
            before = inodes(target)
        cache.mkdir(parents=True, exist_ok=True)
        cached = inodes(cache)
        was = versions(self.template / "bin" / "python")
        fetched = self.proxy.fetched
        commands: dict[str, Callable[[], float]] = {
            "pip-fresh": lambda: self._pip_fresh(target, environment),
            "pip-template": lambda: run(
                [str(target / "bin/python"), "-m", "pip", "install", "-q", *self.requirements], environment
            ),
            "uv-template": lambda: run(
                [self.uv, "pip", "install", "-q", "--python", str(target / "bin/python"), *self.requirements],
                environment,
            ),
            "uv-same": lambda: self._uv_same(target, environment),
            "podfit": lambda: self._podfit(target, environment),
        }
        seconds = commands[route]()
        fetched = self.proxy.fetched - fetched
        now = inodes(target)
        disk = sum(size for inode, size in now.items() if inode not in before)
        changed: list[str] = []
        if route != "uv-same":
            have = versions(target / "bin" / "python")
            if route != "pip-fresh":
                changed = [
                    f"{name} {old} -> {have.get(name, 'gone')}" for name, old in was.items() if have.get(name) != old
                ]
        allocated = sum(size for inode, size in {**inodes(cache), **now}.items() if inode not in {**before, **cached})
        cost = Cost(route, warmth, seconds, fetched, disk, allocated, sorted(changed))
        shutil.rmtree(place)
        return cost

    def _pip_fresh(self, target: Path, environment: dict[str, str]) -> float:
        seconds = run([self.python, "-m", "venv", str(target)], environment)
        return seconds + run(
            [str(target / "bin/python"), "-m", "pip", "install", "-q", *self.requirements], environment
        )

    def _uv_same(self, target: Path, environment: dict[str, str]) -> float:
        assert self.plan is not None
        wanted = self.plan.with_action(Action.INSTALL, Action.CHANGE)
        specs = [f"{decision.name}=={decision.planned}" for decision in wanted]
        python = str(self.template / "bin" / "python")
        seconds = run([self.uv, "venv", "-q", "--python", python, str(target)], environment)
        words = [self.uv, "pip", "install", "-q", "--no-deps", "--python", str(target / "bin/python"), *specs]
        return seconds + run(words, environment)

    def _podfit(self, target: Path, environment: dict[str, str]) -> float:
        words = ["apply", str(self.plan_file), "--overlay", str(target), "--no-verify"]
        words += ["--python", str(self.template / "bin" / "python")]
        return run([sys.executable, "-m", "podfit.cli.main", *words], environment)

    def second_apply(self, cache: Path) -> float:
        """Return the seconds of an apply that finds nothing to do, the best of three."""
        place = self.work / "run"
        shutil.rmtree(place, ignore_errors=True)
        self._podfit(place / "environment", self.environment(cache))
        found = min(self._podfit(place / "environment", self.environment(cache)) for _ in range(3))
        shutil.rmtree(place)
        return found


def requirements_of(project: Path) -> list[str]:
    """Return the dependencies that a project's pyproject.toml declares, as people hand them to pip."""
    return list(tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"])


def size(count: int) -> str:
    """Return bytes in MB."""
    return f"{count / 1e6:,.1f} MB"


def table(costs: list[Cost]) -> Iterator[str]:
    """Yield the lines of a Markdown table: medians per route and cache, and ratios to podfit."""
    yield "| route | cache | seconds | fetched | disk | allocated | time : podfit | bytes : podfit | in the template |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---|"
    groups: dict[tuple[str, str], list[Cost]] = {}
    for cost in costs:
        groups.setdefault((cost.route, cost.cache), []).append(cost)
    mine = {cache: found for (route, cache), found in groups.items() if route == "podfit"}
    for (route, cache), found in groups.items():
        seconds, fetched = (statistics.median(getattr(cost, key) for cost in found) for key in ("seconds", "fetched"))
        own = mine.get(cache)
        times = f"{seconds / statistics.median(c.seconds for c in own):.2f}" if own else ""
        own_bytes = statistics.median(c.fetched for c in own) if own else 0
        ratio = f"{fetched / own_bytes:.1f}" if own_bytes > 1e5 else "–"
        last = found[-1]
        changed = ", ".join(last.changed) or ("a fresh environment" if route == "pip-fresh" else "nothing")
        yield (
            f"| {route} | {cache} | {seconds:.2f} | {size(int(fetched))} | {size(last.disk)} | {size(last.allocated)} "
            f"| {times} | {ratio} | {changed} |"
        )


def main() -> None:
    """Measure, print the table, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--project", type=Path, default=here / "examples" / "moola")
    parser.add_argument("--plan", help="a plan file; default: podfit fit makes one")
    parser.add_argument("--template-python", help="an environment's python; default: one is made")
    parser.add_argument("--template-requirements", nargs="+", default=list(TEMPLATE))
    parser.add_argument("--python", default=sys.executable, help="the interpreter for new environments")
    parser.add_argument("--routes", default=",".join(ROUTES))
    parser.add_argument("--repeat", type=int, default=3, help="runs of podfit and uv-same; the big ones run once")
    parser.add_argument("--work", type=Path, help="a directory with tens of GB free; default: a temporary one")
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    routes = [route for route in given.routes.split(",") if route]
    if unknown := set(routes) - set(ROUTES):
        parser.error(f"unknown routes: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="podfit-bench-") as folder:
        work = (given.work or Path(folder)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        proxy = Proxy()
        bench = Bench(work, given.python, requirements_of(given.project), proxy)
        bench.make_template(given.template_python, given.template_requirements)
        fit_seconds = bench.make_plan(given.plan, given.project)
        costs: list[Cost] = []
        for number in range(given.repeat):
            for route in routes:
                if number and route not in ("podfit", "uv-same"):
                    continue
                cache = work / "caches" / route
                shutil.rmtree(cache, ignore_errors=True)
                for warmth in ("cold", "warm"):
                    costs.append(bench.measure(route, warmth, cache))
                    print(json.dumps(asdict(costs[-1])), file=sys.stderr, flush=True)
        order = {
            (route, warmth): n for n, (warmth, route) in enumerate((w, r) for w in ("cold", "warm") for r in routes)
        }
        costs.sort(key=lambda cost: order[cost.route, cost.cache])
        no_op = bench.second_apply(work / "caches" / "podfit")
        proxy.stop()
        shutil.rmtree(work / "caches", ignore_errors=True)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{given.project.name} on {bench.template}: {machine}\n")
    print("\n".join(table(costs)))
    print(f"\nplanning: {fit_seconds:.2f} s; an apply that finds nothing to do: {no_op:.2f} s")
    if given.json:
        told = {"machine": machine, "fit_seconds": fit_seconds, "unchanged_seconds": no_op}
        given.json.write_text(json.dumps({**told, "runs": [asdict(cost) for cost in costs]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
