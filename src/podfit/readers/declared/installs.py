"""What people install by hand: `pip install` lines of notebooks, Dockerfiles and READMEs, and conda's, as requirements.

The commands are read, never run. Whatever a shell would compute (`$VERSION`, `{name}`, `$(cat version)`) is left out;
of a distribution whose version alone is computed, the name is read.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podfit.catalogue.imports import find
from podfit.model import Declaration, InputError, Where
from podfit.readers.declared import conda_installs
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.windows_paths import release_of

_PIP = re.compile(r"^(?:.*/)?(?:pip[\d.]*|mim)$")
"""pip, and OpenMMLab's mim, which hands on to pip what it is asked for (https://openmim.readthedocs.io)."""
_PYTHON = re.compile(r"^(?:.*/)?python[\d.]*$|^\$\{?\w*PYTHON\w*\}?$|^\{sys\.executable\}$")
_SEPARATORS = re.compile(r"&&|\|\||;(?!\s*(?:python_version|sys_platform|platform_))|\||\n")
_SIGN = re.compile(r"\b(?:pip[\d.]*|mim)\s+(?:-\S+\s+)*install\b|\buv\s+add\b")
_VALUED = """-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --prefix
--root --platform --python-version --implementation --abi --no-binary --only-binary --progress-bar --trusted-host
--upgrade-strategy --timeout --retries --proxy --cache-dir --python -p --src --log --global-option -C
--config-settings --config-setting --default-index --index --cert --torch-backend --exists-action --build-constraint
--build-constraints --report --use-feature --use-deprecated --root-user-action --keyring-provider --client-cert
--uploaded-prior-to --index-strategy --resolution --prerelease --fork-strategy --link-mode --exclude-newer --override
--overrides --python-platform --reinstall-package --refresh-package --upgrade-package -P --no-build-package --extra
--no-binary-package --no-build-isolation-package --group --allow-insecure-host --config-file --directory --project"""
_TAKES_VALUE = frozenset(_VALUED.split())
_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "pip-tools", "virtualenv", "poetry"})
_ADDRESS = re.compile(r"^(?:git|hg|svn|bzr)\+|^https?://")
_ELSEWHERE = ("/", "../input/")
"""How a path to a file of another machine begins: a whole one, and Kaggle's data sets beside the notebook."""
_COMPUTED = "$..."
"""Stands for what a shell puts in the place of a command."""
_PARENTHESES = re.compile(r"([$<]\(|[()])")
_QUOTED = re.compile(r"`([^`]*)`")
_REDIRECTED = re.compile(r"^(?:\d|&)?>>?$")
_VERSION_COMPUTED = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w.,\s-]*\])?)\s*(?:===?|~=|!=|[<>]=?)[^;@${}]*[${}][^;@]*$"
)
_NAMED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~@;(].*)?$")

_EXEC = re.compile(r"\s*RUN\s+(?:--\S+\s+)*(?P<words>\[.*\])\s*$", re.IGNORECASE)
_SETTING = re.compile(
    r"""^\s*(?:(?:ARG|ENV|export)\s+)?(?P<name>[A-Za-z_]\w*)=(["']?)(?P<value>[\w.+-]+)\2\s*$"""
    r"""|^\s*ENV\s+(?P<spaced>[A-Za-z_]\w*)\s+(?P<given>[\w.+-]+)\s*$"""
)
_SET_ANYHOW = re.compile(r"^\s*(?:(?:ARG|ENV|export)\s+)?([A-Za-z_]\w*)=")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_LONGEST_SETTING = 400
LONGEST_COMMAND = 1 << 16
"""Characters past which quotes are not looked for in a command: shlex takes time by the square of a word's length."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What one command installs: requirement lines, and files that it reads with `-r`. line counts from 1.

    alone tells that it installs what it names without what that requires (`--no-deps`). sure is False for names of
    conda's that the index may have for something else: such a line tells about what the code imports, no more.
    """

    line: int
    requirements: tuple[str, ...]
    files: tuple[str, ...] = ()
    alone: bool = False
    sure: bool = True


def commands(text: str, first: int = 1, *, conda: bool = True) -> Iterator[Installed]:
    """Yield what the `pip install` commands in text install; first is the number of its first line.

    conda tells whether those of conda are read as well: READMEs name with it what one may choose from.
    """
    lines = text.splitlines()
    values = _settled(lines)
    number = 0
    while number < len(lines):
        start, whole = number, lines[number]
        while whole.rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            whole = whole.rstrip()[:-1] + " " + lines[number].split("#", 1)[0]
        number += 1
        whole = _exec_form(whole)
        of_conda = conda and conda_installs.SIGN.search(whole)
        if not _SIGN.search(whole) and not of_conda:
            continue
        if values and len(whole) < LONGEST_COMMAND:
            whole = _VARIABLE.sub(lambda used: values.get(used[1] or used[2], used[0]), whole)
        for part in _SEPARATORS.split(_without_substitutions(whole)):
            if found := _command(part):
                yield replace(found, line=first + start)
            elif of_conda:
                yield from (replace(one, line=first + start) for one in _of_conda(part))


def _of_conda(text: str) -> Iterator[Installed]:
    """Yield what one command of conda's installs, what is known to be of the index first."""
    known, unsure = conda_installs.requirements_of(conda_installs.specs_of(_words(text)))
    if known:
        yield Installed(0, known)
    if unsure:
        yield Installed(0, unsure, sure=False)


def _words(text: str) -> list[str]:
    """Return the words of one command, without what stands before it in a notebook, a Dockerfile or at a prompt."""
    text = text.strip().lstrip("!%$>` ").removeprefix("RUN ").strip().rstrip("`")
    try:
        return shlex.split(text, comments=True) if len(text) < LONGEST_COMMAND else text.split()
    except ValueError:
        return text.split()


def _exec_form(line: str) -> str:
    """Return a Dockerfile's `RUN ["pip", "install", "x"]` as a shell would have it, any other line as it is."""
    found = _EXEC.match(line) if len(line) < LONGEST_COMMAND else None
    if found is None:
        return line
    try:
        words = json.loads(found["words"])
    except (ValueError, RecursionError):
        return line
    return shlex.join(words) if all(isinstance(word, str) for word in words) else line


def _settled(lines: Sequence[str]) -> dict[str, str]:
    """Return the variables that a Dockerfile or a script gives one plain value, and no other anywhere in it."""
    found: dict[str, set[str]] = {}
    for line in lines:
        if len(line) < _LONGEST_SETTING and (match := _SETTING.match(line)):
            found.setdefault(match["name"] or match["spaced"], set()).add(match["value"] or match["given"])
        elif len(line) < _LONGEST_SETTING and (again := _SET_ANYHOW.match(line)):
            found.setdefault(again[1], set()).update(("", line))
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def declarations(
    root: Path, shown: str, found: Sequence[Installed], *, scope: str, asks: bool, cell: int = 0
) -> tuple[list[Declaration], list[str]]:
    """Return what commands of the file shown ask for, and notices about versions that cannot be told.

    scope and asks are those of `Declaration`. A line that is no requirement is left out.
    """
    place = f"{shown}[{cell}]" if cell else shown
    source = Source(root, root / shown, named=True)
    made: list[Declaration] = []
    notices: list[str] = []
    for one in found:
        for text in one.requirements:
            reading = Reading()
            if free := _VERSION_COMPUTED.match(text):
                notices.append(f"{place}:{one.line}: the shell computes a version: {free[1]} is read for {text}")
                text = free[1]
            try:
                _read(source, one.line, text, reading)
            except InputError:
                continue
            for declaration in reading.declarations:
                where = Where(place, one.line)
                made.append(replace(declaration, where=where, scope=scope, asks=asks and one.sure, alone=one.alone))
    return made, notices


def _read(source: Source, line: int, text: str, reading: Reading) -> None:
    from podfit.readers.declared import requirements_txt

    requirements_txt.read_line(source, line, text, reading)


def _without_substitutions(text: str) -> str:
    """Return a line with what `$(...)` and backticks compute left out; an installation inside follows as a line."""
    open_: list[list[str]] = [[]]
    depths = [0]
    inner: list[str] = []
    for part in _PARENTHESES.split(text):
        if part in ("$(", "<("):
            open_.append([])
            depths.append(0)
        elif part == ")" and len(open_) > 1 and not depths[-1]:
            depths.pop()
            inner.append("".join(open_.pop()))
            open_[-1].append(_COMPUTED)
        else:
            depths[-1] += {"(": 1, ")": -1}.get(part, 0)
            open_[-1].append(part)
    for part in open_[1:]:  # never closed on this line
        inner.append("".join(part))
        open_[0].append(_COMPUTED)
    lines = ["".join(open_[0]), *(part for part in inner if _SIGN.search(part))]
    return "\n".join(map(_without_backticks, lines))


def _without_backticks(text: str) -> str:
    """Return a command with what backticks compute left out; one that stands in them itself is as it was."""
    sign = _SIGN.search(text)
    if sign is None or text.count("`", 0, sign.start()) % 2:  # Markdown: `pip install x`
        return text
    return text[: sign.end()] + _QUOTED.sub(_COMPUTED, text[sign.end() :])


def _command(text: str) -> Installed | None:
    """Return what one command installs, None when it installs nothing."""
    words = _without_early_options(conda_installs.run_by(_words(text)))
    start = _arguments(words)
    if not start:
        return None
    requirements: list[str] = []
    files: list[str] = []
    rest = iter(_joined(words[start:]))
    for word in rest:
        if _REDIRECTED.match(word):
            next(rest, "")
        elif word in ("-r", "--requirement"):
            files.append(next(rest, ""))
        elif word.startswith("--requirement="):
            files.append(word.partition("=")[2])
        elif word in ("-e", "--editable"):
            asked = next(rest, "")
            requirements += _kept(asked) if _ADDRESS.match(asked) else ()  # all else is a directory, whatever its name
        elif word in _TAKES_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            requirements += _kept(word)
    alone = "--no-deps" in words or "--no-dependencies" in words
    return Installed(0, tuple(requirements), tuple(files), alone) if requirements or files else None


def _joined(words: Sequence[str]) -> list[str]:
    """Return words with `name @ address` as one of them."""
    made: list[str] = []
    for word in words:
        if len(made) > 1 and made[-1] == "@" and _ADDRESS.match(word):
            made[-2:] = [f"{made[-2]} @ {word}"]
        else:
            made.append(word)
    return made


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


def _of_a_file(path: str) -> list[str]:
    """Return the release that the name of a file on the writer's machine tells, nothing where no table knows it.

    What is private has a name that an index may have for something else.
    """
    name, version = release_of(re.sub(r"\[[^\]]*\]$", "", path).rpartition("/")[2])
    known = find(name.replace("-", "_")) if name else None
    return [f"{name}=={version}"] if known is not None and known.distribution == name else []


def _kept(word: str) -> list[str]:
    """Return an argument as a requirement line, nothing for paths, tools and what a shell computes."""
    if _ADDRESS.match(word):
        return [] if re.search(r"[${}]", word) else [word]
    if word.startswith(_ELSEWHERE):
        return _of_a_file(word)
    match = _NAMED.match(word)
    if match is None or "`" in word or match[1].lower() in _TOOLS:
        return []
    if re.search(r"[${}]", word):
        return [word] if _VERSION_COMPUTED.match(word) else []
    _, sign, address = word.partition("@")
    if sign and _ADDRESS.match(address.strip()):
        return [word]
    if word.endswith((".whl", ".tar.gz", ".zip", ".txt")) or "/" in word.partition("@")[0]:
        return []
    return [word]
