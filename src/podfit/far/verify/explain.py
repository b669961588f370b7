"""From how a process ended to a sentence and a remedy."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import Any

from ..loader import PACKAGE
from ..symptoms import Hit, applies, case, filled
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
_OURS = re.compile(rf"/{PACKAGE}(_child|(/\w+)+)\.py$")
_OLD_NUMPY = ("numpy1-module-on-numpy2", "array-api-not-found", "failed-to-initialize-numpy", "numpy-not-available")
"""Rows of the table of symptoms that tell of a module built with NumPy 1's headers."""
_SIZES = ("array-shrank",)


def explain(error: Mapping[str, Any], log: str, state: Environment) -> tuple[str, str]:
    """Return a sentence about why something failed, and a remedy, from an exception and what was printed.

    What the words mean is the table of symptoms' (state.symptoms); what is installed tells the rest.
    """
    text = error.get("message", "")
    for words in (text, *error.get("earlier", ())):  # NumPy and torch raise their own advice after the loader's words
        hit = _heaviest(words, state)
        found = _loader_trouble(hit, state) if hit is not None else None
        if found:
            return found
    if tells_of_old_numpy(text + "\n" + log, state):
        return old_numpy(error.get("place", ""), log, state)
    hit = _heaviest(text, state)
    if hit is not None and hit.row["id"] in _SIZES:
        have = state.version("numpy")
        version = parse_version(have)
        if version and version.release >= (2,):  # NumPy 2 made the structure smaller: 88 bytes, 96 before
            return old_numpy(error.get("place", ""), log, state)
        return (
            f"a compiled module was built for a newer NumPy than {have} ({one_line(text, 120)})",
            "install the planned versions of numpy and of this package",
        )
    if hit is not None and hit.row["id"] == "no-module" and error.get("type") == "ModuleNotFoundError":
        module = hit.fields["module"]
        return f"the module {module} is missing", f"install the distribution that provides {module}"
    told = _told(hit, state) if hit is not None and hit.row["id"] != "no-module" else None
    return told or (f"{error.get('type', 'error')}: {one_line(text)}", "")


def tells_of_old_numpy(text: str, state: Environment) -> bool:
    """Tell whether a text has words of a module that was built with NumPy 1's headers and meets NumPy 2."""
    return any(hit.row["id"] in _OLD_NUMPY for hit in state.symptoms.hits(text.splitlines()))


def _heaviest(text: str, state: Environment) -> Hit | None:
    """Return the symptom in a text that explains most, None where there is none."""
    hits = state.symptoms.hits(text.splitlines())
    return max(hits, key=lambda hit: hit.row["weight"]) if hits else None


def _told(hit: Hit, state: Environment) -> tuple[str, str] | None:
    """Return what the table itself says of a symptom, None where its words need what is not known here."""
    fields = {**hit.fields, **{f"{name}_version": state.version(name) for name in ("numpy", "torch", "torchvision")}}
    row = case(hit.row, fields)
    sentence = filled(row["cause"], fields)
    fitting = (step for step in row["fix"] if step["do"] in ("say", "run") and applies(step.get("when", ""), fields))
    steps = [filled(step["what"], fields) for step in fitting]
    return (sentence, next(filter(None, steps), "install the planned versions")) if sentence else None


def _loader_trouble(hit: Hit, state: Environment) -> tuple[str, str] | None:
    """Return sentence and remedy for what the dynamic loader says, None for another symptom."""
    library = hit.fields.get("library") if "cannot open shared object file" in hit.row["literals"] else ""
    library = library or {"openmp-missing": "libgomp.so.1", "nccl-library": "libnccl.so.2"}.get(hit.row["id"], "")
    if library or hit.row["id"] == "torch-library-gone":
        library = library or hit.fields["library"]
        return f"the shared library {library} is missing", _library_remedy(library, state)
    level = hit.fields.get("level", "") if hit.row["id"] == "glibc-version" else ""
    if level:
        which = "glibc" if level.startswith("GLIBC_") else "libstdc++"
        return f"{which} here is older than {level}", "install a release whose wheels are built for this system"
    if hit.row["id"] == "nms-missing":
        return "torchvision was built for another torch", "install the torchvision that belongs to the held torch"
    symbol = hit.fields.get("symbol", "")
    if symbol:
        made_for = "another torch" if hit.row["id"] == "torch-symbol" else "other libraries"
        return f"it was built for {made_for}: the symbol {symbol} is undefined", "install the planned versions"
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
    package = state.plan["libraries"].get(library)
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
