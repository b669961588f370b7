"""What the tests of apply share: real wheels, plans over them, and trees compared by the hash of every file."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from podfit.model import Action, Artefact, Change, Decision, Evidence, EvidenceKind, Finding, Need, Plan, Template
from podfit.model.manifest import template_from_manifest
from podfit.model.serial import plan_to_dict
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe

OLD = ("packaging==23.0", "click==8.1.3", "six==1.16.0", "typing-extensions==4.5.0", "idna==3.4", "toolz==0.12.0")
"""What the environment that plays the template has."""

NEW = (
    "packaging==24.1",
    "click==8.1.7",
    "pygments==2.18.0",
    "httpie==3.2.4",
    "markdown-it-py==3.0.0",
    "mdurl==0.1.2",
    "rich==13.7.1",
    "loguru==0.7.2",
    "tqdm==4.66.4",
)
"""What the plan adds, and two changes. httpie has console scripts and manual pages."""


def tree(root: str | Path, *, skip: Iterable[str] = ()) -> dict[str, tuple[str, int, str]]:
    """Return relative path to (kind, permission bits, hash of the content or link target) of everything in root."""
    found: dict[str, tuple[str, int, str]] = {}
    skipped = set(skip)
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in skipped]
        for name in [*names, *files]:
            path = Path(folder, name)
            status = path.lstat()
            key = str(path.relative_to(root))
            if stat.S_ISLNK(status.st_mode):
                found[key] = ("link", 0, str(path.readlink()))
            elif stat.S_ISDIR(status.st_mode):
                found[key] = ("folder", stat.S_IMODE(status.st_mode), "")
            else:
                found[key] = ("file", stat.S_IMODE(status.st_mode), hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return the paths in which two trees differ, for an assertion's message."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def install(python: str, wheels: Path, specs: Iterable[str]) -> None:
    """Install wheels of a directory with uv, nothing else."""
    from uv import find_uv_bin

    words = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index", "--no-deps", "--link-mode", "copy"]
    words += ["--find-links", wheels.as_uri(), "--python", python, *specs]
    subprocess.run(words, check=True, timeout=300)


def run(python: str, code: str) -> str:
    """Return what a program prints in an environment; nothing is written by importing."""
    done = subprocess.run([python, "-B", "-c", code], capture_output=True, text=True, check=False, timeout=120, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def template_of(python: str) -> Template:
    """Return the template that an environment is, as the probe sees it."""
    return template_from_manifest(probe(LocalMachine(python), quick=True), where=python)


@dataclass
class Recipe:
    """What a plan is made of: a template, wheels, and what is held."""

    template: Template
    wheels: list[Path]
    held: set[str] = field(default_factory=set)
    project: str = "example"

    def plan(self) -> Plan:
        """Return the plan that installs the wheels, and changes what the template has in another version."""
        evidence = (Evidence(EvidenceKind.METADATA, "test"),)
        decisions: dict[str, Decision] = {}
        changes: list[Change] = []
        for name, distribution in self.template.distributions.items():
            version = distribution.version
            decisions[name] = Decision(
                name, Action.KEEP, "there", evidence, template=version, planned=version, held=name in self.held
            )
        artefacts: dict[str, tuple[Artefact, ...]] = {}
        for wheel in self.wheels:
            distribution_name, version, _, _ = parse_wheel_filename(wheel.name)
            name = str(canonicalize_name(distribution_name))
            found = self.template.distributions.get(name)
            action = Action.CHANGE if found else Action.INSTALL
            decisions[name] = Decision(
                name, action, "asked", evidence, template=found.version if found else "", planned=str(version)
            )
            artefacts[name] = (artefact(wheel),)
            if found:
                changes.append(Change(name, found.version, str(version), "asked"))
        return Plan(
            project=self.project,
            template=self.template,
            needs=tuple(Need(name, evidence) for name in artefacts),
            decisions=tuple(decisions[name] for name in sorted(decisions)),
            artefacts=artefacts,
            changes=tuple(changes),
            created="2025-01-01T00:00:00Z",
        )

    def write(self, path: Path) -> Path:
        """Write the plan as a file."""
        path.write_text(json.dumps(plan_to_dict(self.plan())))
        return path


def artefact(wheel: Path, *, sha256: str = "") -> Artefact:
    """Return the artefact of a local wheel; sha256 replaces its true hash."""
    digest = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Artefact(wheel.name, wheel.as_uri(), (f"sha256:{digest}",), "wheel", wheel.stat().st_size)


def make_wheel(folder: Path, name: str, version: str, content: Mapping[str, str | bytes], scripts: str = "") -> Path:
    """Build a wheel of these files; scripts is the text of entry_points.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {key: value.encode() if isinstance(value, str) else value for key, value in content.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        files[f"{info}/entry_points.txt"] = scripts.encode()
    rows = []
    for key, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{key},sha256={digest},{len(data)}\n")
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, data in files.items():
            archive.writestr(zipfile.ZipInfo(key, (2020, 1, 1, 0, 0, 0)), data)
    return path


class Notes:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def finding(verdict: object, message: str = "said") -> Finding:
    """Return a verification's finding."""
    return Finding("import", "subject", verdict, message, Evidence(EvidenceKind.MEASURED, "test"))  # type: ignore[arg-type]


PODFIT = [
    sys.executable,
    "-c",
    "import sys\n"
    "from podfit.cli.apply import apply_command\n"
    "from podfit.model import PodfitError\n"
    "try: apply_command()\n"
    "except PodfitError as error: print(error, file=sys.stderr); sys.exit(error.exit_code)\n",
]
"""`podfit apply` alone, without the other commands."""

SLOW = [
    sys.executable,
    "-c",
    """
import subprocess, sys
from podfit.cli.apply import read_plan
from podfit.model import Evidence, EvidenceKind, Finding, PodfitError, Verdict
from podfit.pod.apply import Options, apply
from podfit.pod.machine import LocalMachine

def verifier(machine, python, plan, reporter):
    code = "import time, rich.console, pandas; time.sleep(0.5)"
    done = subprocess.run([python, "-c", code], cwd="/")  # writes bytecode, as real verifications do
    good = Verdict.OK if done.returncode == 0 else Verdict.FAILED
    return [Finding("import", "all", good, "imported", Evidence(EvidenceKind.MEASURED, "import"))]

try:
    done = apply(LocalMachine(sys.argv[2]), read_plan(sys.argv[1]), Options(in_place=True), verifier=verifier)
    print(done.outcome)
except PodfitError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
""",
]
"""`PLAN PYTHON`: an in-place apply whose verification imports what was installed and takes half a second more."""


def wheelhouse(folder: Path, specs: Iterable[str], *, pip: Sequence[str] = (sys.executable, "-m", "pip")) -> Path:
    """Fetch the wheels of exact versions from the package index into folder, each once; return folder."""
    folder.mkdir(parents=True, exist_ok=True)
    have = {(str(canonicalize_name(found[0])), str(found[1])) for found in map(_named, folder.glob("*.whl"))}
    missing = [spec for spec in specs if tuple(spec.split("==")) not in have]
    while missing:
        # pip takes one version of a name at a time.
        batch = {spec.partition("==")[0]: spec for spec in reversed(missing)}
        words = [*pip, "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder), *batch.values()]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        missing = [spec for spec in missing if spec not in batch.values()]
    return folder


def _named(wheel: Path) -> tuple[str, str]:
    """Return name and version of a wheel."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return str(name), str(version)


def chosen(wheels: Path, specs: Iterable[str]) -> list[Path]:
    """Return the wheels of exact versions in a directory."""
    asked = {tuple(spec.split("==")) for spec in specs}
    found = [wheel for wheel in sorted(wheels.glob("*.whl")) if _named(wheel) in asked]
    assert len(found) == len(asked), (found, asked)
    return found


def children(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            if parent == pid:
                found += [int(folder.name), *children(int(folder.name))]
    return found


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, so that none of them lives on: who is stopped starts nobody any more."""
    stopped: set[int] = set()
    while new := {process.pid, *children(process.pid)} - stopped:
        for each in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGSTOP)
        stopped |= new
    for each in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.communicate(timeout=30)


def area_of(python: str) -> Path:
    """Return podfit's directory for in-place changes of an environment."""
    return (
        Path(run(python, "import sysconfig; print(sysconfig.get_path('purelib'))")).resolve().parent / ".podfit-apply"
    )


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition, checking every millisecond: some of what tests wait for lasts only a few."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.001)
