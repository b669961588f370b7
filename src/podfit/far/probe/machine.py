"""What only the running machine tells: programs, variables, the linker."""

from __future__ import annotations

import os
import re
import struct
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from ..tree.notes import Warnings, evidence
from ..tree.secrets import mask_setting

STEERING = re.compile(r"(PIP|UV|CUDA|NVIDIA)_\w*|LD_LIBRARY_PATH|TORCH_CUDA_ARCH_LIST")
"""Environment variables that steer pip, uv and CUDA."""


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


def steering_environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return those of an environment's variables that steer pip, uv and CUDA, credentials masked."""
    return {name: mask_setting(name, value) for name, value in sorted(variables.items()) if STEERING.fullmatch(name)}


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


def library_cache() -> dict[str, str]:
    """Return the dynamic linker's cache (`ldconfig -p`): soname to path, for this interpreter's architecture."""
    text = run(["ldconfig", "-p"]) or run(["/sbin/ldconfig", "-p"]) or ""
    cache: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(r"\s*(\S+) \(([^)]*)\) => (\S+)", line)
        if match and ("64" in match.group(2)) == (struct.calcsize("P") == 8):
            cache.setdefault(match.group(1), match.group(3))
    return cache


def nvcc(roots: Iterable[str]) -> dict[str, Any]:
    """Return the manifest's `toolkit` as nvcc tells it: that of the CUDA directories, else the one on PATH."""
    for program in [*(os.path.join(root, "bin", "nvcc") for root in roots), "nvcc"]:
        match = re.search(r"release [\d.]+, V([\d.]+)", run([program, "--version"]) or "")
        if match:
            return {"toolkit": match.group(1), "toolkit_evidence": evidence("measured", f"{program} --version")}
    return {}
