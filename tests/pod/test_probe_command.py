"""`podfit probe`: locally, over ssh, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from far_support import add_wheel_like, purelib

from podfit.cli.main import podfit
from podfit.model import InputError
from podfit.model.manifest import template_from_manifest
from podfit.pod.machine import LocalMachine, find_python
from podfit.pod.probe import probe
from podfit.pod.probe_answer import answer
from podfit.pod.ssh import SshMachine
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

if TYPE_CHECKING:
    from pod_support import Sshd

VARYING = ("captured", "probe", "evidence", "environment", "pip_config")
"""What depends on the moment and on the session's variables, which sshd does not pass on."""


def invoke(*words: str) -> Result:
    """Run the command; whatever it raises is in `exception`."""
    return CliRunner().invoke(podfit, ["probe", *words])


def command_words(sshd: Sshd) -> list[str]:
    """Return the options that lead to sshd."""
    settings = [word for option in sshd.options for word in ("--ssh-option", option)]
    return ["--ssh", sshd.destination, "-i", sshd.identity, *settings]


def without(manifest: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return a manifest without some keys, and without the free space, which other programs change."""
    for disk in manifest.get("disks", []):
        disk.pop("free_bytes")
    return {key: value for key, value in manifest.items() if key not in keys}


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the variables away that sshd does not pass on and that change what is found."""
    for name in list(os.environ):
        if name.startswith(("CUDA_", "PYTHON")) or name == "LD_LIBRARY_PATH":
            monkeypatch.delenv(name)


@pytest.mark.parametrize("quick", [False, True])
def test_the_probe_over_ssh_equals_the_local_one(
    quick: bool, sshd: Sshd, make_venv: Callable[..., str], no_variables: None
) -> None:
    python = make_venv(pip=True)
    local = probe(LocalMachine(python), quick=quick)
    with sshd.machine(python) as machine:
        remote = probe(machine, quick=quick)
    assert without(remote, VARYING) == without(local, VARYING)
    assert len(local["distributions"]) >= 1
    assert remote["evidence"]["source"] == f"podfit probe of {sshd.destination} ({python})"
    assert local["evidence"]["source"] == f"podfit probe of {python}"


def test_nothing_is_left_on_the_machine(sshd: Sshd, make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with sshd.machine(python) as machine:
        probe(machine)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_the_command_over_ssh_writes_a_template(sshd: Sshd, tmp_path: Path) -> None:
    target = tmp_path / "pod.json"
    result = invoke(*command_words(sshd), "--python", sys.executable, "--quick", "-o", str(target))
    assert result.exception is None
    assert result.stdout == ""
    template = template_from_manifest(json.loads(target.read_text(encoding="utf-8")), where=str(target))
    assert template.interpreter.executable == sys.executable
    assert list(tmp_path.iterdir()) == [target]


def test_json_is_what_a_pipe_gets_and_text_is_for_people() -> None:
    piped = invoke("--quick")
    assert json.loads(piped.stdout)["schema"] == "podfit.template/1"
    text = invoke("--quick", "--format", "text").stdout
    assert f"Python         {'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})" in text
    assert re.search(r"distributions  \d+: ", text)
    assert not any(line != line.rstrip() for line in text.splitlines())


def sentence(words: Sequence[str]) -> str:
    """Return the one sentence with which the command refuses."""
    result = invoke(*words)
    assert isinstance(result.exception, InputError), result.output
    text = str(result.exception)
    assert "\n" not in text
    assert result.exception.exit_code == 2
    return text


def test_over_ssh_refused_closed_and_without_python(sshd: Sshd, tmp_path: Path) -> None:
    from pod_support import make_key

    words = command_words(sshd)
    other = make_key(tmp_path / "other")
    assert "refused every key" in sentence([*words, "-i", other])
    closed = [*words, "--ssh", "root@127.0.0.1:1"]
    assert "connection was refused" in sentence(closed)
    assert "no such Python interpreter" in sentence([*words, "--python", "/nowhere/bin/python"])
    assert "no such Python interpreter" in sentence([*words, "--python", "python9.9"])
    assert "no Python interpreter" in sentence([*words, "--python", "/bin/ls"])


def test_the_home_over_there(sshd: Sshd) -> None:
    home = Path.home()
    link = home / f".podfit-test-{os.getpid()}"
    link.symlink_to(sys.executable)
    try:
        with sshd.machine(f"~/{link.name}") as machine:
            assert probe(machine, quick=True)["interpreter"]["version"]
    finally:
        link.unlink()


@pytest.mark.parametrize(
    ("python", "problem"),
    [
        ("/nowhere/python", "no such Python interpreter"),
        ("python9.9", "no such Python interpreter"),
        ("/tmp", "no Python environment"),
        ("/etc/passwd", "not an executable file"),
        ("/bin/ls", "no Python interpreter"),
        ("/bin/true", "no manifest"),
        ("/bin/cat", "no Python interpreter"),
    ],
)
def test_local_paths_that_are_no_python(python: str, problem: str) -> None:
    assert problem in sentence(["--python", python, "--quick"])


def test_bad_calls(tmp_path: Path) -> None:
    assert "is a directory" in sentence(["--quick", "-o", str(tmp_path)])
    assert "cannot be written" in sentence(["--quick", "-o", str(tmp_path / "absent" / "file.json")])
    assert "no port number" in sentence(["--ssh", "root@pod:99999"])
    assert "no such key file" in sentence(["--ssh", "pod", "-i", str(tmp_path / "key")])
    assert invoke("--ssh-option", "A=b").exit_code == 2
    assert "need --ssh" in invoke("-i", "key").output


def test_pythons_that_are_too_old() -> None:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    old = [path for series in ("2.7", "3.6", "3.7") for path in root.glob(f"{series}.*/bin/python")]
    if not old:
        pytest.skip("there is no Python older than 3.8 on this machine")
    for python in old:
        series = ".".join(python.parent.parent.name.split(".")[:2])
        assert f"Python {series} is too old for the probe" in sentence(["--python", str(python), "--quick"])


PYTHON = shlex.quote(sys.executable)


def write_script(path: Path, text: str) -> str:
    """Write an executable shell script and return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_greeting_in_front_of_the_answer(tmp_path: Path) -> None:
    noisy = write_script(tmp_path / "python", f"echo '{{Welcome}} to your pod'\nexec {PYTHON} \"$@\"")
    assert probe(LocalMachine(noisy), quick=True)["interpreter"]["executable"] == sys.executable


def test_an_answer_that_is_cut_off_and_one_that_never_comes(tmp_path: Path) -> None:
    cut = write_script(tmp_path / "cut", f'{PYTHON} "$@" | head -c 700')
    with pytest.raises(InputError, match="no manifest"):
        probe(LocalMachine(cut), quick=True)
    hangs = write_script(tmp_path / "hangs", "sleep 60")
    with pytest.raises(InputError, match="did not end within 1 seconds"):
        probe(LocalMachine(hangs), timeout=1)


def test_a_failing_probe_names_its_last_words(tmp_path: Path) -> None:
    failing = write_script(
        tmp_path / "python",
        'for word in "$@"; do [ "$word" = - ] && echo "MemoryError: out of it" >&2 && exit 1; done\n'
        f'exec {PYTHON} "$@"',
    )
    with pytest.raises(InputError, match="the probe failed: MemoryError: out of it"):
        probe(LocalMachine(failing))


class Recorder:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        """Ignore text."""

    def warn(self, text: str) -> None:
        """Keep text."""
        self.warnings.append(text)


def test_warnings_reach_the_reporter(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    add_wheel_like(purelib(python), "~umpy", "1.0")
    recorder = Recorder()
    manifest = probe(LocalMachine(python), quick=True, reporter=recorder)
    assert recorder.warnings == manifest["probe"]["warnings"]
    assert "~umpy-1.0" in recorder.warnings[0]


def test_a_python_is_found_by_path_name_and_environment(
    make_venv: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = make_venv()
    environment = Path(python).parent.parent
    assert find_python(str(environment)) == python
    assert find_python(python) == python
    monkeypatch.chdir(tmp_path)
    assert find_python("venv/bin/python") == python
    assert find_python("venv") == python
    monkeypatch.setenv("PATH", str(Path(python).parent))
    assert find_python("python") == python
    assert probe(LocalMachine(python), quick=True)["interpreter"]["prefix"] == str(environment)


GPU_POD = {
    "schema": "podfit.template/1",
    "name": "pod",
    "interpreter": {"version": "3.11.10", "implementation": "cpython", "executable": "/usr/bin/python",
                    "externally_managed": True},
    "platform": {"machine": "x86_64", "system": "linux", "glibc": "2.35", "glibcxx": "3.4.30"},
    "distributions": [
        {"name": "blinker", "version": "1.4", "requires_dist": None, "location": "system", "uninstallable": False},
        {"name": "torch", "version": "2.4.0", "requires_dist": [], "location": "system"},
    ],
    "torch": {"version": "2.4.0+cu124", "cuda": "12.4", "arch_list": ["sm_80", "sm_90"], "numpy_abi": 2,
              "cxx11_abi": False},
    "cuda": {"cudnn": "9.1.0.70"},
    "gpus": [{"name": "NVIDIA H100 80GB HBM3", "compute_capability": "9.0", "memory_bytes": 85520809984}],
    "driver": {"version": "550.54.15", "cuda": "12.4"},
    "disks": [{"mount": "/workspace", "filesystem": "fuse", "total_bytes": 2**40, "free_bytes": 2**39,
               "persistent": True, "reason": "RunPod"}],
    "environment": {"PIP_CONSTRAINT": "[brackets] :are: text"},
}  # fmt: skip


def summary(manifest: dict[str, Any], colors: str | None = None) -> str:
    """What the command prints for people."""
    return write_answer("text", answer(manifest), Screen(100, colors))


def test_the_summary_tells_what_matters() -> None:
    text = summary(GPU_POD)
    for part in (
        "externally managed", "blinker 1.4", "12.4", "sm_80 sm_90", "works with NumPy 1 and 2", "pre-cxx11",
        "9.1.0.70", "NVIDIA H100 80GB HBM3", "compute capability 9.0, 79.6 GiB", "supports CUDA up to 12.4",
        "512.0 GiB free of 1024.0", "persists: RunPod", "[brackets] :are: text",
    ):  # fmt: skip
        assert part in text
    assert "\x1b[" not in text
    assert "\x1b[" in summary(GPU_POD, "standard")


def test_help_teaches_by_example() -> None:
    text = invoke("--help").output
    assert "podfit probe --ssh root@203.0.113.7:12345" in text
    assert "--template pod.json" in text


def test_runpods_proxy_runs_no_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence of ssh.runpod.io, spoken by a program in ssh's place: the proxy itself is not to be had here."""
    script = 'case "$*" in *" -N "*) exit 0;; *) echo "Error: Your SSH client doesn\'t support PTY"; exit 1;; esac'
    write_script(tmp_path / "ssh", script)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"SSH over exposed TCP"), SshMachine("x@ssh.runpod.io") as machine:
        probe(machine)


def test_the_command_is_imported_without_what_only_its_work_needs() -> None:
    code = "import sys, podfit.cli.probe; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"rich", "podfit.pod.ssh", "podfit.pod.probe", "msgspec"} & set(done.stdout.split())


def test_the_script_itself_gives_the_same_template(
    interpreter: Callable[[str], str], no_variables: None, tmp_path: Path
) -> None:
    python = interpreter("3.8")
    script = invoke("--script")
    assert script.exit_code == 0
    done = subprocess.run([python, "-", "--quick"], input=script.stdout.encode(), capture_output=True, check=True)
    assert without(json.loads(done.stdout), VARYING) == without(probe(LocalMachine(python), quick=True), VARYING)
    assert invoke("--script", "-o", str(tmp_path / "probe.py")).stdout == ""
    assert (tmp_path / "probe.py").read_text(encoding="utf-8") == script.stdout
