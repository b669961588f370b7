"""What the tests need that build images: buildah, and a small image of this Python made from files of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest


def debian_program(name: str, package: str) -> str:
    """Return the path of a program, installing Debian's package as root; skip with the reason otherwise."""
    found = shutil.which(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (
            ["update", "-qq"],
            ["install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", package],
        ):
            subprocess.run(["apt-get", *words], env=quiet, capture_output=True, check=False, timeout=300)
        found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} (Debian: {package}), and only root can install one")
    return found


class Builder:
    """buildah with a store of its own, without a container runtime."""

    def __init__(self, folder: Path) -> None:
        self.program = debian_program("buildah", "buildah")
        self.folder = folder
        self.store = ["--root", str(folder / "store"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]

    def build(self, name: str, text: str, context: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Build an image of a Dockerfile's text; nothing is asked of any registry."""
        words = [self.program, *self.store, "bud", "--isolation", "chroot", "--pull-never", "-t", name, "-f", "-"]
        words.append(str(context or self.folder))
        plain = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
        return subprocess.run(words, input=text, env=plain, capture_output=True, text=True, check=False, timeout=300)


def small_root(folder: Path, wheels: Iterable[Path]) -> Path:
    """Make a root directory with this Python, pip, wheels and the few programs that a step's shell calls."""
    base = Path(sys.base_prefix)
    series = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = base / "lib" / series
    target = folder / base.relative_to("/")
    left = shutil.ignore_patterns("test*", "idlelib", "*-packages", "__pycache__", "*.a", "config-*")
    shutil.copytree(library, target / "lib" / series, ignore=left)
    site = target / "lib" / series / "site-packages"
    site.mkdir()
    bundled = next((library / "ensurepip" / "_bundled").glob("pip-*.whl"), None)
    if bundled is None:
        pytest.skip("this Python bundles no pip")
    for wheel in (bundled, *wheels):
        zipfile.ZipFile(wheel).extractall(site)
    programs = {name: Path(shutil.which(name) or f"/bin/{name}") for name in ("sh", "rm", "env")}
    python = Path(sys.executable).resolve()
    compiled = [*programs.values(), python, *(library / "lib-dynload").glob("*.so")]
    for file in {*compiled, *_libraries(compiled)}:
        _copy(file, folder / str(file)[1:])
    for name, file in programs.items():
        _copy(file, folder / "bin" / name)
    (folder / "usr" / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "usr" / "bin" / "python3").symlink_to(python)
    for name in ("tmp", "etc", "root", "dev", "proc", "sys"):
        (folder / name).mkdir(exist_ok=True)
    return folder


def _libraries(files: Iterable[Path]) -> set[Path]:
    """What the loader needs for these files."""
    told = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in re.findall(r"(/\S+\.so\S*) \(0x", told)}


def _copy(file: Path, goal: Path) -> None:
    """Copy what a path leads to."""
    if not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.resolve(), goal)
