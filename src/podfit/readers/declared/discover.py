"""Which files of a project directory declare something, what reads each, and which group its name puts it in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from podfit.readers.declared.interface import Reader, Reading, Source

_PACKAGE = "podfit.readers.declared"
KINDS = (
    # pattern of a file's name -> module with `read(source, reading)`; the first that fits, the last takes the rest
    (re.compile(r"^Pipfile$"), "pipfile"),
    (re.compile(r"^pixi\.toml$"), "pixi"),
    (re.compile(r"\.toml$"), "pyproject"),
    (re.compile(r"\.cfg$"), "setup_cfg"),
    (re.compile(r"\.py$"), "setup_py"),
    (re.compile(r"\.ya?ml$"), "conda"),
    (re.compile(r""), "requirements_txt"),
)
"""What reads which file. The modules are imported when a file needs them: each costs its parser's import."""

_PATTERNS = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "*requirements*.in",
    "requirements/*.in",
    "*requirements*.txt",
    "requirements.lock",
    "requirements/*.txt",
    "Pipfile",
    "pixi.toml",
    "environment*.yml",
    "environment*.yaml",
    "*environment.yml",
    "*environment.yaml",
    "conda*.yml",
    "conda*.yaml",
    "env.yml",
    "env.yaml",
)
_LOCK = re.compile(r"^(?:uv|poetry|pdm|Pipfile|pixi)\.lock$|^pylock\..*toml$|^conda-lock\.ya?ml$")
_ALIKE = 0.85
"""How much of a file's name has to be that of `requirements` (difflib's ratio) for a slip of the pen."""
_SHORTEST = 8
"""Letters of a word that may be meant for it."""
_WORD = re.compile(r"[a-z0-9]+")
_ASIDE = frozenset(
    [
        "dev",
        "devel",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "documentation",
        "lint",
        "linting",
        "linter",
        "style",
        "format",
        "typing",
        "types",
        "ci",
        "build",
        "release",
        "tools",
        "tox",
        "precommit",
        "qa",
        "coverage",
        "bench",
        "benchmark",
        "benchmarks",
        "extra",
        "extras",
        "optional",
    ]
)
"""Words in a file's name that say that it is not for running the project."""
_MAY_BE_MEANT = frozenset(
    {"build", "release", "tools", "bench", "benchmark", "benchmarks", "extra", "extras", "optional"}
)
"""Those of them that say nothing where another file includes it."""


def discover(root: Path) -> Iterator[Source]:
    """Yield the files of the directory root that declare something, pyproject.toml first.

    requirements-dev.txt, dev-requirements.txt and requirements/dev.txt belong to the group `dev`, and so on for the
    words in _ASIDE; constraint files count only where a `-c` names them.
    """
    seen: set[Path] = set()
    for pattern in _PATTERNS:
        for path in sorted(root.glob(pattern), key=lambda path: (bool(group_of(path)), path)):
            if path in seen or not path.is_file() or "constraint" in path.stem.lower() or _LOCK.search(path.name):
                continue
            seen.add(path)
            yield Source(root, path, group_of(path))
    for path in sorted(root.glob("*.txt")):
        if path not in seen and is_misspelt(path) and path.is_file():
            yield Source(root, path, group_of(path))


def is_misspelt(path: Path) -> bool:
    """Tell whether `requirements` with a slip of the pen is in a file's name: requirment.txt, requirments_cpu.txt."""
    stem = path.stem.lower()
    words = [stem, *(word for word in re.findall(r"[a-z]+", stem) if len(word) > _SHORTEST)]
    return (
        path.suffix == ".txt"
        and "requirements" not in stem
        and any(difflib.SequenceMatcher(None, word, "requirements").ratio() >= _ALIKE for word in words[:4])
    )


def group_of(path: Path) -> str:
    """Return `group:WORD` for a file whose name says that it is not for running the project, else an empty string."""
    if path.suffix in (".toml", ".cfg", ".py"):
        return ""
    word = aside_word(path.stem)
    return f"group:{word}" if word else ""


def aside_word(name: str) -> str:
    """Return the word in a file's name that says that it is not for running the project, empty when there is none."""
    return next((word for word in _WORD.findall(name.lower()) if word in _ASIDE), "")


def developers_word(path: Path) -> str:
    """Return the word in a requirement file's name that says that it is for who develops it, empty when none does.

    What is optional, builds or measures may be wanted where another file includes it; linters and tests are not.
    """
    return next((word for word in _WORD.findall(path.stem.lower()) if word in _ASIDE - _MAY_BE_MEANT), "")


def read_source(source: Source, reading: Reading) -> None:
    """Read source by the reader of its kind. Raises InputError for whatever is wrong with it."""
    if _LOCK.search(source.path.name):
        raise source.error(
            "this is a lock file: what somebody tested with and not what the project asks for",
            remedy="give it as the local environment (--local)",
        )
    module = next(module for pattern, module in KINDS if pattern.search(source.path.name))
    cast(Reader, import_module(f"{_PACKAGE}.{module}")).read(source, reading)


def is_requirements(path: Path) -> bool:
    """Tell whether path is a pip requirements file by its name."""
    return next(module for pattern, module in KINDS if pattern.search(path.name)) == "requirements_txt"
