"""What a source distribution is built with: never the template's wheels, which hold metadata only."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from solve_support import need, only, template

from podfit.index import Index
from podfit.solve import Uv, solve_overlay
from podfit.solve.sources import Sources

BACKEND = """
from pathlib import Path

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = Path(directory, "built-1.0.dist-info")
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\nRequires-Dist: asked\\n")
    info.joinpath("WHEEL").write_text("Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    return info.name

def build_wheel(*_):
    raise SystemExit("metadata is enough")
"""


def wheel(folder: Path, name: str, version: str, code: str = "") -> None:
    """Write a wheel with one module."""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        info = f"{name}-{version}.dist-info"
        archive.writestr(f"{name}.py", code)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def sdist(folder: Path) -> None:
    """Write a source distribution whose requirements only its backend tells."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n'
        '[project]\nname = "built"\nversion = "1.0"\ndynamic = ["dependencies"]\n',
        "PKG-INFO": "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n",
    }
    with tarfile.open(folder / "built-1.0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"built-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.mark.parametrize("glibc", ["2.17", "2.35", ""])
def test_a_source_distribution_is_not_built_with_the_templates_metadata(
    glibc: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template's Python and platform are this machine's, so that its wheels would fit the build, too."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    sdist(wheels)
    wheel(wheels, "asked", "1.0")
    wheel(wheels, "backend", "1.0", BACKEND)
    running = ".".join(map(str, sys.version_info[:3]))
    pod = template({"backend": ("2.0", [])}, python=running, glibc=glibc)
    overlay = solve_overlay(
        pod,
        [need("built")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(wheels),
        sources=Sources(Index([], cache=tmp_path / "cache"), pod, tmp_path / "cache", ["built"]),
    )
    assert {name: package.version for name, package in overlay.packages.items()} == {"built": "1.0", "asked": "1.0"}
