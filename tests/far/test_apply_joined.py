"""Packages of which the template and the overlay have a part each: what an empty `__init__.py` would hide is linked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_apply_ownership import package

from podfit.far.apply import joined, ownership, places
from podfit.far.apply.talk import RefusedError

CODE = "import nvidia.cudnn, nvidia.cublas, nvidia.dali.fn; print(nvidia.cudnn.where, nvidia.dali.fn.where)"


def lay_out(folder: Path, template_init: str | None, overlay_init: str | None) -> tuple[Path, Path]:
    """Make a template and an overlay that share `nvidia`, with these texts in it (None for no `__init__.py`)."""
    old, new = folder / "template", folder / "overlay"
    package(old, "cudnn", {"nvidia/cudnn/__init__.py": "where = 'template'\n", "nvidia/cudnn/lib/libcudnn.so": ""})
    init = {} if template_init is None else {"nvidia/__init__.py": template_init}
    package(old, "cublas", {"nvidia/cublas/__init__.py": "", **init})
    init = {} if overlay_init is None else {"nvidia/__init__.py": overlay_init}
    package(new, "dali", {"nvidia/dali/fn.py": "where = 'overlay'\n", "nvidia/dali/__init__.py": "", **init})
    return old, new


def join(old: Path, new: Path) -> None:
    """Join the overlay's packages with the template's, and judge what they hide of these."""
    found = places.distributions(str(old))
    joined.join_packages(str(new), found.values())
    ownership.refuse_hiding(str(new), found)


@pytest.mark.parametrize("template_init", [None, "", "# Copyright\n\n"])
@pytest.mark.parametrize("overlay_init", [None, "", "# nothing\n"])
def test_all_parts_are_seen(tmp_path: Path, template_init: str | None, overlay_init: str | None) -> None:
    old, new = lay_out(tmp_path, template_init, overlay_init)
    join(old, new)
    env = {**os.environ, "PYTHONPATH": f"{new}{os.pathsep}{old}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "template overlay\n", done.stderr
    linked = {path.name for path in (new / "nvidia").iterdir() if path.is_symlink()}
    assert linked >= (set() if template_init is overlay_init is None else {"cudnn", "cublas"})


def test_where_no_part_hides_another_nothing_is_linked(tmp_path: Path) -> None:
    old, new = lay_out(tmp_path, None, None)
    join(old, new)
    assert [path.name for path in (new / "nvidia").iterdir()] == ["dali"]


def test_what_an_init_with_code_hides_is_refused_as_before(tmp_path: Path) -> None:
    old, new = lay_out(tmp_path, None, "print('mine')\n")
    with pytest.raises(RefusedError, match=r"brings nvidia, which would hide nvidia of the held cublas"):
        join(old, new)
    assert not [path for path in (new / "nvidia").iterdir() if path.is_symlink()]


def test_a_part_that_the_overlay_has_too_is_its_own(tmp_path: Path) -> None:
    """A held library that the overlay brings once more is no link, and refused."""
    old, new = lay_out(tmp_path, None, "")
    package(new, "stranger", {"nvidia/cudnn/__init__.py": "where = 'stranger'\n"})
    with pytest.raises(RefusedError, match=r"would hide nvidia of the held cudnn"):
        join(old, new)
    assert (new / "nvidia" / "cublas").is_symlink()


def test_deeper_parts(tmp_path: Path) -> None:
    old, new = tmp_path / "template", tmp_path / "overlay"
    package(old, "storage", {"google/__init__.py": "", "google/cloud/__init__.py": "", "google/cloud/storage.py": ""})
    package(new, "query", {"google/__init__.py": "", "google/cloud/__init__.py": "", "google/cloud/query.py": ""})
    join(old, new)
    assert (new / "google" / "cloud" / "storage.py").is_symlink()
    assert not (new / "google" / "cloud" / "query.py").is_symlink()
