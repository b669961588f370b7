"""Print what this Python environment and machine really are, as one JSON template manifest.

    python probe.py              everything
    python probe.py --quick      interpreter, platform, distributions, environment and pip_config only
    ssh pod python3 - < probe.py

`podfit probe --script` writes this file. Standard library only, Python 3.8 and newer, nothing imported from the
environment that it describes, nothing written. The manifest's keys are described in docs/template-manifest.md. What
cannot be read becomes a sentence in `probe.warnings`, never a failure.
"""

from __future__ import annotations

import argparse
import ast
import configparser
import contextlib
import glob
import hashlib
import importlib.machinery
import importlib.metadata
import json
import mmap
import os
import platform
import re
import site
import struct
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from email.parser import HeaderParser
from typing import Any

from ..frame import framed
from ..here import search_path

SCHEMA = "podfit.template/1"
VERSION = "1"

STEERING = re.compile(r"(PIP|UV|CUDA|NVIDIA)_\w*|LD_LIBRARY_PATH|TORCH_CUDA_ARCH_LIST")
"""Environment variables that steer pip, uv and CUDA."""

_SECRET_NAME = re.compile(r"(^|[_.-])(token|password|passwd|secret|apikey|key|credentials?|username)($|[_.-])", re.I)
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#]*@")
_BARE_USERINFO = re.compile(r"(^|\s)[^\s/@:]+:[^\s/@]+@(?=[^\s/@]+)")
_SECRET_QUERY = re.compile(r"([?&](?:[\w.-]*(?:token|password|secret|key|signature|sig))=)[^&#\s]+", re.I)
_MASK = "****"


class Warnings:
    """The sentences that end up in `probe.warnings`, each once."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Keep sentence, made one line, unless it is there already."""
        line = mask(" ".join(sentence.split()))
        if line not in self.sentences:
            self.sentences.append(line)

    def guard(self, what: str, read: Callable[..., Any], *arguments: Any, default: Any = None) -> Any:
        """Return read(*arguments); when it fails, default, and a warning that names what."""
        try:
            return read(*arguments)
        except Exception as error:  # one broken file must never end the probe
            self.add(f"{what} could not be read: {type(error).__name__}: {error}")
            return default


def evidence(kind: str, source: str, detail: str = "") -> dict[str, str]:
    """Return one evidence object of the manifest; kind is measured, binary, metadata, published or assumed."""
    found = {"kind": kind, "source": source}
    if detail:
        found["detail"] = detail
    return found


def mask(text: str) -> str:
    """Return text with the credentials of every URL in it replaced by asterisks."""
    return _SECRET_QUERY.sub(r"\g<1>" + _MASK, _USERINFO.sub(r"\g<1>" + _MASK + "@", text))


def mask_setting(name: str, value: str) -> str:
    """Return the value of a variable or configuration key as it may be shown: never a token or a password."""
    if _SECRET_NAME.search(name):
        return _MASK
    value = mask(value)
    return _BARE_USERINFO.sub(r"\g<1>" + _MASK + "@", value) if "proxy" in name.lower() else value


def read_text(path: str, limit: int = -1) -> str | None:
    """Return the text of a file (UTF-8, wrong bytes replaced), at most limit bytes; None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def run(argv: list[str], timeout: float = 10.0) -> str | None:
    """Return what a program prints, None when it is absent, fails or takes more than timeout seconds."""
    variables = dict(os.environ, LC_ALL="C")
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            env=variables,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def steering_environment() -> dict[str, str]:
    """Return the environment variables that steer pip, uv and CUDA, credentials masked."""
    return {name: mask_setting(name, value) for name, value in sorted(os.environ.items()) if STEERING.fullmatch(name)}


def container_environment(warnings: Warnings) -> None:
    """Warn of steering variables that the container's first process has and this session lacks.

    An ssh session does not inherit the variables of the image (`ENV` of its Dockerfile); a notebook or the image's
    own command does, so that pip behaves differently in the two.
    """
    try:
        with open("/proc/1/environ", "rb") as file:
            lines = file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return
    for line in sorted(lines):
        name, equals, value = line.partition("=")
        if equals and STEERING.fullmatch(name) and os.environ.get(name) != value:
            shown = mask_setting(name, value)
            warnings.add(f"process 1 of this machine has {name}={shown}, which this session has not")


# --- interpreter and platform


def interpreter() -> dict[str, Any]:
    """Return the manifest's `interpreter`.

    externally_managed follows PEP 668: the marker file counts outside virtual environments only.
    """
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return {
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "prefix": sys.prefix,
        "externally_managed": sys.prefix == sys.base_prefix and os.path.isfile(marker),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    }


def glibc_version() -> str:
    """Return the version of the C library that this process runs on, such as `2.36`; empty when it is not glibc."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        name, version = "", ""
    if name == "glibc" and version:
        return version
    try:
        import ctypes

        query = ctypes.CDLL(None).gnu_get_libc_version
        query.restype = ctypes.c_char_p
        return str(query().decode("ascii"))
    except (ImportError, OSError, AttributeError):
        return ""


def wheel_tags(machine: str, glibc: str) -> list[str]:
    """Return the wheel tags that this interpreter accepts, best first; empty where podfit does not know the rule.

    The order is that of packaging.tags and uv: for CPython the own ABI, then abi3 (PEP 384), then pure Python, each
    for this machine alone, then over manylinux policies from this glibc down (PEP 600, with the aliases of PEP 513,
    571 and 599).
    """
    if sys.implementation.name != "cpython" or not glibc or struct.calcsize("P") != 8:
        return []
    major, minor = sys.version_info[:2]
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    debug = bool(sysconfig.get_config_var("Py_DEBUG")) or hasattr(sys, "gettotalrefcount")
    platforms = ["linux_" + machine, *_manylinux(machine, glibc)]
    own = f"cp{major}{minor}"
    abis = [own + ("t" if free_threaded else "") + ("d" if debug else "")]
    if debug:
        abis.append(own + ("t" if free_threaded else ""))
    tags = [f"{own}-{abi}-{place}" for abi in abis for place in platforms]
    if not free_threaded:
        tags += [f"{own}-abi3-{place}" for place in platforms]
    tags += [f"{own}-none-{place}" for place in platforms]
    if not free_threaded:
        tags += [f"cp{major}{older}-abi3-{place}" for older in range(minor - 1, 1, -1) for place in platforms]
    pure = [f"py{major}{minor}", f"py{major}"] + [f"py{major}{older}" for older in range(minor - 1, -1, -1)]
    tags += [f"{version}-none-{place}" for version in pure for place in platforms]
    tags.append(f"{own}-none-any")
    return tags + [f"{version}-none-any" for version in pure]


def _manylinux(machine: str, glibc: str) -> Iterator[str]:
    """Yield the manylinux platform tags of a machine whose glibc is 2.N, newest first."""
    match = re.match(r"2\.(\d+)", glibc)
    if not match:
        return
    oldest = 5 if machine == "x86_64" else 17
    aliases = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    for minor in range(int(match.group(1)), oldest - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in aliases:
            yield f"{aliases[minor]}_{machine}"


def library_cache() -> dict[str, str]:
    """Return the dynamic linker's cache (`ldconfig -p`): soname to path, for this interpreter's architecture."""
    text = run(["ldconfig", "-p"]) or run(["/sbin/ldconfig", "-p"]) or ""
    cache: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(r"\s*(\S+) \(([^)]*)\) => (\S+)", line)
        if match and ("64" in match.group(2)) == (struct.calcsize("P") == 8):
            cache.setdefault(match.group(1), match.group(3))
    return cache


def libstdcxx(cache: dict[str, str]) -> tuple[str, str]:
    """Return the path of the libstdc++ that this interpreter would load and its highest GLIBCXX version.

    Searched as the linker would: LD_LIBRARY_PATH, the interpreter's own prefix (conda), the linker's cache, then the
    usual directories. Two empty strings when there is none.
    """
    folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    folders.append(os.path.join(sys.base_prefix, "lib") if os.path.isdir(_conda_meta()) else "")
    candidates = [os.path.join(folder, "libstdc++.so.6") for folder in folders if folder]
    candidates.append(cache.get("libstdc++.so.6", ""))
    machine = platform.machine()
    usual = [f"/usr/lib/{machine}-linux-gnu", f"/lib/{machine}-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"]
    candidates += [os.path.join(folder, "libstdc++.so.6") for folder in usual]
    for path in candidates:
        if path and os.path.isfile(path):
            with open(path, "rb") as file:
                versions = set(re.findall(rb"GLIBCXX_(\d+(?:\.\d+)+)\x00", file.read()))
            if versions:
                best = max(versions, key=lambda version: [int(part) for part in version.split(b".")])
                return path, best.decode("ascii")
    return "", ""


def _conda_meta() -> str:
    """Return the folder that marks a conda environment, whether or not it exists."""
    return os.path.join(sys.base_prefix, "conda-meta")


def platform_facts(warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `platform`."""
    machine, glibc = platform.machine(), glibc_version()
    if not glibc:
        warnings.add("the C library is not glibc: no manylinux wheel runs here")
    _, glibcxx = warnings.guard("libstdc++", lambda: libstdcxx(library_cache()), default=("", ""))
    if not glibcxx:
        warnings.add("no libstdc++.so.6 was found: C++ extensions need one")
    facts = {"machine": machine, "system": platform.system().lower(), "glibc": glibc, "glibcxx": glibcxx}
    if not glibc and "musl" in str(sysconfig.get_config_var("SOABI")):
        facts["libc"] = "musl"  # as in cpython-312-x86_64-linux-musl
    return {**facts, "tags": wheel_tags(machine, glibc)}


# --- distributions


class Places:
    """The directories that the kinds of `location` stand for."""

    def __init__(self) -> None:
        self.venv = sys.prefix != sys.base_prefix
        schemes = sysconfig.get_paths()
        own = {schemes["purelib"], schemes["platlib"]}
        system = set(site.getsitepackages([sys.base_prefix, sys.base_exec_prefix])) if self.venv else set()
        if not self.venv:
            own |= set(site.getsitepackages())
        system |= {path for path in search_path() if path.endswith("dist-packages")}
        user = site.getusersitepackages() if hasattr(site, "getusersitepackages") else ""
        self.user = os.path.realpath(user) if user else ""
        self.own = {os.path.realpath(path) for path in own}
        self.system = {os.path.realpath(path) for path in system} - {self.user}

    def kind(self, folder: str) -> str:
        """Return `venv`, `system`, `user` or folder itself."""
        real = os.path.realpath(folder)
        if real in self.own:
            return "venv" if self.venv else "system"
        if real == self.user:
            return "user"
        return "system" if real in self.system else folder


def distributions(warnings: Warnings) -> list[dict[str, Any]]:
    """Return the manifest's `distributions`, sorted by name; of two with one name the first on sys.path."""
    places = Places()
    links = _egg_links()
    found: dict[str, dict[str, Any]] = {}
    infos: dict[str, str] = {}
    distutils: list[str] = []
    for distribution in importlib.metadata.distributions(path=search_path()):
        info = os.fspath(getattr(distribution, "_path", "") or "")
        base = os.path.basename(info)
        if base.startswith("~"):
            warnings.add(f"{info} is what an interrupted pip left behind; pip ignores it")
            continue
        entry = warnings.guard(f"the metadata in {info}", describe, distribution, info, places, links)
        if entry is None:
            continue
        if not entry["name"] or not entry["version"]:
            missing = "name" if not entry["name"] else "version"
            warnings.add(f"{info} has no metadata with a {missing}: a broken installation")
            continue
        key = re.sub(r"[-_.]+", "-", entry["name"]).lower()
        if key in found and not _replaces(entry, info, found[key], infos[key]):
            _warn_of_second(warnings, found[key], infos[key], entry, info)
            continue
        found[key], infos[key] = entry, info
        if entry.get("uninstallable") is False and os.path.isfile(info):
            distutils.append(f"{entry['name']} {entry['version']}")
    if distutils:
        names = ", ".join(sorted(distutils))
        warnings.add(f"installed by distutils, so that pip cannot uninstall or upgrade it in place: {names}")
    return [found[key] for key in sorted(found)]


def _replaces(second: dict[str, Any], second_info: str, first: dict[str, Any], first_info: str) -> bool:
    """Tell whether second is the better record of the very same installation (Debian ships some in two formats)."""
    same = second["version"] == first["version"] and os.path.dirname(second_info) == os.path.dirname(first_info)
    return same and second_info.endswith(".dist-info") and not first_info.endswith(".dist-info")


def _warn_of_second(
    warnings: Warnings, first: dict[str, Any], first_info: str, second: dict[str, Any], second_info: str
) -> None:
    """Tell of two installations of one distribution."""
    if os.path.realpath(first_info) == os.path.realpath(second_info):
        return  # one directory, twice on sys.path
    name = first["name"]
    one, two = f"{name} {first['version']}", f"{second['version']}"
    folder = os.path.dirname(first_info)
    if folder == os.path.dirname(second_info):
        if first["version"] != second["version"]:
            warnings.add(f"{one} and {two} are both recorded in {folder}: a broken upgrade, the files may be of either")
    else:
        warnings.add(f"{one} in {os.path.dirname(first_info)} shadows {two} in {os.path.dirname(second_info)}")


def _egg_links() -> dict[str, str]:
    """Return, for the develop installs of old setuptools, normalized name to the `.egg-link` file."""
    links: dict[str, str] = {}
    for folder in search_path():
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".egg-link"):
                links.setdefault(re.sub(r"[-_.]+", "-", name[: -len(".egg-link")]).lower(), os.path.join(folder, name))
    return links


def describe(
    distribution: importlib.metadata.Distribution, info: str, places: Places, links: dict[str, str]
) -> dict[str, Any]:
    """Return one element of `distributions`; info is the path of its .dist-info or .egg-info, empty if unknown."""

    def read(name: str) -> str | None:
        """Return the text of a metadata file."""
        if os.path.isdir(info):
            return read_text(os.path.join(info, name))
        return distribution.read_text(name)

    wheel_like = info.endswith(".dist-info")
    flat_file = info.endswith(".egg-info") and os.path.isfile(info)
    text = read("METADATA") or read("PKG-INFO") or (read_text(info) if flat_file else None) or ""
    headers = HeaderParser().parsestr(re.split(r"\r?\n\r?\n", text, maxsplit=1)[0])
    name = (headers["Name"] or "").strip()
    folder = os.path.dirname(info)
    entry: dict[str, Any] = {"name": name, "version": (headers["Version"] or "").strip()}
    if flat_file:
        entry["requires_dist"] = None  # this format cannot state any
    elif wheel_like:
        entry["requires_dist"] = [" ".join(line.split()) for line in headers.get_all("Requires-Dist") or []]
    else:
        entry["requires_dist"] = list(distribution.requires or [])
    if headers["Requires-Python"]:
        entry["requires_python"] = headers["Requires-Python"].strip()
    entry.update(_direct(read("direct_url.json"), links.get(re.sub(r"[-_.]+", "-", name).lower(), ""), folder))
    entry["installer"] = _installer(read("INSTALLER"), folder)
    entry["location"] = places.kind(folder) if folder else ""
    record = _record(info)
    if flat_file or (wheel_like and record is None):
        # pip: "a distutils installed project", or "no RECORD file was found"; it stops in both cases
        entry["uninstallable"] = False
    imports = _import_names(read("top_level.txt"), record)
    if imports:
        entry["import_names"] = imports
    if record is not None:
        entry["record_sha256"] = hashlib.sha256(record).hexdigest()
    return entry


def _record(info: str) -> bytes | None:
    """Return the bytes of the RECORD in a .dist-info directory, None when there is none."""
    try:
        with open(os.path.join(info, "RECORD"), "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _direct(text: str | None, link: str, folder: str) -> dict[str, Any]:
    """Return `direct_url` and `editable` from direct_url.json (PEP 610), or from an .egg-link file."""
    if text:
        data = json.loads(text)
        url = mask(str(data.get("url", "")))
        vcs = data.get("vcs_info")
        if vcs:
            url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
        if data.get("subdirectory"):
            url += f"#subdirectory={data['subdirectory']}"
        if (data.get("dir_info") or {}).get("editable"):
            return {"direct_url": url, "editable": True}
        return {"direct_url": url}
    if link and folder != os.path.dirname(link):
        return {"direct_url": "file://" + folder, "editable": True}
    return {}


def _installer(text: str | None, folder: str) -> str:
    """Return who installed a distribution: its INSTALLER file, or Debian by the directory."""
    if text and text.strip():
        return text.split()[0]
    return "debian" if folder == "/usr/lib/python3/dist-packages" else ""


def _import_names(top_level: str | None, record: bytes | None) -> list[str]:
    """Return top-level import names: those that top_level.txt declares, else those of the files in RECORD."""
    if top_level and top_level.strip():
        return sorted({name for name in top_level.split() if name.isidentifier()})
    names: set[str] = set()
    folders: set[str] = set()
    for line in (record or b"").decode("utf-8", "replace").splitlines():
        path = line.partition(",")[0].strip('"')
        first, slash, rest = path.partition("/")
        if slash:
            if first not in names and rest.endswith((".py", ".so", ".pyi")):
                folders.add(first)
        elif first.endswith((".py", ".so")):
            names.add(first.partition(".")[0])
    names |= folders
    return sorted(name for name in names if name.isidentifier() and not name.startswith("__editable__"))


# --- pip's configuration


def pip_config(warnings: Warnings) -> dict[str, str]:
    """Return what `pip config list` would show here, credentials masked.

    Files in pip's order (later ones win): global, user (unless PIP_CONFIG_FILE exists), site, PIP_CONFIG_FILE; then
    PIP_* variables as `:env:.name`. PIP_CONFIG_FILE=os.devnull turns all files off.
    See https://pip.pypa.io/en/stable/topics/configuration/
    """
    settings: dict[str, str] = {}
    for path in pip_config_files():
        settings.update(warnings.guard(f"pip's configuration file {path}", _pip_config_file, path, default={}))
    for name, value in sorted(os.environ.items()):
        key = name[4:].lower().replace("_", "-")
        if name.startswith("PIP_") and key not in ("version", "help"):
            settings[":env:." + key] = mask_setting(key, value)
    return dict(sorted(settings.items()))


def pip_config_files() -> list[str]:
    """Return the configuration files that pip reads on Linux and that exist, weakest first."""
    own = os.environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    home = os.path.expanduser("~")
    shared = [folder for folder in (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if folder]
    files = [os.path.join(folder, "pip", "pip.conf") for folder in shared] + ["/etc/pip.conf"]
    if not (own and os.path.exists(own)):
        files.append(os.path.join(home, ".pip", "pip.conf"))
        files.append(os.path.join(os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config", "pip", "pip.conf"))
    files.append(os.path.join(sys.prefix, "pip.conf"))
    if own:
        files.append(own)
    return [path for path in files if os.path.isfile(path)]


def _pip_config_file(path: str) -> dict[str, str]:
    """Return the settings of one configuration file, keys written as pip shows them (`global.index-url`)."""
    parser = configparser.RawConfigParser()
    with open(path, encoding="utf-8", errors="replace") as file:
        parser.read_file(file)
    settings: dict[str, str] = {}
    for section in parser.sections():
        for name, value in parser.items(section):
            key = name.lower().replace("_", "-")
            key = key[2:] if key.startswith("--") else key
            settings[f"{section}.{key}"] = mask_setting(key, value)
    return settings


# --- torch, read from its files


def torch_facts(warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `torch` without importing it; empty when there is none."""
    folder = _package_folder("torch")
    if not folder:
        return {}
    facts: dict[str, Any] = {}
    facts.update(warnings.guard("torch/version.py", torch_version, folder, default={}))
    facts.update(warnings.guard("torch's C++ ABI", torch_cxx11_abi, folder, default={}))
    facts.update(warnings.guard("torch's NumPy C-ABI", torch_numpy_abi, folder, default={}))
    facts.update(
        warnings.guard("torch's GPU architectures", torch_architectures, folder, facts.get("cuda"), default={})
    )
    for key, what in (("cxx11_abi", "C++ ABI"), ("numpy_abi", "NumPy C-ABI generation"), ("arch_list", "GPU list")):
        if key not in facts:
            warnings.add(f"torch's {what} is not to be seen in the files of {folder}")
    return facts


def _package_folder(name: str) -> str:
    """Return the directory of an importable top-level package without importing it, empty if there is none."""
    spec = importlib.machinery.PathFinder.find_spec(name, search_path())
    folders = list(spec.submodule_search_locations or []) if spec else []
    return folders[0] if folders else ""


def torch_version(folder: str) -> dict[str, Any]:
    """Return version, cuda and hip as torch/version.py assigns them; cuda is None for a CPU build."""
    path = os.path.join(folder, "version.py")
    facts: dict[str, Any] = {}
    for node in ast.parse(read_text(path) or "").body:
        if isinstance(node, ast.AnnAssign):
            target: ast.expr = node.target
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
        else:
            continue
        key = {"__version__": "version", "cuda": "cuda", "hip": "hip"}.get(getattr(target, "id", ""))
        if key and isinstance(node.value, ast.Constant):
            facts[key] = node.value.value
            facts[key + "_evidence"] = evidence("metadata", path, f"{target.id} = {node.value.value!r}")  # type: ignore[attr-defined]
    return facts


def torch_cxx11_abi(folder: str) -> dict[str, Any]:
    """Return cxx11_abi: whether libc10's exports take the std::string of GCC 5 and newer (`__cxx11`).

    Told by the mangled constructor c10::Error(SourceLocation, std::string): `NSt7__cxx1112basic_string...` in the new
    ABI, the abbreviation `Ss` (Itanium C++ ABI, 5.1.10) in the old one.
    """
    path = os.path.join(folder, "lib", "libc10.so")
    with mapped(path) as data:
        match = re.search(rb"_ZN3c105ErrorC[12]ENS_14SourceLocationE(NSt7__cxx11|Ss)\w*", data)
        if not match:
            return {}
        symbol, new = match.group(0).decode("ascii"), match.group(1) != b"Ss"
        del match
    return {"cxx11_abi": new, "cxx11_abi_evidence": evidence("binary", path, f"it exports {symbol}")}


def torch_numpy_abi(folder: str) -> dict[str, Any]:
    """Return numpy_abi: the generation of the NumPy headers that torch was compiled with.

    `import_array()` of NumPy 1.x headers looks the C API up in `numpy.core._multiarray_umath` alone; that of NumPy 2
    headers in `numpy._core._multiarray_umath` first (`__multiarray_api.h`), and works with both. Measured on PyPI's
    wheels: torch 2.2.2 has the first name only, torch 2.3.0 has both.
    """
    path = os.path.join(folder, "lib", "libtorch_python.so")
    with mapped(path) as data:
        for generation, name in ((2, b"numpy._core._multiarray_umath"), (1, b"numpy.core._multiarray_umath")):
            if data.find(name + b"\0") >= 0:
                detail = f"import_array() was compiled to look for {name.decode('ascii')}"
                return {"numpy_abi": generation, "numpy_abi_evidence": evidence("binary", path, detail)}
    return {}


def torch_architectures(folder: str, cuda: str | None) -> dict[str, Any]:
    """Return arch_list: what torch.cuda.get_arch_list() says, or else the architectures of the device code itself.

    The former is one string constant of libtorch_python (`sm_80 sm_90 ...`); the latter is read from the headers of
    the fat binaries in libtorch_cuda's .nv_fatbin section.
    """
    flags = os.path.join(folder, "lib", "libtorch_python.so")
    with mapped(flags) as data:
        lists = re.findall(rb"\x00((?:sm|compute)_\d+[af]?(?: (?:sm|compute)_\d+[af]?)*)\x00", data)
    code = os.path.join(folder, "lib", "libtorch_cuda.so")
    contained = fatbin_architectures(code) if os.path.isfile(code) else []
    if lists:
        names = max(lists, key=len).decode("ascii")
        detail = f"its build flags are {names!r}"
        if contained:
            detail += f"; the device code in libtorch_cuda.so is for {' '.join(contained)}"
        return {"arch_list": names.split(), "arch_list_evidence": evidence("binary", flags, detail)}
    if contained:
        found = evidence("binary", code, "the headers of the fat binaries in .nv_fatbin")
        return {"arch_list": contained, "arch_list_evidence": found}
    if cuda is None and not os.path.isfile(code):
        found = evidence("binary", os.path.join(folder, "lib"), "there is no libtorch_cuda.so: a CPU build")
        return {"arch_list": [], "arch_list_evidence": found}
    return {}


@contextlib.contextmanager
def mapped(path: str) -> Iterator[mmap.mmap]:
    """Map a file's bytes into memory: the libraries of torch are up to a gigabyte."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def fatbin_architectures(path: str, seconds: float = 20.0) -> list[str]:
    """Return the GPU architectures of a library's device code: `sm_90` for machine code, `compute_90` for PTX.

    Walks the headers only, so a gigabyte costs milliseconds: .nv_fatbin holds regions (magic 0xBA55ED50, header size,
    data size), each with entries (kind 1 PTX or 2 ELF, header size, data size, at byte 28 the architecture). Layout as
    in CUDA's fatbinary_section.h and as cuobjdump lists it. Stops after seconds.
    """
    found: set[tuple[int, int]] = set()
    deadline = time.monotonic() + seconds
    with mapped(path) as data:
        for offset, size in elf_sections(data, b".nv_fatbin"):
            position, end = offset, offset + size
            while position + 16 <= end and time.monotonic() < deadline:
                magic, _, header, length = struct.unpack_from("<IHHQ", data, position)
                if magic != 0xBA55ED50:
                    position = data.find(b"\x50\xed\x55\xba", position + 1, end)
                    if position < 0:
                        break
                    continue
                entry, stop = position + header, min(position + header + length, end)
                while entry + 32 <= stop:
                    kind, _, entry_header, entry_length = struct.unpack_from("<HHIQ", data, entry)
                    if not entry_header:
                        break
                    found.add((kind, struct.unpack_from("<I", data, entry + 28)[0]))
                    entry += entry_header + entry_length
                position = position + header + max(length, 1)
    return [
        ("compute_" if kind == 1 else "sm_") + str(number)
        for kind, number in sorted(found, key=lambda pair: (-pair[0], pair[1]))
    ]


def elf_sections(data: mmap.mmap, name: bytes) -> list[tuple[int, int]]:
    """Return offset and size of the sections of a 64-bit little-endian ELF file that have name."""
    if data[:6] != b"\x7fELF\x02\x01":
        return []
    (table,) = struct.unpack_from("<Q", data, 0x28)
    width, count, names = struct.unpack_from("<HHH", data, 0x3A)
    rows = [struct.unpack_from("<IIQQQQ", data, table + index * width) for index in range(count)]
    if names >= len(rows):
        return []
    base = rows[names][4]
    return [(row[4], row[5]) for row in rows if data[base + row[0] : base + row[0] + len(name) + 1] == name + b"\0"]


# --- CUDA libraries

_LIBRARY = re.compile(
    r"(lib(?:cudart|cudnn|nccl|cublas|cublasLt|cufft|curand|cusolver|cusparse|cusparseLt|nvrtc|nvJitLink|cupti))"
    r"(?:-[0-9a-f]{8})?\.so\.([\d.]+)"
)
_HEADERS = {
    "libcudnn": ("cudnn_version.h", ("CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL")),
    "libnccl": ("nccl.h", ("NCCL_MAJOR", "NCCL_MINOR", "NCCL_PATCH")),
}


def cuda_facts(found: list[dict[str, Any]], warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `cuda`: the toolkit, and the libraries in the order in which torch looks for them.

    found is the list of distributions, whose versions date the libraries of NVIDIA's wheels. Of several versions of
    one library the first is the fact; all are in `libraries`.
    """
    facts: dict[str, Any] = {}
    facts.update(warnings.guard("the CUDA toolkit", cuda_toolkit, default={}))
    owners = warnings.guard("the files of the nvidia distributions", library_owners, found, default={})
    libraries: dict[str, str] = {}
    for path in library_files():
        match = _LIBRARY.fullmatch(os.path.basename(path))
        if not match:
            continue
        name = match.group(1)
        version, source = library_version(path, name, match.group(2), owners)
        libraries[path] = version
        key = {"libcudart": "cudart", "libcudnn": "cudnn", "libnccl": "nccl"}.get(name)
        if key and key not in facts:
            facts[key], facts[key + "_evidence"] = version, source
    if libraries:
        facts["libraries"] = libraries
    return facts


def cuda_toolkit() -> dict[str, Any]:
    """Return `toolkit`: the version of version.json, version.txt or nvcc in the first CUDA directory."""
    roots = [os.environ.get("CUDA_HOME", ""), os.environ.get("CUDA_PATH", ""), "/usr/local/cuda"]
    roots += sorted(glob.glob("/usr/local/cuda-*"), reverse=True)
    for root in dict.fromkeys(root for root in roots if root):
        path = os.path.join(root, "version.json")
        version = (json.loads(read_text(path) or "{}").get("cuda") or {}).get("version")
        if version:
            return {"toolkit": str(version), "toolkit_evidence": evidence("metadata", path)}
        path = os.path.join(root, "version.txt")
        match = re.search(r"CUDA Version (\S+)", read_text(path, 4096) or "")
        if match:
            return {"toolkit": match.group(1), "toolkit_evidence": evidence("metadata", path)}
    for nvcc in [os.path.join(root, "bin", "nvcc") for root in roots if root] + ["nvcc"]:
        match = re.search(r"release [\d.]+, V([\d.]+)", run([nvcc, "--version"]) or "")
        if match:
            return {"toolkit": match.group(1), "toolkit_evidence": evidence("measured", f"{nvcc} --version")}
    return {}


def library_files() -> list[str]:
    """Return the CUDA libraries' real paths: beside torch, LD_LIBRARY_PATH, the linker's cache, the usual places."""
    folders: list[str] = []
    for folder in search_path():
        if os.path.isdir(folder):
            folders += sorted(glob.glob(os.path.join(glob.escape(folder), "nvidia", "*", "lib")))
            folders.append(os.path.join(folder, "torch", "lib"))
    folders += os.environ.get("LD_LIBRARY_PATH", "").split(":")
    paths = [path for folder in folders if folder for path in _folder_libraries(folder)]
    paths += [path for soname, path in sorted(library_cache().items()) if _LIBRARY.fullmatch(soname)]
    usual = ["/usr/local/cuda/lib64", *sorted(glob.glob("/usr/local/cuda-*/lib64")), os.path.join(sys.prefix, "lib")]
    for folder in usual:
        paths += _folder_libraries(folder)
    return list(dict.fromkeys(os.path.realpath(path) for path in paths))


def _folder_libraries(folder: str) -> list[str]:
    """Return the paths of the CUDA libraries directly in folder."""
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if _LIBRARY.fullmatch(name)]
    except OSError:
        return []


def library_owners(found: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return, for the libraries of NVIDIA's distributions, real path to (name, version) of the distribution."""
    owners: dict[str, tuple[str, str]] = {}
    names = [entry["name"] for entry in found if entry["name"].lower().startswith("nvidia")]
    for name in names:
        distribution = next(iter(importlib.metadata.distributions(name=name, path=search_path())))
        for file in distribution.files or []:
            if _LIBRARY.fullmatch(file.name):
                path = os.path.realpath(str(distribution.locate_file(file)))
                owners[path] = (name, distribution.version)
    return owners


def library_version(
    path: str, name: str, suffix: str, owners: dict[str, tuple[str, str]]
) -> tuple[str, dict[str, str]]:
    """Return the version of one library and its evidence: its distribution, file name, header, or its soname alone."""
    if path in owners:
        owner, version = owners[path]
        return version, evidence("metadata", f"{owner} {version}", path)
    if suffix.count(".") >= 2:
        return suffix, evidence("binary", path, "file name")
    header, macros = _HEADERS.get(name, ("", ()))
    above = os.path.dirname(os.path.dirname(path))
    for folder in (os.path.join(above, "include"), "/usr/include", f"/usr/include/{platform.machine()}-linux-gnu"):
        text = read_text(os.path.join(folder, header)) if header else None
        values = [re.search(rf"#define\s+{macro}\s+(\d+)", text or "") for macro in macros]
        numbers = [value.group(1) for value in values if value]
        if numbers and len(numbers) == len(macros) and numbers[0] == suffix.partition(".")[0]:
            return ".".join(numbers), evidence("metadata", os.path.join(folder, header), path)
    return suffix, evidence("binary", path, "soname: no more precise version was found")


# --- GPUs and driver

_ASK_DRIVER = """
import ctypes, json
cuda = ctypes.CDLL("libcuda.so.1")
number, facts = ctypes.c_int(), {"gpus": []}
def ask(function, *arguments):
    if getattr(cuda, function)(ctypes.byref(number), *arguments) != 0:
        raise SystemExit(json.dumps(facts))
    return number.value
try:
    facts["version"] = ask("cuDriverGetVersion")
    if cuda.cuInit(0) == 0:
        for index in range(ask("cuDeviceGetCount")):
            device = ask("cuDeviceGet", index)
            name, total = ctypes.create_string_buffer(256), ctypes.c_size_t()
            cuda.cuDeviceGetName(name, 256, device)
            cuda.cuDeviceTotalMem_v2(ctypes.byref(total), device)
            major, minor = ask("cuDeviceGetAttribute", 75, device), ask("cuDeviceGetAttribute", 76, device)
            facts["gpus"].append([name.value.decode("utf-8", "replace"), "%d.%d" % (major, minor), total.value])
finally:
    print(json.dumps(facts))
"""
"""Asks libcuda (attributes 75 and 76: compute capability, cuda.h) in a process of its own: a sick driver may hang."""


def gpu_facts(warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `gpus` and `driver`: from nvidia-smi, and from libcuda what that does not tell."""
    asked = driver_library(warnings)
    gpus, version = nvidia_smi()
    if not gpus or any("compute_capability" not in gpu for gpu in gpus):
        gpus = asked.get("gpus") or gpus
    driver: dict[str, Any] = {}
    if version or proc_driver_version():
        driver["version"] = version or proc_driver_version()
    if asked.get("version"):
        driver["cuda"] = "{}.{}".format(asked["version"] // 1000, asked["version"] % 1000 // 10)
        driver["cuda_evidence"] = evidence("measured", "cuDriverGetVersion of libcuda.so.1")
    else:
        match = re.search(r"CUDA Version:\s*(\d+\.\d+)", run(["nvidia-smi"], 30.0) or "") if version else None
        if match:
            driver["cuda"], driver["cuda_evidence"] = match.group(1), evidence("measured", "nvidia-smi")
    facts: dict[str, Any] = {"gpus": gpus}
    if driver:
        facts["driver"] = driver
    return facts


def driver_library(warnings: Warnings) -> dict[str, Any]:
    """Return what libcuda says: `version` (12040 for CUDA 12.4) and `gpus`; empty when there is no driver."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK_DRIVER], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        facts = json.loads(done.stdout.decode("utf-8").splitlines()[0])
    except subprocess.TimeoutExpired:
        warnings.add("the NVIDIA driver did not answer within a minute")
        return {}
    except (OSError, ValueError, IndexError):
        return {}
    keys = ("name", "compute_capability", "memory_bytes")
    return dict(facts, gpus=[{key: gpu[index] for index, key in enumerate(keys)} for gpu in facts["gpus"]])


def nvidia_smi() -> tuple[list[dict[str, Any]], str]:
    """Return GPUs and driver version as nvidia-smi tells them; old ones do not know compute_cap."""
    for fields in (
        ["name", "memory.total", "driver_version", "compute_cap"],
        ["name", "memory.total", "driver_version"],
    ):
        text = run(["nvidia-smi", "--query-gpu=" + ",".join(fields), "--format=csv,noheader,nounits"], 30.0)
        if text is None:
            continue
        gpus: list[dict[str, Any]] = []
        version = ""
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.split(",")]
            if len(cells) < len(fields):
                continue
            gpu: dict[str, Any] = {"name": cells[0]}
            if re.fullmatch(r"\d+\.\d+", cells[-1]) and len(fields) == 4:
                gpu["compute_capability"] = cells[-1]
            if cells[1].isdigit():
                gpu["memory_bytes"] = int(cells[1]) * 2**20
            gpus.append(gpu)
            version = cells[2]
        return gpus, version
    return [], ""


def proc_driver_version() -> str:
    """Return the version of the loaded kernel module, empty when there is none."""
    match = re.search(r"Kernel Module\D*?(?:for \S+)?\s+(\d[\d.]+)", read_text("/proc/driver/nvidia/version") or "")
    return match.group(1) if match else ""


# --- disks

_NETWORK = re.compile(
    r"nfs4?|cifs|smb3|ceph|glusterfs|lustre|beegfs|gpfs|wekafs|afs|"
    r"fuse\.(?:juicefs|s3fs|mfs\w*|moosefs|sshfs|gcsfuse|rclone|goofys|mountpoint-s3|ceph\w*|glusterfs|lustre|weka\w*)"
)
_NO_DISK = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|fuse\.lxcfs|hugetlbfs|iso9660|"
    r"mqueue|nsfs|proc|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs"
)
_HIDDEN = re.compile(r"/(?:proc|sys|run|dev(?!/shm$))(?:/.*)?")


def disks(warnings: Warnings, table: str = "/proc/self/mountinfo") -> list[dict[str, Any]]:
    """Return the manifest's `disks`: the directories that are mounts of storage which one can write to."""
    mounts: dict[str, tuple[str, str]] = {}
    for line in (read_text(table) or "").splitlines():
        fields, _, rest = line.partition(" - ")
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields.split(" ")[4])
        filesystem, source = [*rest.split(" "), "", ""][:2]
        writable = "rw" in fields.split(" ")[5].split(",")
        disk = writable and not _NO_DISK.fullmatch(filesystem) and not _HIDDEN.fullmatch(mount)
        mounts.pop(mount, None)  # a later mount hides an earlier one
        if mount == "/" or disk:
            mounts[mount] = (filesystem, source)
    runpod = on_runpod()
    found = []
    for mount, (filesystem, source) in sorted(mounts.items()):
        if not os.path.isdir(mount):
            continue  # files that a container runtime binds, such as /etc/hosts
        space = disk_space(mount)
        if space is None:
            warnings.add(f"the disk at {mount} ({filesystem}) does not answer")
            continue
        if not space[0]:
            continue
        keeps, reason = persistence(mount, filesystem, source, runpod)
        sizes = {"total_bytes": space[0], "free_bytes": space[1]}
        found.append({"mount": mount, "filesystem": filesystem, **sizes, "persistent": keeps, "reason": reason})
    return found


def disk_space(mount: str, seconds: float = 5.0) -> tuple[int, int] | None:
    """Return total bytes and bytes free to this user; None when the file server does not answer in seconds."""
    answer: list[tuple[int, int]] = []

    def ask() -> None:
        """Ask in a thread that may be left behind."""
        with contextlib.suppress(OSError):
            space = os.statvfs(mount)
            answer.append((space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answer[0] if answer else None


def on_runpod() -> bool:
    """Tell whether this is a RunPod pod: its agent sets RUNPOD_POD_ID for the container, not for ssh sessions."""
    if "RUNPOD_POD_ID" in os.environ:
        return True
    try:
        return "RUNPOD_POD_ID=" in (read_text("/proc/1/environ") or "")
    except OSError:
        return False


def persistence(mount: str, filesystem: str, source: str, runpod: bool) -> tuple[bool | None, str]:
    """Return whether what is written to a mount outlives the container, None when nothing tells, and why."""
    if filesystem in ("tmpfs", "ramfs"):
        return False, "kept in memory"
    if mount == "/workspace" and runpod:
        return True, "RunPod mounts the pod's volume at /workspace; it survives a stop of the pod"
    if _NETWORK.fullmatch(filesystem) or source.startswith(("mfs#", "juicefs:", "JuiceFS:")):
        return True, f"a network filesystem ({source})"
    if filesystem == "overlay":
        return False, "the container's own layer: it goes when the container goes"
    return None, "nothing on the machine tells whether this disk outlives it"


# --- the manifest


def template_name(found: list[dict[str, Any]]) -> str:
    """Return a short name for the template, such as `probed-torch-2.4.0-cu124-py311`."""
    series = "py{}{}".format(*sys.version_info[:2])
    torch = next((entry["version"] for entry in found if entry["name"].lower() == "torch"), "")
    name = f"probed-torch-{torch}-{series}" if torch else f"probed-{series}"
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower())


def quick_manifest(warnings: Warnings) -> dict[str, Any]:
    """Return the parts that need neither the disk's large files nor the GPU."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    found = warnings.guard("the list of distributions", distributions, warnings, default=[])
    return {
        "schema": SCHEMA,
        "name": template_name(found),
        "title": f"Python {platform.python_version()} with {len(found)} distributions",
        "origin": "probed",
        "captured": now.isoformat().replace("+00:00", "Z"),
        "evidence": evidence("measured", "podfit probe", sys.executable),
        "interpreter": interpreter(),
        "platform": platform_facts(warnings),
        "environment": steering_environment(),
        "pip_config": warnings.guard("pip's configuration", pip_config, warnings, default={}),
        "distributions": found,
    }


def full_facts(found: list[dict[str, Any]], warnings: Warnings) -> dict[str, Any]:
    """Return the parts of the manifest that take more than a moment; found is the list of distributions."""
    container_environment(warnings)
    facts: dict[str, Any] = {}
    for key, value in (
        ("cuda", warnings.guard("the CUDA libraries", cuda_facts, found, warnings, default={})),
        ("torch", warnings.guard("torch's files", torch_facts, warnings, default={})),
    ):
        if value:
            facts[key] = value
    facts.update(warnings.guard("the GPUs", gpu_facts, warnings, default={}))
    facts["disks"] = warnings.guard("the disks", disks, warnings, default=[])
    return facts


def main(_data: object, _sources: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Write the manifest to standard output; return the exit code, which is 0 whatever was unreadable."""
    parser = argparse.ArgumentParser(description="Print this environment as a podfit template manifest (JSON).")
    parser.add_argument("--quick", action="store_true", help="no CUDA, torch, GPU or disk facts; well under a second")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--frame", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    started = time.monotonic()
    warnings = Warnings()
    manifest = quick_manifest(warnings)
    if not options.quick:
        manifest.update(full_facts(manifest["distributions"], warnings))
    seconds = round(time.monotonic() - started, 3)
    manifest["probe"] = {"version": VERSION, "seconds": seconds, "warnings": warnings.sentences}
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    sys.stdout.buffer.write(framed(text, options.frame))
    sys.stdout.buffer.flush()
    return 0
