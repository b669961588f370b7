"""What a log tells besides its symptoms: versions, Python, distributions behind files, what was asked to be installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from podfit.catalogue.imports import environment_of, find, is_shared
from podfit.diagnose.model import Line
from podfit.diagnose.tracebacks import Raised
from podfit.model import canonical

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}"
_VERSION = r"\d[\w.!+-]{0,60}"
_PACKAGE = re.compile(r"(?:site|dist)-packages[\\/]+([^\\/\"':\s]{1,100})")
_PYTHON = re.compile(
    r"(?:[\\/]python|\bpython|\bPython |\bCPython |\bcp|\.cpython-)(?P<major>[23])\.?(?P<minor>\d{1,2})(?P<micro>\.\d{1,2})?"
    r"(?![\d.]*[\w-]*==)"
)
_PYTHON_PLACES = re.compile(r"python\d|Python \d|cpython-|-cp\d|CPython", re.ASCII)
_NOT_FOR_HERE = "is not a supported wheel on this platform"
"""Where pip says this, the Python in the file's name is the one that does not run here."""
_INSTALLED = re.compile(r"(?:Successfully installed|Would install|Installing collected packages:) (.{1,6000})")
_LABELLED = re.compile(rf"({_NAME})-({_VERSION})")
_FOUND = (
    re.compile(rf"\b(PyTorch) \S{{1,60}} with CUDA \S{{1,20}} \(you have ({_VERSION})\)"),
    re.compile(rf"Requirement already satisfied: ({_NAME})(?:\[[^\]]{{0,80}}\])?[^()]{{0,300}}\(({_VERSION})\)$"),
    re.compile(rf"Found existing installation: ({_NAME}) ({_VERSION})"),
    re.compile(
        rf"^\s*(?:Downloading|Using cached|Obtaining dependency information for) ({_NAME}?)-({_VERSION}?)-(?:cp|py)\d"
    ),
    re.compile(rf"^\s*(?:\+ )?({_NAME})==({_VERSION}?)(?:\s|$|;)"),
    re.compile(rf"but you have ({_NAME}) ({_VERSION}?) which is incompatible"),
    re.compile(rf"^Collecting ({_NAME})(?:\[[^\]]{{0,80}}\])?==({_VERSION}?)(?:\s|$)"),
    re.compile(rf"^Name: ({_NAME})\s*,?\s*Version: ({_VERSION})"),
    re.compile(rf"^({_NAME}) {{2,40}}({_VERSION})(?: .*)?$"),
    re.compile(rf"\b(?i:installed|current|your|using) ({_NAME}?) (?:version )?(?:is )?v?({_VERSION}?)(?:[\s,;)]|\.?$)"),
    re.compile(
        r"\b(?i:(torch|numpy|transformers|pytorch|tensorflow|xformers)) (?:version )?v?(\d+\.\d+\.\d+[\w.+]{0,30})"
    ),
)
_UNINSTALLED = re.compile(rf"^\s*Successfully uninstalled ({_NAME}?)-({_VERSION})")
_ASKED = re.compile(
    r"(?:^|[\s;&|!(])(?:!|%)?(?:python[\d.]{0,5} -m |\S{0,80}/)?(?:pip[\d.]{0,5}|uv(?: pip)?|poetry|pipenv|conda|mamba) (?:install|add|sync|compile)\s+([^#\n]{1,1000})"
)
_WORD = re.compile(rf"^['\"]?({_NAME})(?:\[[^\]]{{0,60}}\])?(?P<limit>(?:[<>=!~]=?=?[^'\"\s]{{1,60}})?)['\"]?$")
_INNER = (
    "numpy",
    "importlib",
    "pip",
    "setuptools",
    "_distutils_hack",
    "wheel",
    "pkg_resources",
    "IPython",
    "ipykernel",
    "joblib",
    "pytest",
    "_pytest",
    "pluggy",
)
_TORCH = ("torch",)
_LONGEST_PATH = 4096
_DEEPEST = 6
"""So many folders of a path may name a module of a namespace."""


def module_of(path: str) -> str:
    """Return the top-level module that a path in site-packages belongs to, empty for other paths.

    Of a namespace that distributions share it is the module that the table names: `pyannote.audio`.
    """
    found = _PACKAGE.findall(path)
    name = found[-1] if found else ""
    if name and is_shared(name):
        below = re.split(r"[\\/]+", re.split(r"(?:site|dist)-packages[\\/]+", path[:_LONGEST_PATH])[-1])
        known = find(".".join(part for part in below[:_DEEPEST] if part.isidentifier()))
        return known.module if known is not None else name
    return re.sub(r"\.(?:cpython-|cp\d|abi3|py$|pyd$|pyx$|so|libs$|dist-info$|egg-info$).*$", "", name)


@lru_cache(maxsize=4096)
def distribution_of(module: str) -> str:
    """Return the normalized name of the distribution that a module commonly comes from: the table's, else its own."""
    if not module or environment_of(module):
        return ""
    known = find(module)
    if known is not None:
        return known.distribution
    if is_shared(module):
        return ""
    top = module.partition(".")[0]
    return canonical(top.strip("_")) if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", top) else ""


def importable(path: str) -> str:
    """Return the distribution behind a path, empty where it lies in no site-packages."""
    module = module_of(path)
    return distribution_of(module) if module else ""


def culprit_of(one: Raised, *, besides: Iterable[str] = ()) -> str:
    """Return the distribution whose file lies deepest in a traceback, those aside that merely pass the trouble on."""
    out = {*_INNER, *besides}
    for frame in reversed(one.frames):
        module = module_of(frame.path)
        if module and module.partition(".")[0] not in out:
            return distribution_of(module)
        cython = re.match(r"(?:[\w-]+/)*?([A-Za-z_]\w*)[/.][\w./]*\.p(?:yx|xd)$", frame.path)
        if cython and not frame.path.startswith(("/", "<")) and cython[1] not in out:
            return distribution_of(cython[1])
    return ""


def importer_of(one: Raised) -> str:
    """Return the distribution of the deepest frame that is in site-packages, empty where the project's own code raised."""
    for frame in reversed(one.frames):
        if "importlib" in frame.path or frame.path.startswith("<frozen"):
            continue
        return importable(frame.path)
    return ""


def versions(lines: Sequence[Line]) -> dict[str, str]:
    """Return the versions that a log states, by normalized name; of several the last."""
    found: dict[str, str] = {}
    for line in lines:
        text = line.text
        if not any(character.isdigit() for character in text[:4000]):
            continue
        many = _INSTALLED.search(text)
        if many:
            for name, version in _LABELLED.findall(many[1]):
                found[canonical(name)] = version
            continue
        if _UNINSTALLED.match(text):
            continue
        for pattern in _FOUND:
            match = pattern.search(text)
            if match:
                name, version = canonical(match[1]), match[2].rstrip(".,;)")
                found["torch" if name == "pytorch" else name] = version
                break
    return found


def python_of(lines: Sequence[Line]) -> str:
    """Return the Python that a log was printed by, as `3.10` or `3.10.12`; empty where nothing tells."""
    counts: dict[str, int] = {}
    full: dict[str, str] = {}
    for line in lines:
        if not _PYTHON_PLACES.search(line.text) or _NOT_FOR_HERE in line.text:
            continue
        for match in _PYTHON.finditer(line.text[:2000]):
            series = f"{match['major']}.{match['minor']}"
            if int(match["minor"]) > 20:
                continue
            counts[series] = counts.get(series, 0) + 1
            if match["micro"]:
                full[series] = series + match["micro"]
    if not counts:
        return ""
    best = max(counts, key=lambda series: counts[series])
    return full.get(best, best)


def asked_for(lines: Sequence[Line]) -> dict[str, str]:
    """Return what install commands in a log ask for, by normalized name, with their limits (`==2.1`, empty for none)."""
    found: dict[str, str] = {}
    for line in lines:
        if "install" not in line.text and " add " not in line.text:
            continue
        match = _ASKED.search(line.text)
        if not match:
            continue
        skip = False
        for word in match[1].split():
            if skip or word.startswith("-"):
                skip = word in (
                    "-r",
                    "-c",
                    "-i",
                    "-e",
                    "-t",
                    "--index-url",
                    "--extra-index-url",
                    "--python",
                    "-f",
                    "--find-links",
                    "-n",
                    "-p",
                )
                continue
            if word in ("&&", ";", "|", "||"):
                break
            one = _WORD.match(word)
            if one:
                found[canonical(one[1])] = one["limit"]
    return found


def requirement(name: str, limits: Mapping[str, str]) -> str:
    """Return a name with the limit that was asked for."""
    return f"{name}{limits.get(name, '')}"
