"""Fetch and unpack what the order lists, with uv or pip, into a place where nobody looks yet."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol import Order
from ..tree.secrets import mask
from .places import distributions, has_version, search_path
from .talk import RefusedError, Talk

EXPANSION = 3
"""Assumed bytes on disk for each byte of a wheel: an index does not tell. Real wheels unpack to 2 to 4 times."""

_UV_KEPT = re.compile(
    r"UV_(CACHE_DIR|HTTP_\w+|REQUEST_TIMEOUT|OFFLINE|DEFAULT_INDEX|INDEX\w*|EXTRA_INDEX_URL|KEYRING\w*|NATIVE_TLS|"
    r"SYSTEM_CERTS|INSECURE_\w+|LINK_MODE|CONCURRENT_\w+|NETRC)"
)
_PIP_DROPPED = re.compile(
    r"PIP_(CONSTRAINT|BUILD_CONSTRAINT|REQUIREMENT|TARGET|PREFIX|ROOT|USER|NO_BINARY|ONLY_BINARY|REQUIRE_VIRTUALENV|"
    r"REQUIRE_HASHES|NO_DEPS|PYTHON|DRY_RUN|COMPILE|UPGRADE|NO_INSTALL)"
)
_VERSION_VARIABLES = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",
    "PDM_BUILD_SCM_VERSION",
    "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "PBR_VERSION",
)
"""What tells builds a version that they would ask Git for (setuptools-scm and hatch-vcs, pdm, poetry, pbr)."""
_SHOWN = re.compile(r"(Downloading|Building|Prepared|Installed|Collecting|Installing) ")


def find_uv(given: str) -> str:
    """Return the uv to use: given if it runs here, else one on PATH or in the usual places; empty if there is none.

    It has to be 0.8 or newer: older ones do not know lock files of PEP 751 well enough.
    """
    folders = ["~/.local/bin", "~/.cargo/bin"]
    named = [given, shutil.which("uv") or "", *(os.path.join(folder, "uv") for folder in folders)]
    for path in named:
        path = os.path.expanduser(path)
        if path and os.access(path, os.X_OK):
            match = re.match(r"uv (\d+)\.(\d+)", _ask([path, "--version"]))
            if match and (int(match.group(1)), int(match.group(2))) >= (0, 8):
                return path
    return ""


def find_pip() -> str:
    """Return the directory of this interpreter's pip, empty when it has none."""
    folders = [os.path.join(folder, "pip") for folder in search_path()]
    return next((folder for folder in folders if os.path.isfile(os.path.join(folder, "__main__.py"))), "")


def _has_build_constraint(pip: str) -> bool:
    """Tell whether the pip in a directory knows --build-constraint: 25.3 is the first (its changelog, 2025-10-24)."""
    try:
        with open(os.path.join(pip, "__init__.py"), encoding="utf-8") as file:
            found = re.search(r"""^__version__ = ["'](\d+)\.(\d+)""", file.read(), re.MULTILINE)
    except OSError:
        return False
    return bool(found) and (int(found[1]), int(found[2])) >= (25, 3)  # type: ignore[index]


def _ask(argv: list[str]) -> str:
    """Return what a program prints, empty when it does not run."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


class Task(NamedTuple):
    """What is to be built: title as the subject of a sentence, what is fetched for the build alone (PEP 508).

    limits are constraints of what is fetched; version is what a build that asks Git for it is told, empty for none.
    """

    title: str
    fetched: Sequence[str]
    limits: Sequence[str]
    version: str = ""


class Installer:
    """uv where there is one, else pip: installs the order's packages, exact files with checked hashes only."""

    def __init__(self, order: Order, talk: Talk) -> None:
        """Choose. Raises RefusedError when there is neither."""
        self.order = order
        self.talk = talk
        self.uv = "" if order.get("installer") == "pip" else find_uv(order.get("uv", ""))
        self.pip = "" if self.uv else find_pip()
        self.said: list[str] = []
        if not self.uv and not self.pip:
            raise RefusedError("there is neither uv nor pip on this machine", "install one of them there")

    @property
    def name(self) -> str:
        """`uv` or `pip`."""
        return "uv" if self.uv else "pip"

    def install(self, names: list[str], work: str, python: str, prefix: str = "", root: str = "") -> None:
        """Install the named packages for python.

        work is a directory for the lock file. With uv, prefix is an empty directory that gets bin/, lib/...; empty
        means into python's own environment. With pip, root stands for the root of the file system likewise. Raises
        RefusedError with the installer's own words when it fails, AbortedError when somebody wants it stopped.
        """
        chosen = {name: self.order["packages"][name] for name in names}
        indexes = self.order.get("indexes", [])
        # What installers start in an environment imports from it (setuptools' .pth does): no bytecode is left there.
        quiet = {"PYTHONDONTWRITEBYTECODE": "1"}
        limits = self._build_constraints(work)
        if self.uv:
            lock = os.path.join(work, "pylock.toml")
            parts = ['lock-version = "1.0"\ncreated-by = "podfit"\n', *(entry["pylock"] for entry in chosen.values())]
            _write(lock, "\n".join(parts))
            argv = [self.uv, "pip", "install", "--no-config", "--no-deps", "-r", lock, "--python", python]
            argv += ["--prefix", prefix] if prefix else []
            argv += ["--build-constraints", limits] if limits else []
            argv += ["--offline"] if self.order.get("no_index") else []
            # Its files have addresses of their own: what it takes from an index's address are the host's credentials.
            told = {"UV_INDEX": " ".join([*indexes, os.environ.get("UV_INDEX", "")]).strip()} if indexes else {}
            # A command `keyring` is asked for the password of a user whose name an index's address has.
            asked = {"UV_KEYRING_PROVIDER": "subprocess"} if shutil.which("keyring") else {}
            self._run(argv, {**asked, **_environment(_UV_KEPT, None, "UV_"), **quiet, **told}, work)
            return
        lock = os.path.join(work, "requirements.txt")
        _write(lock, "".join(entry["pip"] + "\n" for entry in chosen.values()))
        argv = [
            python,
            "-B",
            self.pip,
            "install",
            "--no-deps",
            "--require-hashes",
            "--ignore-installed",
            "--no-compile",
        ]
        argv += ["--no-warn-script-location", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        argv += ["-r", lock, *(["--root", root] if root else [])]
        links = {entry["find_links"] for entry in chosen.values()}
        for folder in sorted(links - {""}):
            argv += ["--find-links", folder]
        argv += ["--no-index"] if "" not in links or self.order.get("no_index") else []
        before = os.environ.get("PIP_EXTRA_INDEX_URL", "")
        quiet.update({"PIP_EXTRA_INDEX_URL": " ".join([*indexes, before]).strip()} if indexes else {})
        environment = {**_environment(None, _PIP_DROPPED, "PIP_"), **quiet}
        if limits and _has_build_constraint(self.pip):
            argv += ["--build-constraint", limits]
        elif limits:
            environment["PIP_CONSTRAINT"] = limits
        self._run(argv, environment, work)

    def _build_constraints(self, work: str) -> str:
        """Return the path of a file that limits what isolated builds may hold, empty when nothing does."""
        lines = self.order.get("build_constraints") or []
        if not lines:
            return ""
        path = os.path.join(work, "build-constraints.txt")
        _write(path, "".join(f"{line}\n" for line in lines))
        return path

    def build(self, task: Task, python: str, source: str, out: str, work: str) -> None:
        """Build the directory source into a wheel in out, without isolation: its build sees what python sees.

        What is fetched for it is installed for python beforehand, never with another build of what the order holds.
        work is a directory for what a build leaves. Raises RefusedError and AbortedError as `install`.
        """
        environment = _environment(_UV_KEPT, None, "UV_") if self.uv else _environment(None, _PIP_DROPPED, "PIP_")
        # Building imports from the template: no bytecode of that may be left there.
        environment.update(PYTHONDONTWRITEBYTECODE="1", TMPDIR=os.path.join(work, "tmp"))
        beside = [os.path.dirname(python), os.path.dirname(sys.executable)]
        environment["PATH"] = os.pathsep.join([*beside, os.environ.get("PATH", os.defpath)])
        start = [self.uv, "--no-config"] if self.uv else [python, "-B", self.pip]
        quiet = [] if self.uv else ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        if task.fetched:
            kept = os.path.join(work, "constraints.txt")
            held = [f"{each}=={version}" for each, version in self.order.get("held", {}).items()]
            _write(kept, "".join(f"{line}\n" for line in (*held, *task.limits)))
            argv = [*start, *(["pip"] if self.uv else []), "install", "-c", kept, *quiet]
            argv += ["--python", python] if self.uv else ["--no-warn-script-location"]
            for place in self.order.get("wheelhouse", []):
                argv += ["--find-links", os.path.abspath(os.path.expanduser(place))]
            argv += ["--no-index"] if self.order.get("no_index") else []
            self._run([*argv, "--", *task.fetched] if self.uv else [*argv, *task.fetched], environment, work)
        if task.version:
            environment.update(dict.fromkeys(_VERSION_VARIABLES, task.version))
        if self.uv:
            argv = [*start, "build", "--wheel", "--no-sources", "--no-build-isolation", "--python", python]
            argv += ["--out-dir", out, source]
        else:
            argv = [*start, "wheel", "--no-deps", "--no-build-isolation", *quiet, "-w", out, source]
        try:
            self._run(argv, environment, work)
        except RefusedError as error:
            # What the build itself said comes before what uv says of it.
            lines = [line.strip() for line in self.said if line.strip()]
            last = next((n for n, line in enumerate(lines) if line.startswith("error: Failed to build")), 0)
            words = " ".join(" ".join(lines[max(0, last - 6) : last]).split())[-1000:] or error.message
            text = f"{task.title} cannot be built: {words}"
            raise RefusedError(text, error.remedy or "see what its build asks for; nothing was changed") from None

    def check(self, names: list[str], folder: str) -> None:
        """Raise RefusedError unless folder records each package in its version: a wheel may hold another one."""
        found = distributions(folder)
        for name in names:
            if not has_version(found.get(name), self.order["packages"][name]["version"]):
                version = self.order["packages"][name]["version"]
                raise RefusedError(f"the wheel of {name} {version} holds something else", "run `podfit fit` again")

    def check_space(self, names: list[str], target: str) -> None:
        """Raise RefusedError when the disks of target and of the installer's cache will not take the packages."""
        fetched = sum(int(self.order["packages"][name].get("bytes", 0)) for name in names)
        cache = _ask([self.uv, "cache", "dir"]) if self.uv else tempfile.gettempdir()
        target, cache = _existing(target), _existing(os.path.expanduser(cache))
        linked = self.uv and os.stat(target).st_dev == os.stat(cache).st_dev
        # uv unpacks into its cache and links from there; pip unpacks into place.
        wanted = {cache: fetched * (EXPANSION if self.uv else 1)}
        if not linked:
            wanted[target] = wanted.get(target, 0) + fetched * EXPANSION
        for place, size in wanted.items():
            status = os.statvfs(place)
            free = status.f_bavail * status.f_frsize
            if free < size:
                raise RefusedError(
                    f"the disk of {place} has {free / 1e6:.0f} MB free, and about {size / 1e6:.0f} MB are needed: "
                    f"{fetched / 1e6:.0f} MB to fetch, assumed to unpack to {EXPANSION} times that",
                    "free some space, or choose another place with --overlay DIR (and UV_CACHE_DIR for the cache)",
                )

    def _run(self, argv: list[str], environment: dict[str, str], folder: str) -> None:
        """Run the installer, passing its progress on, until it ends or its time is up."""
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )
        said: list[str] = []
        self.said = said
        try:
            self._follow(process, said, time.monotonic() + float(self.order.get("install_seconds", 3600)))
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait() != 0:
            text = [line for line in said if line.strip() and not line.lower().startswith("warning: the `--pylock`")]
            start = next((n for n, line in enumerate(text) if line.lower().startswith("error")), max(0, len(text) - 6))
            words = " ".join(" ".join(text[start : start + 14]).split())
            hint = "free some space" if "No space left" in words else ""
            if re.search(r"\b(401|403|407)\b|Unauthorized|Forbidden", words):
                hint = "give the host's user and password: in ~/.netrc there, a keyring, or with --index-url here"
            raise RefusedError(f"{self.name} failed: {mask(words) or 'it said nothing'}", hint)

    def _follow(self, process: subprocess.Popen[bytes], said: list[str], end: float) -> None:
        """Collect what the installer says until it closes its output."""
        stream = process.stdout
        assert stream is not None  # noqa: S101 - it was asked for
        rest = b""
        while True:
            self.talk.beat()
            if time.monotonic() > end:
                raise RefusedError(f"{self.name} took longer than {self.order.get('install_seconds', 3600)} seconds")
            ready, _, _ = select.select([stream], [], [], 0.1)
            if not ready:
                continue
            data = os.read(stream.fileno(), 65536)
            *lines, rest = (rest + data).split(b"\n")
            for line in [*lines, *([rest] if not data and rest else [])]:
                text = line.decode("utf-8", "replace").rstrip()
                said.append(text)
                if _SHOWN.match(text.strip()):
                    self.talk.step(text.strip())
            if not data:
                return


def _environment(kept: re.Pattern[str] | None, dropped: re.Pattern[str] | None, prefix: str) -> dict[str, str]:
    """Return the environment without the variables that would steer the installer away from the order."""
    found = {}
    for name, value in os.environ.items():
        steers = name.startswith(prefix)
        if steers and ((kept and not kept.fullmatch(name)) or (dropped and dropped.match(name))):
            continue
        found[name] = value
    found.pop("VIRTUAL_ENV", None)
    found.pop("CONDA_PREFIX", None)
    return found


def _die_with_parent() -> None:
    """In the child: be killed when the agent is (prctl PR_SET_PDEATHSIG), so that nobody goes on writing."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _existing(path: str) -> str:
    """Return path or the nearest directory above it that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path) or "/"
    return path


def _write(path: str, text: str) -> None:
    """Write a text file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
