"""Environments as the addresses of their packages: conda's explicit lists and pixi's lock files."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.environment import read_listing

CONDA = "https://conda.anaconda.org/conda-forge"
EXPLICIT = f"""# platform: linux-64
@EXPLICIT
{CONDA}/linux-64/python-3.11.9-hb806964_0_cpython.conda#aa
{CONDA}/linux-64/numpy-1.26.4-py311h64a7726_0.conda#bb
{CONDA}/linux-64/openssl-3.3.1-h4ab18f5_1.conda
https://conda.anaconda.org/pytorch/linux-64/pytorch-2.4.0-py3.11_cuda12.4_cudnn9.1.0_0.tar.bz2
"""
PIXI = f"""version: 6
environments:
  default:
    channels:
    - url: {CONDA}/
    packages:
      osx-arm64:
      - conda: {CONDA}/osx-arm64/numpy-1.25.0-py311h64a7726_0.conda
      linux-64:
      - conda: {CONDA}/linux-64/python-3.11.9-hb806964_0_cpython.conda
      - conda: {CONDA}/linux-64/numpy-1.26.4-py311h64a7726_0.conda
      - conda: {CONDA}/linux-64/zlib-1.3.1-h4ab18f5_1.conda
      - pypi: https://files.pythonhosted.org/packages/aa/bb/tqdm-4.66.1-py3-none-any.whl
      - pypi: ./
  docs:
    packages:
      linux-64:
      - pypi: https://files.pythonhosted.org/packages/aa/bb/sphinx-8.0.2-py3-none-any.whl
packages:
- conda: {CONDA}/linux-64/numpy-1.26.4-py311h64a7726_0.conda
  sha256: aa
"""


def test_an_explicit_list_of_conda(tmp_path: Path) -> None:
    path = tmp_path / "spec.txt"
    path.write_text(EXPLICIT)
    listing = read_listing(str(path))
    assert {name: found.version for name, found in listing.distributions.items()} == {
        "numpy": "1.26.4", "torch": "2.4.0",
    }  # fmt: skip
    assert (listing.format, listing.python_version, listing.installed) == ("conda list --explicit", "3.11.9", True)
    assert listing.distributions["numpy"].evidence.source == f"{path}:4"
    assert any("openssl" in notice for notice in listing.notices)


def test_the_first_environment_of_a_pixi_lock_for_linux(tmp_path: Path) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(PIXI)
    listing = read_listing(str(path))
    found = {name: (one.version, one.installer) for name, one in listing.distributions.items()}
    assert found == {"numpy": ("1.26.4", "conda"), "tqdm": ("4.66.1", "pip")}
    assert (listing.format, listing.python_version, listing.installed) == ("pixi.lock", "3.11.9", False)


def test_a_list_without_a_package_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "spec.txt"
    path.write_text("@EXPLICIT\nnothing of the kind\n")
    with pytest.raises(InputError, match="it lists no distribution"):
        read_listing(str(path))
