"""`dev.py quick` takes the network away: only the loopback interface is left to the tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TRY = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=30).close()
names = sorted(name for _, name in socket.if_nameindex())
try:  # TEST-NET-1 (RFC 5737): no route is an answer at once
    socket.create_connection(("192.0.2.1", 9), timeout=30)
except OSError as error:
    print(names, error.strerror)
"""


@pytest.fixture
def chores() -> ModuleType:
    """dev.py as a module."""
    spec = importlib.util.spec_from_file_location("chores", Path(__file__).parents[2] / "dev.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_the_loopback_interface_is_left(chores: ModuleType) -> None:
    before = chores.without_network()
    if not before:
        pytest.skip("no network namespace can be made here")
    done = subprocess.run([*before, sys.executable, "-c", TRY], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['lo'] Network is unreachable\n", "")


def test_a_machine_without_namespaces_runs_them_all_the_same(
    chores: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert chores.without_network() == []
