"""Verify behind a real sshd, through a pipe, on old and new Pythons, and where the interpreter itself is odd."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apply_support import Notes, changes, make_wheel, tree
from pod_support import Sshd
from verify_support import PODFIT, by_script, install, make_environment, plan_over, site_packages, template_of

from podfit.model import InputError, Plan
from podfit.model.serial import plan_to_dict
from podfit.pod.machine import LocalMachine
from podfit.pod.verify import examine, verifier, verify
from podfit.writers.verify_env import write_verify_env

FILES = {"fine": {"fine.py": "x = 1\n"}, "odd": {"odd.py": "import nowhere\n"}}


def environment(folder: Path, python: str | None = None) -> str:
    """Make an environment with one module that imports and one that does not."""
    made = make_environment(folder / "environment", **({"python": python} if python else {}))
    install(made, [make_wheel(folder / "wheels", name, "1.0", files) for name, files in FILES.items()], "--no-index")
    return made


def plan_of(python: str) -> Plan:
    return plan_over(template_of(python), {"fine": ["fine"], "odd": ["odd"]}, held=["fine"])


def told(findings: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(one["check"], one["subject"], one["verdict"], one["message"]) for one in findings]


def test_over_ssh_it_is_the_same(sshd: Sshd, tmp_path: Path) -> None:
    """Nothing of podfit is needed there, and nothing stays there."""
    python = environment(tmp_path)
    plan = plan_of(python)
    subprocess.run([python, "-c", "pass"], check=True)
    before = tree(Path(python).parent.parent)
    notes = Notes()
    with sshd.machine(python) as machine:
        far = examine(machine, plan, reporter=notes)
    near = examine(LocalMachine(python), plan)
    assert [(f.check, f.subject, f.verdict, f.message) for f in far.findings] == [
        (f.check, f.subject, f.verdict, f.message) for f in near.findings
    ]
    assert not far.passed
    assert notes.steps[0] == f"verifying {sshd.destination} ({python})"
    assert "checking import odd" in notes.steps
    assert far.python["executable"] == python
    assert changes(before, tree(Path(python).parent.parent)) == []


def test_the_command_over_ssh(sshd: Sshd, tmp_path: Path) -> None:
    python = environment(tmp_path)
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(plan_to_dict(plan_of(python))))
    settings = [word for option in sshd.options for word in ("--ssh-option", option)]
    words = [*PODFIT, "verify", str(plan), "--ssh", sshd.destination, "-i", sshd.identity, *settings]
    done = subprocess.run([*words, "--python", python], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "1.0: import odd fails: the module nowhere is missing" in done.stdout
    for python, expected in (
        ("/nowhere/python", "there is no such Python interpreter; give the interpreter's path with --python"),
        ("/etc/passwd", "that is no Python interpreter; give the interpreter's path with --python"),
    ):
        done = subprocess.run([*words, "--python", python], capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"error: {sshd.destination} ({python}): {expected}\n"


def test_the_script_through_ssh_and_a_pipe(sshd: Sshd, tmp_path: Path) -> None:
    """`ssh pod python3 - < verify_env.py`, as a person does it."""
    python = environment(tmp_path)
    options = [word for option in sshd.options for word in ("-o", option)]
    words = ["ssh", "-F", "/dev/null", "-i", sshd.identity, "-p", str(sshd.port), *options, f"{sshd.user}@127.0.0.1"]
    done = subprocess.run(
        [*words, shlex.quote(python), "-", "--json"],
        input=write_verify_env(plan_of(python)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    near = by_script(plan_of(python), python, tmp_path)
    assert told(json.loads(done.stdout)["findings"]) == told(list(near.findings.values()))


@pytest.mark.parametrize("series", ["3.8", "3.9", "3.10", "3.12", "3.13"])
def test_on_other_pythons(series: str, interpreter: Callable[[str], str], tmp_path: Path) -> None:
    """A path, a pipe, and `podfit verify` with podfit's own Python: the same findings."""
    python = environment(tmp_path, interpreter(series))
    plan = plan_of(python)
    seen = by_script(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("import", "odd")]
    assert seen.verdicts["import", "odd"][1] == "1.0: import odd fails: the module nowhere is missing"
    assert seen.verdicts["import", "fine"] == ("ok", "1.0")
    assert seen.verdicts["template", "template"][1].startswith("1 held distribution unchanged: ")
    assert seen.verdicts["python", "Python"][1].startswith(series + ".")
    piped = subprocess.run(
        [python, "-", "--json"],
        input=(tmp_path / "verify_env.py").read_bytes(),
        capture_output=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    assert piped.returncode == 1, piped.stderr
    assert told(json.loads(piped.stdout)["findings"]) == told(list(seen.findings.values()))
    findings = verify(LocalMachine(python), plan)
    assert [f.message for f in findings] == [one["message"] for one in seen.findings.values()]


def test_a_dotted_name_on_an_old_python(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    """Python 3.8's importlib.metadata does not find `zope.thing` as `zope-thing`."""
    python = make_environment(tmp_path / "environment", python=interpreter("3.8"))
    wheel = make_wheel(tmp_path / "wheels", "zope_thing", "1.0", {"zope/thing.py": ""})
    install(python, [wheel], "--no-index")
    packages = site_packages(python)
    info = (packages / "zope_thing-1.0.dist-info").rename(packages / "zope.thing-1.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zope.thing\nVersion: 1.0\n")
    plan = plan_over(template_of(python), {"zope-thing": []})
    assert by_script(plan, python, tmp_path).verdicts["import", "zope-thing"] == ("ok", "1.0 (import zope)")


@pytest.mark.parametrize("series", ["2.7", "3.7"])
def test_too_old_a_python_is_said(series: str, interpreter: Callable[[str], str], tmp_path: Path) -> None:
    plan = plan_of(environment(tmp_path))
    with pytest.raises(InputError, match=f"Python {series} is too old: the checks need 3.8 or newer"):
        examine(LocalMachine(interpreter(series)), plan)


def test_files_beside_the_script_are_not_the_standard_library(tmp_path: Path) -> None:
    python = environment(tmp_path)
    plan, place = plan_of(python), tmp_path / "place"
    place.mkdir()
    for name in ("json", "argparse", "subprocess", "podfit", "fine", "logging"):
        (place / f"{name}.py").write_text("raise SystemExit('a stray file')\n")
    assert by_script(plan, python, place).failed == [("import", "odd")]
    text = (place / "verify_env.py").read_bytes()
    piped = subprocess.run([python, "-", "--json"], input=text, capture_output=True, check=False, cwd=place, timeout=60)
    assert piped.returncode == 1, piped.stderr
    assert b"stray" not in piped.stdout + piped.stderr


def test_an_interpreter_that_greets(tmp_path: Path) -> None:
    """What sitecustomize prints at every start of Python is not the report."""
    python = environment(tmp_path)
    plan = plan_of(python)
    greeting = "import sys\nsys.stdout.write('welcome to {\"schema\"} ')\n"
    (site_packages(python) / "sitecustomize.py").write_text(greeting)
    report = examine(LocalMachine(python), plan)
    assert [f.subject for f in report.findings if f.verdict.value == "failed"] == ["odd"]


def test_variables_that_steer_python_do_not_hide_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONOPTIMIZE removes assertions; PYTHONWARNINGS makes warnings of deprecation errors."""
    python = environment(tmp_path)
    plan = plan_of(python)
    for name, value in (("PYTHONOPTIMIZE", "2"), ("PYTHONWARNINGS", "error"), ("PYTHONSAFEPATH", "1")):
        monkeypatch.setenv(name, value)
    assert by_script(plan, python, tmp_path).failed == [("import", "odd")]


def test_what_apply_asks(tmp_path: Path) -> None:
    """apply hands over the finished environment's interpreter, which is not the machine's."""
    template, overlay = environment(tmp_path / "one"), environment(tmp_path / "two")
    plan = plan_over(template_of(template), {"fine": ["fine"], "odd": ["odd"]})
    (site_packages(overlay) / "odd.py").write_text("")
    machine = LocalMachine(template)
    assert [f.subject for f in verify(machine, plan) if f.verdict.value == "failed"] == ["odd"]
    assert not [f for f in verifier(machine, overlay, plan, Notes()) if f.verdict.value == "failed"]
    assert Path(examine(machine, plan, python=overlay).python["executable"]).parent == Path(overlay).parent
