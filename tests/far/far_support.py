"""What the tests of far and pod share: interpreters of every series, the probe as a file, made distributions."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podfit.far.pack import pack
from podfit.model.manifest import template_from_manifest

SERIES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def find_interpreter(series: str) -> str | None:
    """Return a CPython of a series: this one, one of pyenv's, or one on PATH."""
    if series == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [str(path) for path in sorted(root.glob(f"versions/{series}.*/bin/python"))]
    candidates.append(shutil.which(f"python{series}") or "")
    for candidate in candidates:
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        if candidate:
            done = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
            if done.stdout.strip() == series:
                return candidate
    return None


def _script() -> Path:
    """Write the probe as `podfit probe --script` does, for the time of the tests."""
    folder = tempfile.mkdtemp(prefix="podfit-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, "probe.py")
    path.write_text(pack("probe"), encoding="utf-8")
    return path


SCRIPT = _script()


def run_probe(python: str, *arguments: str, cwd: Path | None = None, **variables: str) -> dict[str, Any]:
    """Return the manifest that the script prints, checked as a template."""
    env = {**os.environ, **variables}
    done = subprocess.run([python, str(SCRIPT), *arguments], capture_output=True, check=False, cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    manifest = json.loads(done.stdout.decode("utf-8"))
    template_from_manifest(manifest, where="probe")
    return dict(manifest)


def entry(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a distribution of a manifest."""
    return dict(next(found for found in manifest["distributions"] if found["name"].lower() == name))


def purelib(python: str) -> Path:
    """Return the site-packages of an interpreter."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())


def add_wheel_like(site: Path, name: str, version: str, *, metadata: str = "", files: tuple[str, ...] = ()) -> Path:
    """Write a .dist-info as installers do, and return it."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\nThe description.\nName: not-this\n"
    (info / "METADATA").write_text(text, encoding="utf-8")
    (info / "INSTALLER").write_text("pip\n")
    rows = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))
    return info
