"""What people install by hand: `pip install` lines of notebooks, Dockerfiles and READMEs, as requirement lines.

The commands are read, never run. Whatever a shell would compute (`$VERSION`, `{name}`) is left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podfit.model import Declaration, InputError, Where
from podfit.readers.declared.interface import Reading, Source

_PIP = re.compile(r"^(?:.*/)?pip[\d.]*$")
_PYTHON = re.compile(r"^(?:.*/)?python[\d.]*$|^\$\{?\w*PYTHON\w*\}?$|^\{sys\.executable\}$")
_SEPARATORS = re.compile(r"&&|\|\||;(?!\s*(?:python_version|sys_platform|platform_))|\||\n")
_SIGN = re.compile(r"\bpip[\d.]*\s+(?:-\S+\s+)*install\b|\buv\s+add\b")
_VALUED = """-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --prefix
--root --platform --python-version --implementation --abi --no-binary --only-binary --progress-bar --trusted-host
--upgrade-strategy --timeout --retries --proxy --cache-dir --python -p --src --log --global-option -C
--config-settings --config-setting --default-index --index --cert --torch-backend --exists-action"""
_TAKES_VALUE = frozenset(_VALUED.split())
_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "pip-tools", "virtualenv", "poetry"})
_ADDRESS = re.compile(r"^(?:git|hg|svn|bzr)\+|^https?://")
_NAMED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~@;(].*)?$")


@dataclass(frozen=True, slots=True)
class Installed:
    """What one command installs: requirement lines, and files that it reads with `-r`. line counts from 1."""

    line: int
    requirements: tuple[str, ...]
    files: tuple[str, ...] = ()


def commands(text: str, first: int = 1) -> Iterator[Installed]:
    """Yield what the `pip install` commands in text install; first is the number of its first line."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start, whole = number, lines[number]
        while whole.rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            whole = whole.rstrip()[:-1] + " " + lines[number].split("#", 1)[0]
        number += 1
        if not _SIGN.search(whole):
            continue
        for part in _SEPARATORS.split(whole):
            if found := _command(part):
                yield replace(found, line=first + start)


def declarations(
    root: Path, shown: str, found: Sequence[Installed], *, scope: str, asks: bool, cell: int = 0
) -> tuple[list[Declaration], list[str]]:
    """Return what commands of the file shown ask for, and notices about what cannot be told.

    scope and asks are those of `Declaration`. A line that is no requirement is left out.
    """
    place = f"{shown}[{cell}]" if cell else shown
    source = Source(root, root / shown, named=True)
    made: list[Declaration] = []
    notices: list[str] = []
    for one in found:
        for text in one.requirements:
            reading = Reading()
            try:
                _read(source, one.line, text, reading)
            except InputError:
                continue
            for declaration in reading.declarations:
                made.append(replace(declaration, where=Where(place, one.line), scope=scope, asks=asks))
    return made, notices


def _read(source: Source, line: int, text: str, reading: Reading) -> None:
    from podfit.readers.declared import requirements_txt

    requirements_txt.read_line(source, line, text, reading)


def _command(text: str) -> Installed | None:
    """Return what one command installs, None when it installs nothing."""
    text = text.strip().lstrip("!%$>` ").removeprefix("RUN ").strip().rstrip("`")
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    words = _without_early_options(words)
    start = _arguments(words)
    if not start:
        return None
    requirements: list[str] = []
    files: list[str] = []
    rest = iter(words[start:])
    for word in rest:
        if word in ("-r", "--requirement"):
            files.append(next(rest, ""))
        elif word.startswith("--requirement="):
            files.append(word.partition("=")[2])
        elif word in ("-e", "--editable"):
            requirements += _kept(next(rest, ""))
        elif word in _TAKES_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            requirements += _kept(word)
    return Installed(0, tuple(requirements), tuple(files)) if requirements or files else None


def _without_early_options(words: list[str]) -> list[str]:
    """Return words without what stands between pip and install: `pip -q --no-cache-dir install x`."""
    for number, word in enumerate(words):
        if _PIP.match(word) and "install" in words[number + 1 :]:
            end = words.index("install", number + 1)
            if all(option.startswith("-") for option in words[number + 1 : end]):
                return [*words[: number + 1], *words[end:]]
    return words


def _arguments(words: Sequence[str]) -> int:
    """Return where the arguments of `pip install` or `uv add` begin, 0 when words are something else."""
    for number, word in enumerate(words[:-1]):
        before = words[number - 1] if number else ""
        if words[number + 1] == "install" and _PIP.match(word):
            if number and not (before in ("uv", "-m", "sudo", "exec", "&&", "then", "do") or _prefix(words[:number])):
                return 0
            return number + 2
        if word == "uv" and words[number + 1] == "add":
            return number + 2
        if word in ("echo", "print", "apt-get", "conda", "mamba"):
            return 0
    return 0


def _prefix(words: Sequence[str]) -> bool:
    """Return whether words may stand before pip: settings of variables, sudo, a runner, a prompt."""
    return all(
        "=" in word or _PYTHON.match(word) or word in ("sudo", "env", "time", "-m", "-H", "-E", "uv", "run", "$", ">")
        for word in words
    )


def _kept(word: str) -> list[str]:
    """Return an argument as a requirement line, nothing for paths, tools and what a shell computes."""
    if _ADDRESS.match(word):
        return [] if re.search(r"[${}]", word) else [word]
    match = _NAMED.match(word)
    if match is None or re.search(r"[${}`]", word) or match[1].lower() in _TOOLS:
        return []
    if word.endswith((".whl", ".tar.gz", ".zip", ".txt")) or "/" in word.partition("@")[0]:
        return []
    return [word]
