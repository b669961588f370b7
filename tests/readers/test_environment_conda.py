"""conda's lists and environment.yml."""

from __future__ import annotations

import json

import pytest

from podfit.model import InputError
from podfit.readers.environment import Document, Listing, read_document


def read(text: str) -> Listing:
    return read_document(Document("env", text))


EXPORT = """\
# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
# created-by: conda 24.9.2
_libgcc_mutex=0.1=conda_forge
numpy=1.26.4=py310hb13e2d6_0
openssl=3.3.2=hb9d3cd8_0
packaging=24.1=pyhd8ed1ab_0
python=3.10.14=hd12c33a_0_cpython
pytorch=2.2.0=py3.10_cuda12.1_cudnn8.9.2_0
loguru=0.7.2=pypi_0
"""


def test_conda_list_export_tells_python_distributions_by_their_builds() -> None:
    listing = read(EXPORT)
    assert (listing.format, listing.python_version, listing.installed) == ("conda list", "3.10.14", True)
    found = {name: (d.version, d.installer, d.evidence.source) for name, d in listing.distributions.items()}
    assert found == {
        "loguru": ("0.7.2", "pip", "env:11"),
        "numpy": ("1.26.4", "conda", "env:6"),
        "packaging": ("24.1", "conda", "env:8"),
        "torch": ("2.2.0", "conda", "env:10"),
    }
    assert any("_libgcc_mutex, openssl" in notice for notice in listing.notices)


def test_conda_list_as_a_table_and_as_json_say_the_same() -> None:
    rows = [line.split("=") for line in EXPORT.splitlines() if not line.startswith("#")]
    table = "# packages in environment at /opt/conda:\n#\n# Name  Version  Build  Channel\n"
    table += "".join(f"{name:30} {version:10} {build:20} conda-forge\n" for name, version, build in rows)
    entries = [{"name": n, "version": v, "build_string": b, "channel": "conda-forge"} for n, v, b in rows]
    expected = {name: d.version for name, d in read(EXPORT).distributions.items()}
    for text in (table, json.dumps(entries, indent=1)):
        listing = read(text)
        assert {name: d.version for name, d in listing.distributions.items()} == expected
        assert listing.python_version == "3.10.14"


YAML = """\
name: moola
channels:
  - conda-forge
dependencies:
  - python=3.10.14=hd12c33a_0_cpython
  - conda-forge::numpy=1.26.4=py310hb13e2d6_0
  - openssl=3.3.2=hb9d3cd8_0
  - pandas==2.2.2
  - pytorch=2.2.0
  - scipy>=1.10,<2
  - pyarrow
  - pip:
      - loguru==0.7.2
      - hydra-core>=1.3  # a range
      - -e ./helper
      - own @ file:///src/own
prefix: /opt/conda/envs/moola
"""


def test_environment_yml_keeps_names_and_exact_versions() -> None:
    listing = read(YAML)
    assert (listing.format, listing.python_version, listing.installed) == ("conda environment.yml", "3.10.14", False)
    found = {name: (d.version, d.evidence.source) for name, d in listing.distributions.items()}
    assert found == {
        "helper": ("", "env:15"),
        "hydra-core": ("", "env:14"),
        "loguru": ("0.7.2", "env:13"),
        "numpy": ("1.26.4", "env:6"),
        "own": ("", "env:16"),
        "pandas": ("2.2.2", "env:8"),
        "pyarrow": ("", "env:11"),
        "scipy": ("", "env:10"),
        "torch": ("2.2.0", "env:9"),
    }
    assert any("openssl" in notice for notice in listing.notices)


def test_what_pip_put_there_counts_before_what_conda_did() -> None:
    listing = read(
        "dependencies:\n  - opencv=4.5.3=py39_8\n  - numpy=1.26=py39_0\n  - pip:\n    - opencv-python==4.8.0.76\n"
    )
    assert {name: d.version for name, d in listing.distributions.items()} == {
        "numpy": "1.26",
        "opencv-python": "4.8.0.76",
    }
    assert any("opencv-python is there as 4.5.3 and 4.8.0.76: pip's 4.8.0.76 counts" in n for n in listing.notices)


def test_an_export_without_builds_leaves_out_what_is_known_to_be_no_python() -> None:
    text = "dependencies:\n  - _libgcc_mutex=0.1\n  - openssl=3.3.2\n  - python=3.10.14\n  - matplotlib-base=3.9\n"
    listing = read(text)
    assert {name: d.version for name, d in listing.distributions.items()} == {"matplotlib": "3.9"}
    assert listing.distributions["matplotlib"].evidence.detail == "conda's package matplotlib-base"
    assert any("_libgcc_mutex, openssl" in notice for notice in listing.notices)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (EXPORT + "lonely\n", 12, "is no line of `conda list`"),
        ("dependencies:\n  - numpy=1.26\n - broken\n", 3, "not valid YAML"),
        ("dependencies:\n  - numpy=1.26\n  - npm:\n    - x\n", 3, "a nested dependency"),
        ("dependencies:\n  - numpy=1.26\n  - [a, b]\n", 3, "no dependency of conda"),
        ("dependencies:\n  - '*?!'\n", 2, "'*?!' is no dependency of conda"),
        ("dependencies:\n  - numpy\n  - pip:\n    - a b c\n", 4, "is no line of `pip freeze`"),
        ("dependencies:\n" + "  - " + "[" * 1500, None, "not valid YAML"),
        ("dependencies:\n  []\n", 0, "lists no distribution"),
    ],
)
def test_a_wrong_line_is_named(text: str, line: int | None, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    if line is not None:
        assert caught.value.where is not None
        assert caught.value.where.line == line
