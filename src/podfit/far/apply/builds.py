"""What is built on this machine in sight of its environment: source distributions and commits that want torch there.

An isolated build gets an environment of its own, without the template's torch. These are fetched, checked, built in a
workshop that sees the template and all that is installed so far, and then installed like any wheel.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib
import json
import os
import re
import subprocess
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, urlsplit

from ..protocol import Order, OrderedBuild, OrderedPackage
from ..tree.distributions import Info
from ..verify.requirements import allows, holds, parse_requirement
from . import members, places
from .stage import Installer, Task
from .talk import RefusedError, Talk

_MOST_BYTES = 2 * 2**30
"""Bytes that a source distribution may unpack to."""
_LEGACY = ("setuptools>=40.8.0", "wheel")
"""What a source without PEP 518's table is built with (pip, "Build System Interface": fallback behaviour)."""
_TABLE = re.compile(r"^\s*\[build-system\][^\n]*\n(.*?)(?=^\s*\[\[?[\w.\"-]+\]|\Z)", re.DOTALL | re.MULTILINE)
_REQUIRES = re.compile(r"^\s*requires\s*=\s*(\[.*?\])\s*(?:#[^\n]*)?$", re.DOTALL | re.MULTILINE)
_PROBLEMS = (OSError, EOFError, ValueError, tarfile.TarError, zipfile.BadZipFile, urllib.error.URLError)


def as_they_are(order: Order, names: Iterable[str]) -> list[str]:
    """Return those of names that the installer takes as they are: all that is not built here."""
    own = {build["name"] for build in order.get("builds", [])}
    return [name for name in names if name not in own]


def made_here(order: Order, talk: Talk, work: str, workshop: Callable[[str], str]) -> Order:
    """Return an order whose packages have the wheels of its builds and members, built below work.

    workshop makes an environment in a directory that sees what the finished one will, and returns its python. Raises
    RefusedError when something cannot be fetched or built.
    """
    packages = dict(order["packages"])
    for number, build in enumerate(order.get("builds", [])):
        folder = os.path.join(work, "builds", str(number))
        packages[build["name"]] = _built(order, build, talk, folder, workshop)
    packages.update(members.built(order, talk, work, workshop))
    filled = order.copy()
    filled["packages"] = packages
    return filled


def _built(
    order: Order, build: OrderedBuild, talk: Talk, folder: str, workshop: Callable[[str], str]
) -> OrderedPackage:
    """Return the wheel of one build, as what is installed under its name."""
    name, wanted = build["name"], order["packages"][build["name"]]["version"]
    title = f"{name} {build['commit'][:12] or wanted}"
    source, out = os.path.join(folder, "source"), os.path.join(folder, "wheel")
    os.makedirs(out)
    os.makedirs(os.path.join(folder, "tmp"))
    talk.step(f"Building {title} in sight of the environment")
    if build["commit"]:
        _clone(build, source, title)
    else:
        _unpack(_fetched(_here(build, order["packages"][name]), folder, title), source, title)
    if build["folder"]:
        source = os.path.join(source, *build["folder"].split("/"))
    python = workshop(os.path.join(folder, "workshop"))
    seen = places.visible(_paths(python))
    lines = [*_missing(_with_wheel([*build_requires(source), *build["fetched"]], seen), seen, order, title)]
    limits = [*order.get("build_constraints", []), *build["limits"]]
    Installer(order, talk).build(Task(title, lines, limits), python, source, out, folder)
    if build["commit"]:
        _mark(out, build)
    made = members.package_of(name, out)
    if not build["commit"] and not allows(f"=={wanted}", made["version"]):
        raise RefusedError(f"the source of {name} {wanted} builds {made['version']}", "run `podfit fit` again")
    return made


def _paths(python: str) -> list[str]:
    """Return the directories where an environment's python finds distributions, in order."""
    code = "import json, sys; print(json.dumps(sys.path))"
    done = subprocess.run(
        [python, "-B", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, cwd="/"
    )
    try:
        return [os.path.realpath(path) for path in json.loads(done.stdout.decode("utf-8").strip().splitlines()[-1])]
    except (ValueError, IndexError):
        return places.search_path()


def build_requires(source: str) -> list[str]:
    """Return what a source tree's `[build-system]` asks for (PEP 518), setuptools where it says nothing."""
    try:
        with open(os.path.join(source, "pyproject.toml"), encoding="utf-8-sig") as file:
            text = file.read()
    except OSError:
        return list(_LEGACY)
    try:
        tables = importlib.import_module("tomllib").loads(text)  # Python 3.11 and newer
        found = tables.get("build-system", {}).get("requires")
    except ImportError:
        found = _listed(text)
    except (ValueError, AttributeError):
        found = None
    return [str(line) for line in found] if isinstance(found, list) else list(_LEGACY)


def _with_wheel(lines: list[str], seen: Mapping[str, Info]) -> list[str]:
    """Return requirements of a build, and wheel with the environment's setuptools where that is from before 70.1.

    From then on it makes wheels by itself (its changelog); nobody asks its backend for what it needs (PEP 517) here.
    """
    names = {asked.name for asked in map(parse_requirement, lines) if asked is not None}
    there = seen.get("setuptools")
    old = there is not None and allows(">=70.1", there.version or "") is not True
    return [*lines, "wheel"] if old and "setuptools" in names and "wheel" not in names else lines


def _listed(text: str) -> object:
    """Return the list `requires` of the table `[build-system]` where Python has no reader of TOML.

    A list of strings in TOML is one in Python, comments and the last comma included.
    """
    table = _TABLE.search(text)
    found = _REQUIRES.search(table[1]) if table else None
    try:
        return ast.literal_eval(found[1]) if found else None
    except (ValueError, SyntaxError):
        return None


def _missing(lines: Iterable[str], seen: Mapping[str, Info], order: Order, title: str) -> Iterator[str]:
    """Yield the requirements of a build that its workshop does not meet; what is held is never fetched."""
    for line in lines:
        asked = parse_requirement(line)
        if asked is None:
            yield line
            continue
        if not holds(asked.marker, ""):
            continue
        there = seen.get(asked.name)
        met = there is not None and not asked.url and allows(asked.specifier, there.version or "") is True
        if met and (not asked.extras or asked.name in order.get("held", {})):
            continue
        if asked.name in order.get("held", {}):
            has = there.version if there is not None else "no version"
            raise RefusedError(
                f"{title} asks for {line} while it is built, and the template has {has}, which is never changed",
                "take another release of it, or a template with that version",
            )
        yield line


def _here(build: OrderedBuild, package: OrderedPackage) -> OrderedBuild:
    """Return a build whose source distribution is taken from a directory on this machine, where one has it."""
    if not package["find_links"] or not package["files"]:
        return build
    path = os.path.join(package["find_links"], os.path.basename(package["files"][0][0]))
    there = build.copy()
    there["url"] = "file://" + quote(path)
    return there


def _fetched(build: OrderedBuild, folder: str, title: str) -> str:
    """Fetch a source distribution and check its hash; return its path."""
    path = os.path.join(folder, os.path.basename(urlsplit(build["url"]).path) or "source.tar.gz")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(build["url"], timeout=60) as answer, open(path, "wb") as file:  # noqa: S310
            for block in iter(lambda: answer.read(1 << 20), b""):
                digest.update(block)
                file.write(block)
    except _PROBLEMS as error:
        raise RefusedError(f"the source of {title} cannot be fetched: {error}", "check the network") from None
    if digest.hexdigest() != build["sha256"]:
        raise RefusedError(f"the source of {title} has another sha256 than planned", "run `podfit fit` again")
    return path


def _unpack(path: str, target: str, title: str) -> None:
    """Unpack a source distribution: plain files below its one directory, bounded; else RefusedError."""
    os.makedirs(target)
    left = _MOST_BYTES
    try:
        for name, size, mode, read in _entries(path):
            parts = name.split("/")[1:]
            left -= size
            if name.startswith("/") or {"..", ""} & set(parts) or left < 0:
                raise RefusedError(f"the source of {title} has something that is no file of it: {name}")
            if not parts:
                continue
            place = os.path.join(target, *parts)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(read())
            os.chmod(place, 0o755 if mode & 0o100 else 0o644)
    except _PROBLEMS as error:
        raise RefusedError(f"the source of {title} cannot be unpacked: {error}") from None


def _entries(path: str) -> Iterator[tuple[str, int, int, Callable[[], bytes]]]:
    """Yield the plain files of an archive: name, bytes, mode, and what reads it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as bundle:
            for info in bundle.infolist():
                if not info.filename.endswith("/"):
                    yield info.filename, info.file_size, info.external_attr >> 16, lambda info=info: bundle.read(info)  # type: ignore[misc]
        return
    with tarfile.open(path) as archive:
        for entry in archive:
            if entry.isfile():
                stream = archive.extractfile(entry)
                yield entry.name, entry.size, entry.mode, lambda stream=stream: stream.read() if stream else b""  # type: ignore[misc]


def _clone(build: OrderedBuild, target: str, title: str) -> None:
    """Check a commit out, with its submodules."""
    git = ["git", "-C", target, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    os.makedirs(target)
    steps = (
        ["init", "-q"],
        ["fetch", "-q", "--depth", "1", build["url"], build["commit"]],
        ["fetch", "-q", "--tags", build["url"], "+refs/heads/*:refs/remotes/origin/*"],
        ["checkout", "-q", "--detach", build["commit"]],
        ["submodule", "-q", "update", "--init", "--recursive", "--depth", "1"],
    )
    fetched = False
    for number, words in enumerate(steps):
        if number == 2 and fetched:
            continue  # a server that hands out no single commits hands out its branches
        try:
            done = subprocess.run(
                [*git, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=1800,
                env=dict(os.environ, GIT_TERMINAL_PROMPT="0"),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise RefusedError(f"the source of {title} cannot be fetched: {error}", "install Git there") from None
        if number == 1:
            fetched = done.returncode == 0
        elif done.returncode != 0:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[-500:]
            raise RefusedError(f"the source of {title} cannot be fetched: {said}", "check the address and the access")


def _mark(folder: str, build: OrderedBuild) -> None:
    """Note in a built wheel which commit it was built from (PEP 610), as an installer from the address would."""
    path = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl"))
    said: dict[str, object] = {"url": build["url"], "vcs_info": {"vcs": "git", "commit_id": build["commit"]}}
    if build["folder"]:
        said["subdirectory"] = build["folder"]
    text = json.dumps(said).encode("utf-8")
    hashed = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode("ascii")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            if re.fullmatch(r"[^/]+\.dist-info/RECORD", info.filename):
                place = info.filename.rpartition("/")[0] + "/direct_url.json"
                data = data.rstrip(b"\n") + f"\n{place},sha256={hashed},{len(text)}\n".encode()
                new.writestr(place, text)
            new.writestr(info, data)
    os.replace(path + ".new", path)
