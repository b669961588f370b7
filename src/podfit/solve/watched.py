"""Runs uv with limits: on its memory, on its time, and on how long a slow index may keep it waiting.

uv reads each page of an index whole, as long as bytes keep coming, whatever their number and their pace.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from podfit.model import InputError, PodfitError

MOST_MEMORY = 800 << 20
"""Bytes that uv may hold. apache-airflow[all] took 310 MiB (measured, uv 0.13.9, Python 3.11, wheels alone)."""

MOST_SECONDS = 900.0
"""How long uv may take for one answer."""

DOUBT_SECONDS = 10.0
"""After this time without an answer, the index itself is asked whether it answers at all."""

_ENDLESS = re.compile(r"(\S{1024})\S+")
"""A word that goes on, such as a version of a hundred thousand digits: looking for names in it would take minutes."""

_BEAT_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class TooMuchError(InputError):
    """What uv read filled its memory: exit code 2 where nobody can tell whose it was."""


def run_watched(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    doubt: Callable[[], str] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run command in folder and return what it said; its standard input is empty.

    doubt is called once, after DOUBT_SECONDS, and returns a sentence when there is nothing to wait for. stopped tells
    whether nobody wants the answer any more. Raises InputError for a doubt and for more than MOST_MEMORY, PodfitError
    for more than MOST_SECONDS and when it was stopped; the process is gone then.
    """
    with subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        begun = time.monotonic()
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    out, said = process.communicate(timeout=_BEAT_SECONDS)
                    return subprocess.CompletedProcess(command, process.returncode, out, _ENDLESS.sub(r"\1...", said))
                if stopped is not None and stopped():
                    raise PodfitError("uv was stopped: its answer is not wanted any more")
                if resident(process.pid) > MOST_MEMORY:
                    raise TooMuchError(
                        f"an index answers with more than fits: uv was stopped when it held {MOST_MEMORY >> 20} MiB",
                        remedy="check --index-url and the other indexes",
                    )
                taken = time.monotonic() - begun
                if taken > MOST_SECONDS:
                    raise PodfitError(
                        f"uv found no answer within {MOST_SECONDS:.0f} s", remedy="narrow the declared requirements"
                    )
                if doubt is not None and taken > DOUBT_SECONDS:
                    sentence, doubt = doubt(), None
                    if sentence and process.poll() is None:
                        raise InputError(sentence, remedy="check the network, --index-url and the proxy variables")
        except BaseException:
            process.kill()
            raise


def resident(process: int) -> int:
    """Return the bytes that a process holds in memory, 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
