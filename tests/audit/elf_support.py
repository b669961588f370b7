"""Real shared libraries, made by the machine's C compiler."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def library(
    room: Path, name: str, *, needs: Sequence[str] = (), code: str = "int f(void) { return 1; }", soname: str = ""
) -> bytes:
    """Return a shared library that needs others by name (those are made as empty ones beside it) and has code."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    base = [compiler, "-shared", "-fPIC", "-nostartfiles"]
    room.mkdir(parents=True, exist_ok=True)
    for needed in needs:
        (room / "empty.c").write_text("")
        subprocess.run([*base, f"-Wl,-soname,{needed}", "-o", needed, "empty.c"], cwd=room, check=True)
    (room / "code.c").write_text(code)
    target = name.rpartition("/")[2]
    own = [f"-Wl,-soname,{soname}"] if soname else []
    command = [*base, *own, "-o", target, "code.c", "-Wl,--no-as-needed", *needs]
    subprocess.run(command, cwd=room, check=True)
    return (room / target).read_bytes()


def asking(provider: str, version: str, symbol: str, room: Path) -> bytes:
    """Return a shared library that asks provider for a versioned symbol, as one linked on a newer system does."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    room.mkdir(parents=True, exist_ok=True)
    (room / "map").write_text(f"{version} {{ global: {symbol}; local: *; }};\n")
    (room / "provider.c").write_text(f"int {symbol}(void) {{ return 1; }}\n")
    (room / "user.c").write_text(f"extern int {symbol}(void); int PyInit_x(void) {{ return {symbol}(); }}\n")
    base = [compiler, "-shared", "-fPIC", "-nostdlib"]
    subprocess.run(
        [*base, "-Wl,--version-script=map", f"-Wl,-soname,{provider}", "-o", provider, "provider.c"],
        cwd=room,
        check=True,
    )
    subprocess.run([*base, "-o", "user.so", "user.c", provider], cwd=room, check=True)
    return (room / "user.so").read_bytes()
