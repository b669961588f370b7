"""What the tests of proving share: an index of small real wheels, and a template whose distributions it has."""

from __future__ import annotations

import base64
import hashlib
import platform
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from podfit.model import Distribution, Evidence, EvidenceKind, Interpreter, Origin, Platform, Template

EVIDENCE = Evidence(EvidenceKind.METADATA, "test")
RUNS = "value = 1\n"
FAILS = "def start():\n    raise RuntimeError('this release needs another base')\n\n\nstart()\n"

Releases = Mapping[tuple[str, str], tuple[Mapping[str, str], Sequence[str]]]
"""(name, version) to files and Requires-Dist lines."""


def index_of(folder: Path, releases: Releases) -> str:
    """Write a package index (PEP 503) of wheels; return its address."""
    for (name, version), (content, requires) in releases.items():
        stem = f"{name.replace('-', '_')}-{version}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files = {**content, f"{stem}.dist-info/METADATA": metadata + "".join(f"Requires-Dist: {r}\n" for r in requires)}
        files[f"{stem}.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        rows = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
        files[f"{stem}.dist-info/RECORD"] = f"{rows}{stem}.dist-info/RECORD,,\n"
        (folder / name).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / name / f"{stem}-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    for own in folder.iterdir():
        links = (
            f'<a href="{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">{path.name}</a>'
            for path in sorted(own.glob("*.whl"))
        )
        (own / "index.html").write_text("".join(links))
    return str(folder)


def _digest(text: str) -> str:
    """Return a hash as RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def template(distributions: Mapping[str, str], name: str = "small-pod") -> Template:
    """Return a template of this Python and machine."""
    found = {n: Distribution(n, version, EVIDENCE, ()) for n, version in distributions.items()}
    version = "{}.{}.{}".format(*sys.version_info[:3])
    system = Platform(machine=platform.machine(), glibc=platform.libc_ver()[1])
    return Template(name, Interpreter(version), system, found, Origin.GIVEN, EVIDENCE)


def project(folder: Path, requirements: str, code: str) -> Path:
    """Write a project of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.txt").write_text(requirements)
    (folder / "main.py").write_text(code)
    return folder
