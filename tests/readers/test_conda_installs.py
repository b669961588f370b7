"""`conda install` lines of notebooks and Dockerfiles: what they install is read, in PyPI's names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podfit.readers.declared.installs import commands
from podfit.readers.project import read_project


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("!conda install -y -c conda-forge rdkit=2023.9.1 'numpy>=1.20,<2'", ("rdkit==2023.9.1.*", "numpy<2,>=1.20")),
        ("%mamba install pytorch==2.1.0 cudatoolkit=11.8 -c pytorch", ("torch==2.1.0",)),
        ("RUN /opt/conda/bin/conda install -y python=3.10 conda-forge::tqdm && conda clean -ya", ("tqdm",)),
        ("RUN micromamba create -n x -y scikit-learn=1.3.* pip", ("scikit-learn==1.3.*",)),
        ("RUN conda run -n x pip install timm==0.9.16", ("timm==0.9.16",)),
        ("RUN conda run --no-capture-output -n x python -m pip install timm", ("timm",)),
        ("RUN conda env update -f e.yml", ()),
        ("echo conda install tqdm", ()),
        ("conda install --file list.txt ./tqdm-4.66-py_0.conda", ()),
        ("conda config --add channels conda-forge", ()),
    ],
)
def test_a_line_of_condas_in_pypis_names(line: str, asked: tuple[str, ...]) -> None:
    assert tuple(each for one in commands(line) for each in one.requirements) == asked


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("!pip install /kaggle/input/timm-0616/timm-0.6.13-py3-none-any.whl --no-index", ("timm==0.6.13",)),
        ("!pip install -q ../input/wheels/einops-0.7.0-py3-none-any.whl", ("einops==0.7.0",)),
        (
            "RUN pip install /tmp/flash_attn-2.6.3+cu123torch2.4cxx11abiFALSE-cp311-cp311-linux_x86_64.whl",
            ("flash-attn==2.6.3",),
        ),
        ("!pip install /content/acme_private-1.0-py3-none-any.whl", ()),
        ("pip install dist/timm-0.6.13-py3-none-any.whl", ()),
        ("!pip install /kaggle/input/wheels/*.whl", ()),
        ("!pip install /kaggle/working/repo", ()),
    ],
)
def test_a_file_of_another_machine_is_the_release_that_its_name_tells(line: str, asked: tuple[str, ...]) -> None:
    assert tuple(each for one in commands(line) for each in one.requirements) == asked


def test_a_name_that_is_only_the_same_asks_for_nothing(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "!conda install -y tqdm=4.66.1 glorp=1.2\nimport tqdm", "metadata": {}}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    (tmp_path / "README.md").write_text("Install: `conda install einops=0.7`\n")
    project = read_project(tmp_path, local="none").project
    assert {(one.requirement, one.asks) for one in project.declarations} == {
        ("tqdm==4.66.1.*", True),
        ("glorp==1.2.*", False),
    }
