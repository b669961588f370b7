"""Nothing that lies about on a machine is run: not in the working directory, not on PYTHONPATH, not a damaged agent."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from far_support import SERIES, add_wheel_like, purelib

from podfit.far import frame
from podfit.far.pack import ABSENT, archive, pack, starter
from podfit.pod.apply.agent import Agent
from podfit.pod.machine import LocalMachine

NAMES = re.findall(
    r"\w+",
    """
    argparse ast base64 contextlib configparser csv ctypes concurrent datetime email errno fcntl glob hashlib importlib
    io json mmap pip platform re select shutil signal site stat struct subprocess sysconfig tempfile threading
    time traceback typing venv zipfile zlib podfit podfit_far pack sources
    """,
)


@pytest.fixture
def baited(tmp_path: Path) -> Path:
    """A directory with a module of every name that far imports; whichever is run leaves a mark."""
    folder = tmp_path / "bait"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(
            f"open({str(tmp_path / 'HIT')!r}, 'a').write({name!r})\nraise SystemExit(9)\n"
        )
    return folder


def probe(python: str, *flags: str, cwd: Path, **variables: str) -> dict[str, Any]:
    """Return what the probe prints when it comes through standard input."""
    words = [python, *flags, "-", "--quick"]
    env = {**os.environ, **variables}
    done = subprocess.run(words, input=pack("probe").encode(), cwd=cwd, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("series", SERIES)
def test_the_working_directory_is_not_imported_from(
    series: str, interpreter: Callable[[str], str], baited: Path, tmp_path: Path
) -> None:
    python = interpreter(series)
    probe(python, cwd=baited)
    probe(python, "-I", cwd=baited)
    argv = [python, "-B", "-", "--help"]
    done = subprocess.run(argv, input=pack("verify", {}).encode(), cwd=baited, capture_output=True, check=False)
    assert (done.returncode, b"podfit wrote" in done.stdout) == (0, True), done.stderr.decode()
    agent = tmp_path / "agent.pyz"
    agent.write_bytes(archive("apply"))
    answer = start(python, agent, cwd=baited)
    assert answer is not None and answer["outcome"] == "clean"
    assert not (tmp_path / "HIT").exists()


def test_modules_on_pythonpath_are_looked_at_and_not_imported(
    make_venv: Callable[..., str], baited: Path, tmp_path: Path
) -> None:
    # The names that Python itself imports at its start are not ours to protect.
    for name in ("site", "stat", "io", "importlib", "contextlib", "re", "typing", "signal"):
        (baited / f"{name}.py").unlink()
    python = make_venv()
    add_wheel_like(baited, "on_the_path", "1.0")
    add_wheel_like(purelib(python), "in_it", "1.0")
    manifest = probe(python, cwd=tmp_path, PYTHONPATH=str(baited))
    assert {item["name"] for item in manifest["distributions"]} == {"on_the_path", "in_it"}
    assert not (tmp_path / "HIT").exists()


# --- the agent's archive


def start(python: str, agent: Path, cwd: Path) -> dict[str, Any] | None:
    """Start an agent's file, ask it to recover nothing, and return its answer; None when it was not run."""
    import hashlib

    digest = hashlib.sha256(archive("apply")).hexdigest()
    word = frame.nonce()
    order = json.dumps({"action": "recover", "frame": word}).encode()
    env = {**os.environ, "HOME": str(agent.parent)}
    argv = [python, "-B", "-c", starter(), str(agent), digest]
    done = subprocess.run(argv, input=order, cwd=cwd, env=env, capture_output=True, check=False)
    if done.returncode == ABSENT:
        return None
    assert done.returncode == 0, done.stderr.decode()
    return frame.answer(done.stdout, word)


@pytest.mark.parametrize("kept", [0, 1, 100, -30, -1])
def test_a_damaged_agent_is_not_run_and_brought_again(
    kept: int, make_venv: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    python = make_venv()
    agent = Agent(LocalMachine(python))
    order = {"action": "recover"}
    assert agent.ask(order)["outcome"] == "clean"
    (path,) = (tmp_path / "home").rglob("*.pyz")
    path.write_bytes(archive("apply")[:kept])
    assert start(python, path, tmp_path) is None
    assert agent.ask(order)["outcome"] == "clean"
    assert path.read_bytes() == archive("apply")


def test_a_replaced_agent_is_not_run(make_venv: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "agent.pyz"
    path.write_text(f"open({str(tmp_path / 'HIT')!r}, 'w')")
    assert start(make_venv(), path, tmp_path) is None
    assert not (tmp_path / "HIT").exists()


def test_words_before_and_after_the_answer_do_no_harm(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    wrapper = tmp_path / "python"
    wrapper.write_text(
        f'#!/bin/sh\necho \'{{"outcome": "applied"}}\'\n"{python}" "$@"\nstatus=$?\n'
        'echo \'{"outcome": "clean", "environments": ["/x"]}\'\necho logout\nexit $status\n'
    )
    wrapper.chmod(0o755)
    answer = Agent(LocalMachine(str(wrapper))).ask({"action": "recover", "name": "none"})
    assert answer["environments"] == []
