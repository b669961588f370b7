"""From how a process ended to a sentence and a remedy."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..loader import PACKAGE
from ..text import one_line
from ..tree.files import HERE
from ..tree.records import record, rows
from .environment import Environment
from .processes import Outcome
from .requirements import parse_version

_SIGNALS = {
    signal.SIGSEGV: ("a segmentation fault", "its compiled code does not fit what is installed around it"),
    signal.SIGABRT: ("abort()", "a compiled library gave up"),
    signal.SIGILL: ("an illegal instruction", "its code is built for a newer CPU than this one"),
    signal.SIGBUS: ("a bus error", "shared memory may be too small (docker run --shm-size) or a file was cut short"),
    signal.SIGFPE: ("an arithmetic fault", "a compiled library failed"),
    signal.SIGKILL: ("SIGKILL", "the machine may have run out of memory"),
}
_DEBIAN = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libsndfile.so.1": "libsndfile1",
    "libstdc++.so.6": "libstdc++6",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libopenblas.so.0": "libopenblas0",
    "libpq.so.5": "libpq5",
    "libnuma.so.1": "libnuma1",
}
"""Debian's packages (packages.debian.org) of libraries that wheels expect from the system."""
_OURS = re.compile(rf"/{PACKAGE}(_child|(/\w+)+)\.py$")
OLD_NUMPY = ("compiled using NumPy 1.x", "_ARRAY_API not found", "Failed to initialize NumPy")


def explain(error: Mapping[str, Any], log: str, state: Environment) -> tuple[str, str]:
    """Return a sentence about why something failed, and a remedy, from an exception and what was printed."""
    text = error.get("message", "")
    for words in (text, *error.get("earlier", ())):  # NumPy and torch raise their own advice after the loader's words
        found = _loader_trouble(words, state)
        if found:
            return found
    if "torchvision::nms does not exist" in text:
        return "torchvision was built for another torch", "install the torchvision that belongs to the held torch"
    if any(sign in text + log for sign in OLD_NUMPY) or "Numpy is not available" in text:
        return old_numpy(error.get("place", ""), log, state)
    if "numpy.dtype size changed" in text or "binary incompatibility" in text:
        have = state.version("numpy")
        version = parse_version(have)
        if version and version.release >= (2,):  # NumPy 2 made the structure smaller: 88 bytes, 96 before
            return old_numpy(error.get("place", ""), log, state)
        return (
            f"a compiled module was built for a newer NumPy than {have} ({one_line(text, 120)})",
            "install the planned versions of numpy and of this package",
        )
    module = re.search(r"No module named '([^']+)'", text)
    if module and error.get("type") == "ModuleNotFoundError":
        return f"the module {module[1]} is missing", f"install the distribution that provides {module[1]}"
    return f"{error.get('type', 'error')}: {one_line(text)}", ""


def _loader_trouble(text: str, state: Environment) -> tuple[str, str] | None:
    """Return sentence and remedy for what the dynamic loader says, None for other words."""
    library = re.search(r"(\S+?): cannot open shared object file", text)
    if library:
        return f"the shared library {library[1]} is missing", _library_remedy(Path(library[1]).name, state)
    level = re.search(r"version [`'](GLIBC(?:XX)?_[\d.]+|CXXABI_[\d.]+)' not found", text)
    if level:
        which = "glibc" if level[1].startswith("GLIBC_") else "libstdc++"
        return f"{which} here is older than {level[1]}", "install a release whose wheels are built for this system"
    symbol = re.search(r"undefined symbol: (\S+)", text)
    if symbol:
        made_for = "another torch" if re.match(r"_ZNK?(?:2at|3c10|5torch)", symbol[1]) else "other libraries"
        return f"it was built for {made_for}: the symbol {symbol[1]} is undefined", "install the planned versions"
    return None


def old_numpy(place: str, log: str, state: Environment) -> tuple[str, str]:
    """Return sentence and remedy for a module that was built with NumPy 1 headers and meets NumPy 2.

    place is where an exception came from, empty when there was none. Whoever lies deepest there or in NumPy's own
    warning in log is the one.
    """
    have = state.version("numpy")
    files = [*re.findall(r'File "([^"]+)", line \d+', log), place]
    folder = next((f for f in reversed(files) if "site-packages/" in f or "dist-packages/" in f), "")
    package = re.split(r"(?:site|dist)-packages/", folder)[-1].partition("/")[0] if folder else ""
    if package in ("", "torch", "numpy") and state.version("torch"):
        remedy = "put numpy back to the planned version (NumPy 1.26 works), or use a template with torch 2.3 or newer"
        return f"torch {state.version('torch')} was built against NumPy 1's C-ABI; NumPy {have} is installed", remedy
    who = package or "a compiled module"
    return f"{who} was built against NumPy 1's C-ABI; NumPy {have} is installed", (
        f"install a release of {who} built for NumPy 2, or NumPy 1.26"
    )


def _library_remedy(library: str, state: Environment) -> str:
    """Return what to do about a missing shared library."""
    for name, one in sorted(state.distributions.items()):
        if any(path.rpartition("/")[2] == library for path, *_ in rows(record(HERE, one["info"]))):
            return f"{name} {one['version']} brings {library} and it is gone: install {name} again"
    if library == "libcuda.so.1":
        return "it comes with the NVIDIA driver: start the container with GPUs (docker run --gpus all)"
    if re.match(r"lib(cu|nv|nccl)", library):
        return "a CUDA library of the template is gone or of another version: use the template's own torch"
    package = _DEBIAN.get(library)
    return f"apt-get install {package}" if package else f"install the system package that provides {library}"


def trouble(outcome: Outcome, state: Environment) -> tuple[str, str, str]:
    """Return sentence, detail and remedy for a child that did not end well."""
    stack = re.findall(r'File "([^"]+)", line (\d+) in (\S+)', outcome.log)
    own = [entry for entry in stack if not _OURS.search(entry[0]) and "importlib" not in entry[0]]
    place = "{}:{} in {}".format(*own[0]) if own and outcome.how != "error" else ""
    if outcome.how == "hang":
        text = f"it did not end within {outcome.seconds:.0f} seconds and was stopped"
        return text, place, "run it by hand to see what it waits for, or allow more with --timeout"
    if outcome.how == "error":
        text, remedy = explain(outcome.error, outcome.log, state)
        return text, outcome.error.get("place", ""), remedy
    if outcome.status < 0:
        number = -outcome.status
        known = {int(key): value for key, value in _SIGNALS.items()}
        what, why = known.get(number, (f"signal {number}", "the process was killed from outside"))
        return (
            f"the process was ended by {what}",
            place or last_line(outcome.log),
            f"{why}: install the planned versions",
        )
    return f"the process ended itself with status {outcome.status}", last_line(outcome.log), "run it by hand"


def last_line(log: str) -> str:
    """Return the last line of what a child printed."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return one_line(lines[-1], 200) if lines else ""
