"""The interpreter that runs this: its version and places, the C library below it, the wheels that it accepts."""

from __future__ import annotations

import os
import platform
import re
import site
import struct
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

from ..here import search_path
from ..tree.environment import Environment
from ..tree.files import HERE
from ..tree.system import externally_managed


def interpreter() -> dict[str, Any]:
    """Return the manifest's `interpreter`.

    externally_managed follows PEP 668: the marker file counts outside virtual environments only.
    """
    outside = sys.prefix == sys.base_prefix
    return {
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "prefix": sys.prefix,
        "externally_managed": outside and externally_managed(HERE, sysconfig.get_path("stdlib")),
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


def environment() -> Environment:
    """Return the environment of this interpreter."""
    path = tuple(folder or os.getcwd() for folder in search_path())
    home, machine = os.path.expanduser("~"), platform.machine()
    return Environment(HERE, path, os.environ, sys.prefix, sys.base_prefix, home, machine, Places().kind)
