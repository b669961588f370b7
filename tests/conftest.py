"""What holds for every test: signals act as they do at a terminal, and no example is judged by the clock.

And what several rooms act on: interpreters and environments.
"""

from __future__ import annotations

import compileall
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import share
from far_support import find_interpreter
from hypothesis import HealthCheck, settings

import podfit

# Whoever starts the tests in the background may hand down ignored signals (a shell's `&` does so with SIGINT); commands
# under test would inherit that, and could not be stopped.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# Lists that whoever runs the tests took in (`podfit templates --update`) are none of theirs.
os.environ["PODFIT_DATA_DIR"] = os.devnull

# The same examples at every run: a rare one that fails is met when a test changes, not when somebody else's work lands.
settings.register_profile(
    "podfit",
    settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # how fast the machine is decides nothing
    derandomize="PODFIT_RANDOM_TESTS" not in os.environ,
)
settings.register_profile(share.QUICK, settings.get_profile("podfit"), max_examples=share.FEW)
settings.load_profile("podfit")


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_compiled_into_what_is_compared() -> None:
    """Processes of the tests write no bytecode beside what they import; pytest's own, and podfit's, is kept before."""
    compileall.compile_dir(str(Path(podfit.__file__).parent), quiet=2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.fixture(scope="session")
def interpreter() -> Callable[[str], str]:
    """A function that returns the interpreter of a series, or skips the test that asks."""
    found: dict[str, str | None] = {}

    def get(series: str) -> str:
        if series not in found:
            found[series] = find_interpreter(series)
        path = found[series]
        if path is None:
            pytest.skip(f"there is no Python {series} on this machine")
        return path

    return get


@pytest.fixture
def make_venv(tmp_path: Path) -> Callable[..., str]:
    """A function that makes an environment (of an interpreter, this one by default) and returns its python."""

    def make(python: str = sys.executable, *, name: str = "venv", pip: bool = False, system: bool = False) -> str:
        folder = tmp_path / name
        words = [python, "-m", "venv", *([] if pip else ["--without-pip"])]
        words += ["--system-site-packages"] if system else []
        done = subprocess.run([*words, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{python} cannot make environments: {done.stdout.strip()[-200:]}")
        return str(folder / "bin" / "python")

    return make


TALKING = ("cli", "fit", "index", "solve", "readers/test_image_registry.py")
"""Tests that start podfit, uv or a server of their own, most of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that make environments and those of rooms that talk: `dev.py quick` leaves them out."""
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / place) for place in TALKING):
            item.add_marker(pytest.mark.talks)
        makers = {"make_venv", "interpreter", "sshd"} & set(getattr(item, "fixturenames", ()))
        if makers or item.path.is_relative_to(Path(__file__).parent / "pod"):
            item.add_marker(pytest.mark.machine)


SLOW_SECONDS = 10.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that took longer than the quick lane affords and are not marked slow; the clock fails nobody."""
    for report in terminalreporter.stats.get("passed", ()):
        if report.when == "call" and report.duration > SLOW_SECONDS and "slow" not in report.keywords:
            terminalreporter.write_line(f"not marked slow, {report.duration:.0f} s: {report.nodeid}")
