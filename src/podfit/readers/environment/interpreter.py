"""A live environment: an interpreter, or the directory of one, asked by the probe script."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podfit.far import frame
from podfit.far.pack import pack
from podfit.index.home import expanded
from podfit.model import InputError, Where
from podfit.model.manifest import SCHEMA
from podfit.readers.processes import flood, run_process

TIMEOUT = 120.0
"""Seconds that the quick probe may take; on a network disk with thousands of distributions it takes twenty."""

_NAME = re.compile(r"(python|pypy)[\d.]*t?(\.exe)?", re.IGNORECASE)
_MAGIC = (b"\x7fELF", b"#!", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def find_interpreter(spec: str) -> str | None:
    """Return the absolute path of the interpreter that spec means, None when spec means something else.

    spec is a virtual environment's directory (or one that contains a `.venv`), the path of an executable, or a bare
    command name such as `python3.12`. Links are kept: a virtual environment's python is one. Raises InputError for a
    directory that has no interpreter.
    """
    try:
        path = expanded(spec)
        if path.is_dir():
            return _inside(path, spec)
        if path.is_file():
            return str(path.absolute()) if _is_program(path) else None
    except (OSError, RuntimeError, ValueError):
        return None
    found = shutil.which(spec) if _NAME.fullmatch(spec) else None
    return str(Path(found).absolute()) if found else None


def _inside(folder: Path, spec: str) -> str:
    """Return the interpreter of an environment's directory."""
    for home in (folder, folder / ".venv"):
        for relative in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
            if (home / relative).is_file():
                return str((home / relative).absolute())
    remedy = "give a virtual environment's directory, an interpreter or a file"
    raise InputError("a directory without a Python environment: no bin/python", where=Where(spec), remedy=remedy)


def _is_program(path: Path) -> bool:
    """Tell whether a file is executable and starts like a program or a script, not like a list with a stray x bit."""
    if not os.access(path, os.X_OK):
        return False
    with path.open("rb") as file:
        return file.read(4).startswith(_MAGIC)


def probe_interpreter(python: str) -> dict[str, Any]:
    """Return the quick manifest of an interpreter; nothing is written, and nothing of its environment imported.

    Raises InputError when python is no Python, older than 3.8, or does not answer within `TIMEOUT` seconds.
    """
    word = frame.nonce()
    argv = [python, "-B", "-", "--quick", "--frame", word]  # -B: site may import from the environment
    script = pack("probe").encode("utf-8")
    where = Where(python)
    done = run_process(argv, stdin=script, timeout=TIMEOUT)
    if done.timed_out:
        raise InputError(f"the interpreter did not answer within {TIMEOUT:.0f} seconds", where=where)
    if done.flooded:
        raise flood(python)
    if done.returncode in (126, 127) and done.stderr.startswith(f"{python}: ".encode()):
        raise InputError(f"cannot be run: {done.last_words.rpartition(': ')[2]}", where=where)
    manifest = frame.answer(done.stdout, word)
    if manifest is None or manifest.get("schema") != SCHEMA or not isinstance(manifest.get("evidence"), dict):
        raise InputError(
            f"the probe did not run in it{_complaint(done.stderr)}", where=where, remedy="give a Python 3.8 or newer"
        )
    manifest["evidence"] = {**manifest["evidence"], "source": f"podfit probe of {python}"}
    return manifest


def warnings_of(manifest: Mapping[str, Any]) -> list[str]:
    """Return sentences about a probed environment: what could not be read, and that podfit itself lies in it."""
    told = manifest.get("probe")
    sentences = told.get("warnings") if isinstance(told, dict) else None
    found = [str(sentence) for sentence in sentences] if isinstance(sentences, list) else []
    entries = manifest.get("distributions")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == "podfit":
            found.append(
                "podfit itself is installed in this environment, and what it brought along may have replaced the "
                'template\'s own packages: install podfit elsewhere (README, "Where podfit lives") and name this '
                "environment with --python"
            )
    return found


def _complaint(stderr: bytes) -> str:
    """Return what a failed program said, as a clause: the error under a traceback, else its first line."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return ""
    return ": " + (lines[-1] if re.match(r"\w+(Error|Exception)\b", lines[-1]) else lines[0])[:120]
