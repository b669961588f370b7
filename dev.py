#!/usr/bin/env python3
"""Run the project's chores from a fresh clone: `python3 dev.py {example,test,quick,lint,check,lowest,pythons,run}`.

Standard library only. Each chore makes the environments it needs in `.dev/` and reuses them afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PYPROJECT = ROOT / "pyproject.toml"
OLDEST, NEWEST = "3.10", "3.13"
"""The first and the last Python that podfit supports."""

CHORES = {
    "example": "fit examples/moola onto the two RunPod templates of the document and show the matrix",
    "test": "run the tests with coverage (more arguments go to pytest)",
    "quick": "run the tests that start nothing and need neither network nor patience: under a minute on two cores",
    "lint": "ruff, mypy --strict, import contracts, docstring coverage",
    "check": "lint, pythons, lowest, test: what CI runs",
    "lowest": "run the quick tests with the lowest versions of the dependencies that pyproject.toml allows",
    "pythons": f"run the quick tests with Python {OLDEST} and {NEWEST}, as far as they are on this machine",
    "run": "run podfit itself with the arguments that follow",
}
LOOPBACK_ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:  # netdevice(7): SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    fcntl.ioctl(asked, 0x8914, struct.pack("16sh22x", b"lo", 0x41))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""A program for a new network namespace: it brings the loopback interface up and becomes the command that follows."""
QUICK = "not network and not slow and not machine"
"""The tests to which every Python and the lowest dependencies are held; `quick` leaves those out that start others."""
HOW = ("-n", "2", "--dist", "loadgroup", "--hypothesis-profile", "quick")


class Environment:
    """A virtual environment below `.dev/` with podfit and some dependency groups.

    name is its folder's, python the interpreter that it is made of. lowest installs the lowest versions that
    pyproject.toml allows of what podfit and the groups ask for by name, uv among them.
    """

    def __init__(self, name: str, python: str = sys.executable, *, lowest: bool = False) -> None:
        self.folder = ROOT / ".dev" / name
        self.python = python
        self.lowest = lowest
        self.bin = self.folder / "bin"

    def prepare(self, groups: tuple[str, ...]) -> None:
        """Create or refresh it, so that podfit and the named groups are in it."""
        stamp = self.folder / "podfit-dev-stamp"
        wanted = hashlib.sha256(PYPROJECT.read_bytes() + repr(groups).encode()).hexdigest()
        if stamp.exists() and wanted in stamp.read_text().split():
            return
        if not (self.bin / "python").exists():
            print(f"making {self.folder.relative_to(ROOT)} ...", file=sys.stderr)
            subprocess.run([self.python, "-m", "venv", str(self.folder)], check=True)
        command = [*installer(), "pip", "install", "-q", "--compile-bytecode", "--python", str(self.bin / "python")]
        command += ["--upgrade", "--resolution", "lowest-direct"] if self.lowest else []
        command += ["-e", str(ROOT)]
        for group in groups:
            command += ["--group", f"{PYPROJECT}:{group}"]
        subprocess.run(command, check=True)
        stamp.write_text(wanted + "\n" + (stamp.read_text() if stamp.exists() and not groups else ""))

    def tool(self, *command: str, before: Sequence[str] = ()) -> None:
        """Run one tool of the environment from the root; leave with its exit code when it fails.

        before are the words of a command that runs the command which follows them.
        """
        print("+", *(() if self.folder.name == DEFAULT.folder.name else (f"[{self.folder.name}]",)), *command,
              file=sys.stderr, flush=True)  # fmt: skip
        # Where Python may not keep what it compiled (images say so), every process of every test would compile anew.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        code = subprocess.run([*before, str(self.bin / command[0]), *command[1:]], cwd=ROOT, env=variables).returncode
        if code:
            sys.exit(code)

    def quick(self, arguments: list[str], which: str = QUICK) -> None:
        """Run the quick tests, or which of them: of the network with no more than loopback where that can be had."""
        before = without_network()
        if not before:
            print(
                "no network namespace can be made here: the network stays within reach of these tests", file=sys.stderr
            )
        self.tool("pytest", "-m", which, *HOW, *arguments, before=before)


DEFAULT = Environment(f"py{sys.version_info[0]}{sys.version_info[1]}")


def installer() -> list[str]:
    """Return the uv that fills every environment: the default environment's, put there by pip when it is missing."""
    uv = DEFAULT.bin / "uv"
    if not uv.exists():
        if not (DEFAULT.bin / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(DEFAULT.folder)], check=True)
        subprocess.run([DEFAULT.bin / "python", "-m", "pip", "install", "-q", "uv>=0.13,<0.14"], check=True)
    return [str(uv)]


def interpreter(series: str) -> str:
    """Return an interpreter of a series of Python: this one, one on PATH, or pyenv's; empty when there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [sys.executable, shutil.which(f"python{series}") or ""]
    places += [str(folder / "bin" / "python") for folder in sorted(pyenv.glob(f"{series}.*"))]
    ask = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for place in filter(None, places):  # a shim of pyenv is on PATH even when it has nothing behind it
        done = subprocess.run([place, "-c", ask], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip() == series:
            return place
    return ""


def without_network() -> list[str]:
    """Return the words before a command that leave it the loopback interface alone; none where Linux refuses that."""
    # An ordinary user may make a network namespace only within a user namespace, in which he is root.
    apart = ["--net"] if os.geteuid() == 0 else ["--map-root-user", "--net"]
    words = ["unshare", *apart, sys.executable, "-c", LOOPBACK_ALONE]
    try:
        done = subprocess.run([*words, sys.executable, "-c", ""], capture_output=True)
    except OSError:
        return []
    return [] if done.returncode else words


def lint() -> None:
    """Run every static check."""
    DEFAULT.tool("ruff", "check", ".")
    DEFAULT.tool("ruff", "format", "--check", ".")
    DEFAULT.tool("mypy")
    DEFAULT.tool("lint-imports")
    DEFAULT.tool("interrogate", "-q", "src", "dev.py")


def test(arguments: list[str]) -> None:
    """Run the tests; coverage is reported unless the caller chose tests himself."""
    DEFAULT.tool("pytest", *(arguments or ["-n", "2", "--dist", "loadgroup", "--cov", "--cov-report=term"]))


def pythons(arguments: list[str]) -> None:
    """Run the quick tests with the oldest and the newest supported Python, beside the one that runs this."""
    for series in (OLDEST, NEWEST):
        python = interpreter(series)
        if python == sys.executable:
            print(f"Python {series} is the default here, which runs all tests", file=sys.stderr)
        elif not python:
            print(f"there is no Python {series} on this machine: its tests are left out", file=sys.stderr)
        else:
            environment = Environment(f"py{series.replace('.', '')}", python)
            environment.prepare(("test",))
            environment.quick(arguments)


def lowest(arguments: list[str]) -> None:
    """Run the quick tests with the lowest versions of every direct dependency, on the oldest Python there is."""
    environment = Environment("lowest", interpreter(OLDEST) or sys.executable, lowest=True)
    environment.prepare(("test",))
    environment.quick(arguments)


def main(arguments: list[str]) -> None:
    """Run the chore that arguments name; exit code 2 with the list of chores otherwise."""
    chore, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if chore not in CHORES:
        print("usage: python3 dev.py CHORE\n", file=sys.stderr)
        for name, text in CHORES.items():
            print(f"  {name:8} {text}", file=sys.stderr)
        sys.exit(2)
    DEFAULT.prepare(() if chore in ("example", "run") else ("dev",))
    if chore == "example":
        DEFAULT.tool("podfit", "fit", "examples/moola", "--local", "examples/moola/local-environment.txt",
                     "--template", "runpod-pytorch-2.2", "--template", "runpod-pytorch-2.4", *rest)  # fmt: skip
    elif chore == "run":
        DEFAULT.tool("podfit", *rest)
    elif chore == "test":
        test(rest)
    elif chore == "quick":
        DEFAULT.quick(rest, f"{QUICK} and not talks")
    elif chore == "lint":
        lint()
    elif chore == "lowest":
        lowest(rest)
    elif chore == "pythons":
        pythons(rest)
    else:
        lint()
        pythons([])
        lowest([])
        test([])


if __name__ == "__main__":
    main(sys.argv[1:])
