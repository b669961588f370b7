"""What a command takes: the clock's seconds, the processor's, and memory, with all that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process and those that it started took: seconds, seconds of the processor, bytes."""

    wall: float
    processor: float
    memory: int


def cost(command: list[str], cwd: Path, settings: Mapping[str, str] | None = None) -> Cost:
    """Run a command, with these variables beside the environment's, and return what it took. Leaves when it fails."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=output, env={**_variables(), **(settings or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{output.read().decode()[-2000:]}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _variables() -> dict[str, str]:
    """Return the environment's variables, without the one by which Python would compile podfit anew in each process.

    Images set it. Who installs podfit has its bytecode, as pip and uv compile it.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
