"""The Python of a series on this machine, as uv finds it; nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from podfit.model import InputError, Template
from podfit.readers.processes import run_process

_SECONDS = 60.0


def find_series(template: Template) -> str:
    """Return the path of a CPython of the template's series: its very version where there is one.

    Raises InputError when this machine has none.
    """
    from uv import find_uv_bin

    exact, series = template.interpreter.version, template.interpreter.series
    for wanted in dict.fromkeys((exact, series)):
        argv = [find_uv_bin(), "python", "find", "--no-config", "--no-project", "--no-python-downloads", "--system"]
        environment = {**os.environ, "PATH": _search_path(os.environ.get("PATH", ""))}
        environment.pop("UV_PYTHON", None)
        done = run_process([*argv, f"cpython@{wanted}"], stdin=None, timeout=_SECONDS, env=environment)
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "surrogateescape").strip()
    raise InputError(
        f"there is no Python {series} on this machine, which {template.name} has",
        remedy=f"install one: uv python install {series}",
    )


def _search_path(path: str) -> str:
    """Return PATH with the interpreters behind pyenv's and asdf's shims in place of the shims.

    A shim runs the one version that is chosen for a directory; uv takes one that is not chosen for a broken Python.
    """
    found: list[str] = []
    for entry in path.split(os.pathsep):
        if Path(entry).name != "shims":
            found.append(entry)
            continue
        root = Path(entry).parent
        found += [str(each) for pattern in ("versions/*/bin", "installs/python/*/bin") for each in root.glob(pattern)]
    return os.pathsep.join(found)


def uv_run(words: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run podfit's own uv without anybody's configuration, to its end."""
    from uv import find_uv_bin

    done = run_process([find_uv_bin(), *words], stdin=None, timeout=timeout)
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(words, done.returncode, out, err)
