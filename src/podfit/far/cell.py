"""What a notebook's cell does with a plan: check the runtime, install by pip, say whether it has to be restarted.

The cell is this module's text and one call. What counts is the kernel that it runs in: its Python, what it has loaded.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STALE = "_podfit_stale"
"""The attribute of sys that keeps, until the kernel ends, what was loaded before it was replaced."""


def fit_runtime(facts: dict[str, Any]) -> str:
    """Install what the plan asks for and the runtime lacks, and return what was printed last, a sentence.

    facts are `python` (`3.11`), `held` and `planned` (name to version; empty where only a build tells it), `calls` of
    pip in their order (`lines` by name, `options`, `tools`), `limits` of builds (lines), `index` (options) and
    `variables`. Raises RuntimeError where the runtime is not what the plan was made for, and where pip fails.
    """
    there = installed()
    wrong = [
        f"{name} {there[name].version if name in there else 'missing'} and not {version}"
        for name, version in facts["held"].items()
        if name not in there or not _same(there[name].version, version)
    ]
    python = "{}.{}".format(*sys.version_info[:2])
    if python != facts["python"]:
        wrong.insert(0, f"Python {python} and not {facts['python']}")
    if wrong:
        more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        raise RuntimeError(
            f"this runtime is not what the plan was made for: {', '.join(wrong[:4])}{more}; read it with podfit probe "
            "and fit the project onto that"
        )
    missing = _missing(facts, there)
    stale: set[str] = getattr(sys, _STALE, set())
    setattr(sys, _STALE, stale)
    if missing:
        loaded = {name: [top for top in modules(there[name]) if top in sys.modules] for name in missing & set(there)}
        print(f"podfit: installing {len(missing)} packages ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for call in facts["calls"]:
                lines = [line for name, line in call["lines"].items() if name in missing]
                if lines:
                    _install(facts, call, lines, folder)
        importlib.invalidate_caches()
        there = installed()
        left = _missing(facts, there)
        if left:
            raise RuntimeError(f"pip was content, and yet these are not as planned: {', '.join(sorted(left))}")
        stale.update(top for tops in loaded.values() for top in tops)
    stale.update(_other_version(facts, there))
    done = f"{len(missing)} packages installed" if missing else "nothing to install: all is as planned"
    if stale:
        names = ", ".join(sorted(stale))
        said = f"podfit: {done}. RESTART THE RUNTIME now (the kernel): until then it keeps the old {names}"
    else:
        said = f"podfit: {done}; no restart is needed"
    print(said, flush=True)
    return said


def installed() -> dict[str, metadata.Distribution]:
    """Return the distributions that this Python finds, by normalized name; the first on sys.path counts."""
    found: dict[str, metadata.Distribution] = {}
    for each in metadata.distributions():
        if each.metadata["Name"]:
            found.setdefault(re.sub("[-_.]+", "-", each.metadata["Name"]).lower(), each)
    return found


def modules(distribution: metadata.Distribution) -> list[str]:
    """Return the top-level modules of an installed distribution: by its list of files, else by its own account."""
    found = set()
    for path in distribution.files or ():
        first = path.parts[0]
        if len(path.parts) > 1 and path.suffix in (".py", ".so") and not first.endswith((".dist-info", ".egg-info")):
            found.add(first)
        elif path.suffix in (".py", ".so"):
            found.add(first.split(".")[0])
    own = (distribution.read_text("top_level.txt") or "").split()
    return sorted(found.union(own) or {distribution.metadata["Name"].replace("-", "_")})


def _missing(facts: dict[str, Any], there: dict[str, metadata.Distribution]) -> set[str]:
    """Return the names of what is planned and not there in its version."""
    return {
        name
        for name, version in facts["planned"].items()
        if name not in there or (version and not _same(there[name].version, version))
    }


def _same(one: str, other: str) -> bool:
    """Tell whether two texts are one version: 2026.06 is 2026.6, as PEP 440 writes it, and not everybody does."""
    plain = [re.sub(r"(?<![0-9a-z])0+(?=[0-9])", "", re.sub("[-_]", ".", text.lower())) for text in (one, other)]
    return plain[0] == plain[1]


def _other_version(facts: dict[str, Any], there: dict[str, metadata.Distribution]) -> Iterator[str]:
    """Yield the loaded modules of held distributions that say another version of themselves than is installed."""
    for name in facts["held"]:
        # Other modules of a distribution may have versions of their own (pytest's py).
        top = name.replace("-", "_")
        said = getattr(sys.modules.get(top), "__version__", None)
        if isinstance(said, str) and said.split("+")[0] != there[name].version.split("+")[0]:
            yield top


def _install(facts: dict[str, Any], call: dict[str, Any], lines: Iterable[str], folder: str) -> None:
    """Run pip over lines; what a build asks for besides lies in a directory that is gone afterwards."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    variables = dict(os.environ, **facts["variables"])
    if facts["limits"]:
        limits = _write(folder, "limits.txt", facts["limits"])
        variables.update(PIP_CONSTRAINT=limits, PIP_BUILD_CONSTRAINT=limits)
    if call["tools"]:
        tools = os.path.join(folder, "tools")
        _run([*pip, *facts["index"], "--target", tools, *call["tools"]], variables)
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [tools, variables.get("PYTHONPATH")]))
        variables["PATH"] = os.pathsep.join([os.path.join(tools, "bin"), variables.get("PATH", "")])
    _run([*pip, *call["options"], *facts["index"], "-r", _write(folder, "lock.txt", lines)], variables)


def _write(folder: str, name: str, lines: Iterable[str]) -> str:
    """Write lines into a file of folder and return its path."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
    return path


def _run(words: list[str], variables: dict[str, str]) -> None:
    """Run pip. Raises RuntimeError with the end of what it said when it fails."""
    done = subprocess.run(
        words, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()[-2000:]
        raise RuntimeError(f"pip failed, and nothing after it was tried:\n{said}")
