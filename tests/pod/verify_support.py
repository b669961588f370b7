"""What the tests of verify share: environments made of real wheels, plans over them, both ways to check them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from podfit.cli.main import podfit
from podfit.model import Action, Decision, Evidence, EvidenceKind, Need, Plan, Template
from podfit.model.manifest import template_from_manifest
from podfit.model.serial import plan_to_dict
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe
from podfit.writers.verify_env import write_verify_env

X86_64 = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the wheels are for Linux on x86_64"
)
EVIDENCE = (Evidence(EvidenceKind.METADATA, "test"),)
PODFIT = [sys.executable, "-m", "podfit.cli.main"]
"""The command, as a process."""


def make_environment(folder: Path, specs: Iterable[str] = (), *, python: str = sys.executable) -> str:
    """Make an environment of these requirements with uv, files copied so that one may damage them; return its python.

    Nothing is compiled: bytecode that imports left behind would be found by the tests.
    """
    from uv import find_uv_bin

    words = [find_uv_bin(), "venv", "-q", "--no-config", "--no-python-downloads", "--python", python, str(folder)]
    subprocess.run(words, check=True, timeout=60)
    specs = list(specs)
    if specs:
        install(str(folder / "bin" / "python"), specs)
    return str(folder / "bin" / "python")


def install(python: str, specs: Sequence[str | Path], *options: str) -> None:
    """Install requirements or wheels into an environment."""
    from uv import find_uv_bin

    words = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--link-mode", "copy", "--python", python]
    done = subprocess.run(
        [*words, *options, *map(str, specs)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]


def make_torch_environment(folder: Path, base: str, *specs: str) -> str:
    """Make an environment of torch 2.2.2, the last release built with NumPy 1's headers, and return its python.

    base is the interpreter of one of the Pythons that torch 2.2.2 and NumPy 1.26 have wheels for: 3.9 to 3.12.
    Its files are hard links to uv's cache where the file system allows that: they are 5 GB. Never write into one.
    """
    python = make_environment(folder, python=base)
    put(python, ["torch==2.2.2", "numpy==1.26.4", *specs])
    warm(python, "torch.utils.data, torch._dynamo, numpy")
    return python


def put(python: str, specs: Sequence[str], *options: str) -> None:
    """Install as a person does: `uv pip install`, links and all."""
    from uv import find_uv_bin

    words = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--only-binary", ":all:", "--python", python]
    done = subprocess.run([*words, *options, *specs], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]


def warm(python: str, modules: str) -> None:
    """Import modules once and let Python write their bytecode, which installing left out: later imports take half."""
    subprocess.run([python, "-c", f"import {modules}"], env=writing(), check=True, timeout=300, cwd="/")


def writing() -> dict[str, str]:
    """Return the variables with which Python writes bytecode."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def site_packages(python: str) -> Path:
    """Return the directory in which an environment's distributions lie."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())


def template_of(python: str) -> Template:
    """Return the template that an environment is."""
    return template_from_manifest(probe(LocalMachine(python), quick=True), where=python)


def plan_over(
    template: Template,
    needs: Mapping[str, Sequence[str]],
    *,
    held: Iterable[str] = (),
    install: Mapping[str, str] | None = None,
    edges: Mapping[str, tuple[str, ...]] | None = None,
) -> Plan:
    """Return the plan that keeps the template; needs maps names to modules, install adds or replaces versions."""
    added = install or {}
    decisions = {
        name: Decision(name, Action.KEEP, "there", EVIDENCE, template=d.version, planned=d.version, held=name in held)
        for name, d in template.distributions.items()
        if name not in added
    }
    for name, version in added.items():
        before = template.distributions.get(name)
        action = Action.CHANGE if before else Action.INSTALL
        decisions[name] = Decision(
            name, action, "asked", EVIDENCE, template=before.version if before else "", planned=version
        )
    return Plan(
        project="example",
        template=template,
        needs=tuple(Need(name, EVIDENCE, import_names=tuple(modules)) for name, modules in sorted(needs.items())),
        decisions=tuple(decisions[name] for name in sorted(decisions)),
        edges=edges or {},
        created="2026-01-01T00:00:00Z",
    )


@dataclass(frozen=True)
class Seen:
    """What one way of checking gave: exit code, findings by (check, subject), and all that was printed."""

    code: int
    findings: dict[tuple[str, str], dict[str, Any]]
    text: str

    @property
    def verdicts(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Verdict and message of each finding, without what differs between two runs."""
        return {key: (one["verdict"], one["message"]) for key, one in self.findings.items()}

    @property
    def failed(self) -> list[tuple[str, str]]:
        """The findings that failed."""
        return sorted(key for key, one in self.findings.items() if one["verdict"] == "failed")


def by_command(plan: Plan, python: str, folder: Path, *options: str) -> Seen:
    """Check through `podfit verify --format json`."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan_to_dict(plan)))
    words = ["verify", str(path), "--python", python, "--format", "json", *options]
    done = CliRunner().invoke(podfit, words, standalone_mode=False)
    if done.exception:
        raise done.exception
    return _seen(done.return_value, done.stdout)


def by_script(plan: Plan, python: str, folder: Path, *options: str) -> Seen:
    """Check through verify_env.py, run by the environment's python."""
    path = folder / "verify_env.py"
    path.write_text(write_verify_env(plan), encoding="utf-8")
    done = subprocess.run(
        [python, str(path), "--json", *options], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode in (0, 1), done.stderr
    return _seen(done.returncode, done.stdout)


def _seen(code: int, text: str) -> Seen:
    """Read a report."""
    report = json.loads(text)
    assert report["schema"] == "podfit.verify/1"
    assert set(report) == {"schema", "project", "template", "python", "passed", "findings", "seconds"}
    assert report["passed"] is (code == 0)
    findings = {(one["check"], one["subject"]): one for one in report["findings"]}
    assert len(findings) == len(report["findings"])
    return Seen(code, findings, text)


def both(plan: Plan, python: str, folder: Path, *options: str) -> Seen:
    """Check in both ways, assert that they agree word by word, return one."""
    one, two = by_command(plan, python, folder, *options), by_script(plan, python, folder, *options)
    if "--timeout" not in options:
        assert one.verdicts == two.verdicts
    assert one.failed == two.failed
    assert one.code == two.code
    return one
