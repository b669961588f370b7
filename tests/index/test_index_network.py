"""A few facts of PyPI itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from podfit.index import Index, ProjectNotFound

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def pypi(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(cache=tmp_path_factory.mktemp("pypi"))


def test_what_pandas_needs(pypi: Index) -> None:
    found = pypi.metadata("pandas", "2.2.2", tags=("cp311-cp311-manylinux_2_17_x86_64",))
    assert 'numpy>=1.23.2; python_version == "3.11"' in found.requires_dist
    assert found.requires_python == ">=3.9"
    assert "cp311-cp311-manylinux_2_17_x86_64" in found.evidence.source


def test_a_project_that_has_no_wheel(pypi: Index) -> None:
    found = pypi.metadata("antlr4-python3-runtime", "4.9.3")
    assert found.requires_dist == ('typing; python_version < "3.5"',)
    assert "requires.txt" in found.evidence.detail


def test_a_wheel_of_three_hundred_megabytes_costs_less_than_a_hundred_kilobytes(pypi: Index) -> None:
    files = pypi.releases("xgboost")["2.0.3"]
    assert max(file.size for file in files) > 290e6
    before = pypi.transport.received
    assert pypi.top_level_names("xgboost", "2.0.3") == ("xgboost",)
    assert pypi.transport.received - before < 100_000


@pytest.mark.parametrize(
    ("name", "imports"),
    [("scikit-learn", "sklearn"), ("pyyaml", "yaml"), ("opencv-python", "cv2"), ("pillow", "PIL"), ("six", "six")],
)
def test_import_names_that_differ(pypi: Index, name: str, imports: str) -> None:
    assert imports in pypi.top_level_names(name)


def test_a_name_that_nobody_took(pypi: Index) -> None:
    with pytest.raises(ProjectNotFound, match="does not exist on"):
        pypi.files("podfit-no-such-project-at-all")


def test_a_second_process_asks_nothing(pypi: Index) -> None:
    pypi.metadata("loguru", "0.7.3")
    begun = time.monotonic()
    again = Index(cache=Path(pypi._cache.root).parent)
    assert again.metadata("loguru", "0.7.3").name == "loguru"
    assert again.transport.requests == 0
    assert time.monotonic() - begun < 1
