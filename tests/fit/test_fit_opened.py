"""What a source distribution will install is read as a wheel's is: what its import asks for is a need, too."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from fit_support import plan_over, planned, template

from podfit.model import ImportSite

RELEASES = {("pandas", "2.0"): ((), "2024-01-01"), ("scipy", "1.0"): ((), "2024-01-01")}
SETUP = "from setuptools import setup\nsetup()\n"


def packed(files: Mapping[str, str]) -> bytes:
    """Return a source distribution of trainer 1.0 with files: path to text."""
    told = "Metadata-Version: 2.2\nName: trainer\nVersion: 1.0\n"
    with tarfile.open(fileobj=(made := io.BytesIO()), mode="w:gz") as archive:
        for name, text in {"PKG-INFO": told, "setup.py": SETUP, **files}.items():
            member = tarfile.TarInfo(f"trainer-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


def needed(folder: Path, files: Mapping[str, str], sites: Sequence[ImportSite] = ()) -> dict[str, str]:
    """Return what is planned for trainer, which has nothing but this source distribution, of a project's imports."""
    sources = {("trainer", "1.0"): ("2024-01-01", packed(files))}
    plan = plan_over(folder, RELEASES, template("pod", {}), "trainer", sources=sources, sites=sites)
    assert plan is not None
    assert plan.feasible
    return planned(plan)


def test_what_a_module_in_a_source_distribution_imports_is_needed(tmp_path: Path) -> None:
    own = {"trainer/__init__.py": "from . import data\n", "trainer/data.py": "import pandas\n"}
    found = needed(tmp_path, {**own, "tests/__init__.py": "import scipy\n"})
    assert found == {"trainer": "1.0", "pandas": "2.0"}


@pytest.mark.parametrize("folder", ["src/", ""])
def test_it_lists_what_it_installs(tmp_path: Path, folder: str) -> None:
    listed = {f"{folder}trainer.egg-info/top_level.txt": "engine\n"}
    modules = {f"{folder}engine/__init__.py": "import pandas\n", "trainer/__init__.py": "import scipy\n"}
    assert needed(tmp_path, {**listed, **modules}) == {"trainer": "1.0", "pandas": "2.0"}


def test_where_it_does_not_tell_nothing_is_known(tmp_path: Path) -> None:
    assert needed(tmp_path, {"engine/__init__.py": "import pandas\n"}) == {"trainer": "1.0"}


def test_what_only_a_module_that_the_project_imports_asks_for_is_needed(tmp_path: Path) -> None:
    files = {"trainer/__init__.py": "", "trainer/data.py": "import pandas\n", "trainer/more.py": "import scipy\n"}
    sites = (ImportSite("trainer.data", "main.py", 1, names=("Set",)),)
    assert needed(tmp_path, files, sites) == {"trainer": "1.0", "pandas": "2.0"}
