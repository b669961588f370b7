"""conda's environment files."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.declared import Declared, read_declared
from podfit.readers.declared.conda import specifier
from podfit.readers.environment.conda_names import Known, known_as, pypi_names


def read(root: Path, text: str, name: str = "environment.yml") -> Declared:
    (root / name).write_text(text, encoding="utf-8")
    return read_declared(root)


def rows(declared: Declared) -> list[tuple[str, int]]:
    return [(each.requirement, each.where.line) for each in declared.declarations]


ENVIRONMENT = """\
name: train
channels:
  - pytorch
  - nvidia
  - conda-forge
dependencies:
  - python>=3.10
  - pip
  - pytorch::pytorch=2.1.2
  - torchvision==0.16.2
  - pytorch-cuda=12.1
  - numpy>=1.26,<2
  - conda-forge::scikit-learn
  - pandas 2.2.*
  - scipy=1.11.4=py310hb13e2d6_0
  - cudatoolkit
  - matplotlib-base  # plots
  - pytables >=3.9
  - librosa
  - "opencv[version='>=4.8',build=headless*]"
  - blas=*=openblas
  - libprotobuf=4.25.1=hf27288f_0
  - h5py!=3.9.0
  - tqdm ~=4.66
  - ray-default=2.9|2.10
  - pip:
      - -r more.txt
      - --extra-index-url https://download.pytorch.org/whl/cu121
      - lightning>=2.1
      - git+https://github.com/openai/CLIP.git
prefix: /opt/conda/envs/train
"""


def test_environment(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("loguru\n")
    declared = read(tmp_path, ENVIRONMENT)
    assert rows(declared) == [
        ("torch==2.1.2.*", 9),
        ("torchvision==0.16.2", 10),
        ("numpy<2,>=1.26", 12),
        ("scikit-learn", 13),
        ("pandas==2.2.*", 14),
        ("scipy==1.11.4", 15),
        ("matplotlib", 17),
        ("tables>=3.9", 18),
        ("librosa", 19),
        ("opencv-python>=4.8", 20),
        ("h5py!=3.9.0", 23),
        ("tqdm~=4.66", 24),
        ("ray", 25),
        ("loguru", 1),
        ("lightning>=2.1", 29),
        ("clip @ git+https://github.com/openai/CLIP.git", 30),
    ]
    assert declared.requires_python == ">=3.10"
    assert declared.name == ""
    assert declared.index_urls == ("https://download.pytorch.org/whl/cu121",)
    assert declared.files == ("environment.yml", "more.txt")
    assert (
        "environment.yml: left to the template, for they are no Python distributions: "
        "blas, cudatoolkit, libprotobuf, pytorch-cuda"
    ) in declared.notices


@pytest.mark.parametrize("version", ["=3.10", "==3.10.13", " 3.10", "=3.10.13=h955ad1f_0"])
def test_a_pinned_python_is_the_environments_own(tmp_path: Path, version: str) -> None:
    declared = read(tmp_path, f"dependencies:\n  - python{version}\n")
    assert declared.requires_python == ""
    assert "is the Python of this environment" in declared.notices[0]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", ""),
        ("=1.26", "==1.26.*"),
        ("=1.26.*", "==1.26.*"),
        ("=1.26*", "==1.26.*"),
        ("==1.26", "==1.26"),
        (" 1.26", "==1.26"),
        ("=1.26=py310_0", "==1.26"),
        ("1.26 py310_0", "==1.26"),
        ("0.15.* *cu118*", "==0.15.*"),
        (">=3.0=*mpich*", ">=3.0"),
        (">=3.0,<4 *mpich*", "<4,>=3.0"),
        ("1.0rc1", "==1.0rc1"),
        (">=1.2,<2", "<2,>=1.2"),
        (" >=1.2, <2", "<2,>=1.2"),
        (">=1.2.*", ">=1.2"),
        ("!=1.3.*", "!=1.3.*"),
        ("*", ""),
        ("1.2|1.3", ""),
    ],
)
def test_versions(version: str, expected: str) -> None:
    assert specifier(version) == expected


def test_an_export_is_a_local_environment(tmp_path: Path) -> None:
    lines = "".join(f"  - package-{number}=1.{number}=py310h1234_0\n" for number in range(70))
    declared = read(tmp_path, f"name: base\ndependencies:\n{lines}  - pip:\n      - torch==2.1.0\n")
    assert declared.declarations == ()
    assert declared.freezes == (str(tmp_path / "environment.yml"),)
    named = read_declared(tmp_path, files=[tmp_path / "environment.yml"])
    assert len(named.declarations) == 71


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            "python=3.9 numpy=1.22.3 pytorch=1.11.0 pandas=1.4.2 bzip2=1.0.8 ca-certificates=2022.4.26 libffi=3.3 "
            "_libgcc_mutex=0.1 ncurses=6.3 openssl=1.1.1o readline=8.1.2 pip=21.2.4",
            "12 of its 12 conda packages are exact versions, and 7 are what others require (bzip2, ca-certificates, ",
        ),
        (
            "python=3.9.7=h12debd9_1 numpy=1.22.3=py39he7a7128_0 defaults::xz=5.2.5=h7f8727e_1",
            "3 of its 3 conda packages are exact builds, as `conda env export` writes them",
        ),
    ],
)
def test_an_export_is_an_export_however_short(tmp_path: Path, lines: str, why: str) -> None:
    declared = read(tmp_path, "dependencies:\n" + "".join(f"  - {line}\n" for line in lines.split()))
    assert declared.declarations == ()
    assert declared.freezes == (str(tmp_path / "environment.yml"),)
    assert why in declared.notices[0]


@pytest.mark.parametrize(
    "lines",
    [
        "python=3.9 numpy=1.22 pytorch=1.11 pandas=1.4 scipy=1.8 tqdm=4 h5py=3 pip=21 zarr=2 xarray=0.2 dask=2 timm=1",
        "python=3.9 numpy=1.22 pytorch=1.11 openssl=1.1 libffi=3.3 xz=5 zlib=1.2 tk=8.6",
        "python=3.9 numpy=1.22 pandas scipy tqdm h5py pip zarr openssl=1.1 libffi=3.3 xz=5 zlib=1.2 tk=8.6",
    ],
)
def test_what_people_write_is_no_export(tmp_path: Path, lines: str) -> None:
    declared = read(tmp_path, "dependencies:\n" + "".join(f"  - {line}\n" for line in lines.split()))
    assert declared.freezes == ()
    assert "numpy==1.22.*" in [each.requirement for each in declared.declarations]


@pytest.mark.parametrize(
    ("name", "known", "pypi"),
    [
        ("numpy", Known.DISTRIBUTION, "numpy"),
        ("ipykernel", Known.DISTRIBUTION, "ipykernel"),
        ("pyg", Known.DISTRIBUTION, "torch-geometric"),
        ("dgl-cuda11.6", Known.DISTRIBUTION, "dgl"),
        ("ninja", Known.DISTRIBUTION, "ninja"),
        ("snappy", Known.FOREIGN, ""),
        ("pytorch-cuda", Known.FOREIGN, ""),
        ("_openmp_mutex", Known.FOREIGN, ""),
        ("cupy", Known.SEVERAL, ""),
        ("cupy-core", Known.SEVERAL, ""),
        ("cudf", Known.SEVERAL, ""),
        ("haiku", Known.SEVERAL, ""),
        ("mkl-service", Known.UNSURE, "mkl-service"),
        ("demolib", Known.UNSURE, "demolib"),
    ],
)
def test_what_a_conda_package_is_on_the_index(name: str, known: Known, pypi: str) -> None:
    found = known_as(name)
    assert (found.known, found.pypi) == (known, pypi)


@pytest.mark.parametrize(
    ("build", "known"),
    [
        ("h1234_0", Known.FOREIGN),
        ("py310h1234_0", Known.UNSURE),
        ("*cuda*", Known.UNSURE),
        ("pypi_0", Known.DISTRIBUTION),
    ],
)
def test_a_build_tells_what_is_no_python(build: str, known: Known) -> None:
    assert known_as("demolib", build).known is known


def test_a_name_that_may_be_anothers_speaks_only_where_it_is_imported(tmp_path: Path) -> None:
    declared = read(tmp_path, "dependencies: [demolib=1.2, numpy, cupy=12, tree, 'jaxlib=0.4=*cuda*']\n")
    found = {each.requirement: (each.scope, each.asks) for each in declared.declarations}
    assert found == {
        "demolib==1.2.*": ("environment.yml", False),
        "numpy": ("", True),
        "jaxlib==0.4": ("", True),
    }
    assert declared.notices == (
        "environment.yml: left to the template, for they are no Python distributions: tree",
        "environment.yml: what the code imports tells which distributions of the index these are: cupy",
        "environment.yml: taken where the code imports them, for the index may have something else by these names: "
        "demolib",
    )


PIP_LATER = """\
dependencies:
  - numpy=1.21
  - pandas>=1.5
  - timm=0.4
  - pytorch=2.0
  - scipy=1.10
  - pip:
    - numpy==1.26.4
    - pandas<3
    - timm @ git+https://github.com/huggingface/pytorch-image-models
    - torch==2.1.2
    - scipy==1.9; python_version < "3.9"
"""


def test_pip_has_the_last_word_where_it_excludes_a_line_of_conda(tmp_path: Path) -> None:
    declared = read(tmp_path, PIP_LATER)
    assert rows(declared) == [
        ("pandas>=1.5", 3),
        ("scipy==1.10.*", 6),
        ("numpy==1.26.4", 8),
        ("pandas<3", 9),
        ("timm @ git+https://github.com/huggingface/pytorch-image-models", 10),
        ("torch==2.1.2", 11),
        ('scipy==1.9; python_version < "3.9"', 12),
    ]
    assert (
        "environment.yml:2 (numpy==1.21.*) gives way to environment.yml:8 (numpy==1.26.4), which pip installs after it"
    ) in declared.notices


def test_names_of_files(tmp_path: Path) -> None:
    read(tmp_path, "dependencies: [pytest]\n", "environment-dev.yml")
    read(tmp_path, "dependencies: [numpy]\n", "conda.yaml")
    declared = read(tmp_path, "services: {}\n", "environment_docker.yml")
    found = {(each.where.path, each.group, each.requirement) for each in declared.declarations}
    assert found == {("conda.yaml", "", "numpy"), ("environment-dev.yml", "group:dev", "pytest")}


def test_every_name_has_its_evidence() -> None:
    from importlib import resources

    try:
        import tomllib
    except ModuleNotFoundError:
        import tomli as tomllib

    text = resources.files("podfit.readers.declared").joinpath("conda_names.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    used = {evidence for _, evidence in (*data["names"].values(), *data["patterns"].values())}
    used |= {*data["foreign"].values(), *data["same"]}
    assert used == set(data["evidence"])
    assert not set(data["names"]) & set(data["foreign"])
    assert pypi_names()["pytorch-geometric"] == "torch-geometric"
    assert pypi_names()["cudatoolkit"] == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies:\n  - numpy\n bad\n", "ROOT/environment.yml:3: this is not YAML: "),
        ("dependencies: [a\n", "ROOT/environment.yml:2: this is not YAML: "),
        ("a: 'x\n", "ROOT/environment.yml:2: this is not YAML: "),
        ("a: \x07\n", "ROOT/environment.yml:1: this is not YAML: "),
        ("dependencies: numpy\n", "ROOT/environment.yml:1: `dependencies` is not a list"),
        ("dependencies:\n  - [numpy]\n", "ROOT/environment.yml:2: a dependency is neither a name nor a `pip:` list"),
        ("dependencies:\n  - numpy\n  - conda: x\n", "ROOT/environment.yml:3: podfit knows no part 'conda' among the"),
        ("dependencies:\n  - pip: torch\n", "ROOT/environment.yml:2: `pip` is not a list"),
        ("dependencies:\n  - pip:\n    - [x]\n", "ROOT/environment.yml:3: a line of `pip` is not a string"),
        ("dependencies:\n  - pip:\n    - x y\n", "ROOT/environment.yml:3: 'x y' is not a requirement: "),
        ("dependencies:\n  - numpy>>1\n", "ROOT/environment.yml:2: 'numpy>>1' is no conda requirement: "),
        ("dependencies:\n  - '>=1'\n", "ROOT/environment.yml:2: '>=1' is no conda requirement"),
        ("dependencies:\n  - python>>3\n", "ROOT/environment.yml:2: 'python>>3' is no conda requirement: "),
        ("a: " + "[" * 3000, "ROOT/environment.yml"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    found = str(caught.value).replace(str(tmp_path), "ROOT")
    assert caught.value.exit_code == 2
    assert "\n" not in found
    assert found.startswith(message), found


def test_a_named_file_must_be_an_environment(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {}\n")
    with pytest.raises(InputError, match="this is no conda environment: it has no `dependencies`"):
        read_declared(tmp_path, files=[tmp_path / "compose.yml"])


def test_versions_of_c_libraries_are_no_pythons(tmp_path: Path) -> None:
    declared = read(tmp_path, "dependencies:\n  - libodd=9e\n  - odd=2023c=h1\n  - numpy=1.26\n")
    assert [each.requirement for each in declared.declarations] == ["numpy==1.26.*"]
    assert any("libodd 9e, odd" in notice for notice in declared.notices), declared.notices


PIXI = """\
[PREFIXdependencies]
python = ">=3.10"
scipy = ">=1.14.0,<2"
pytorch-gpu = "*"
ffmpeg = "*"
[PREFIXpypi-dependencies]
rich = ">=13"
[PREFIXtarget.linux-64.dependencies]
h5py = "3.11.*"
[PREFIXtarget.win-64.dependencies]
pywin32 = "*"
[PREFIXfeature.test.dependencies]
pytest = "*"
"""


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("pixi.toml", PIXI.replace("PREFIX", ""), 0),
        ("pyproject.toml", '[project]\nname = "x"\nversion = "1"\n' + PIXI.replace("PREFIX", "tool.pixi."), 3),
    ],
)
def test_pixis_tables_for_linux(tmp_path: Path, name: str, text: str, after: int) -> None:
    declared = read(tmp_path, text, name)
    assert rows(declared) == [
        ("rich>=13", 7 + after),
        ("scipy<2,>=1.14.0", 3 + after),
        ("torch", 4 + after),
        ("h5py==3.11.*", 9 + after),
    ]
    assert declared.notices == (f"{name}: left to the template, for they are no Python distributions: ffmpeg",)


TWICE = """\
[dependencies]
numpy = ">=2.0"
pandas = ">=2.1,<2.2"
scipy = ">=1.14"
rich = "*"
"""


def test_two_descriptions_of_one_project_are_not_taken_together(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=1.20\npandas>=2.0\nscipy\neinops\n")
    declared = read(tmp_path, TWICE, "pixi.toml")
    asking = [each.requirement for each in declared.declarations if each.asks]
    assert asking == ["numpy>=1.20", "pandas>=2.0", "scipy", "einops", "scipy>=1.14", "rich"]
    assert [each.requirement for each in declared.declarations if each.scope == "pixi.toml"] == [
        "numpy>=2.0",
        "pandas<2.2,>=2.1",
    ]
    assert declared.notices == (
        "pixi.toml and requirements.txt each describe the project by itself: for numpy, pandas the range of "
        "requirements.txt is followed; choose with -r pixi.toml",
    )


def test_a_manifest_that_installs_the_project_is_read_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\ndependencies = ["numpy>=1.20"]\n')
    declared = read(tmp_path, TWICE + '[pypi-dependencies]\nx = { path = ".", editable = true }\n', "pixi.toml")
    assert all(each.asks and not each.scope for each in declared.declarations)
    assert "numpy>=2.0" in [each.requirement for each in declared.declarations]


def test_of_an_environment_around_the_project_its_torch_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=1.13"]\n')
    around = '[dependencies]\npytorch = "2.2.*"\n[pypi-dependencies]\nx = { path = ".", editable = true }\n'
    declared = read(tmp_path, around, "pixi.toml")
    assert [each.requirement for each in declared.declarations if each.asks and "torch" in each.requirement] == [
        "torch>=1.13"
    ]
    beside = [each.requirement for each in declared.declarations if each.scope == "pixi.toml"]
    assert beside == ["torch==2.2.*"]


def test_a_range_with_a_marker_is_one(tmp_path: Path) -> None:
    torch = "\"torch>=1.13; sys_platform == 'linux'\", \"torch>=2; sys_platform == 'win32'\""
    head = '[project]\nname = "x"\nversion = "1"\n'
    (tmp_path / "pyproject.toml").write_text(f"{head}dependencies = [{torch}]\n")
    around = '[dependencies]\npytorch-cpu = ">=2.6"\n[pypi-dependencies]\nx = { path = ".", editable = true }\n'
    declared = read(tmp_path, around, "pixi.toml")
    assert [each.requirement for each in declared.declarations if each.scope == "pixi.toml"] == ["torch>=2.6"]


SELECTED = """\
dependencies:
  - numpy
  - scipy  # [unix]
  - tqdm  # [linux64 or osx]
  - h5py  # [win]
  - zarr  # [osx-arm64 or win]
  - pandas  # [see below]
  - sel(linux): einops=0.8
  - sel(unix):
    - timm
  - sel(win): colorama
"""


def test_what_is_for_other_systems_is_left_out(tmp_path: Path) -> None:
    assert [requirement for requirement, _ in rows(read(tmp_path, SELECTED))] == [
        "numpy",
        "scipy",
        "tqdm",
        "pandas",
        "einops==0.8.*",
        "timm",
    ]


def pips(text: str) -> str:
    return "  - pip:\n" + "".join(f"    - {line}\n" for line in text.split())


@pytest.mark.parametrize(
    ("conda", "pip", "frozen"),
    [
        ("python=3.10 pip cudatoolkit", " ".join(f"package-{n}==1.{n}" for n in range(60)), True),
        ("python=3.10 numpy=1.26.4", "six==1.16 torch==2.2.0 pywin32==306", True),
        ("python=3.10 numpy", " ".join(f"package-{n}==1.{n}" for n in range(60)), False),
        ("python=3.10 pip", "numpy==1.26.4 torch==2.2.0 tqdm==4.66", False),
        ("python=3.10 pip", "six==1.16 numpy==1.26.4 pywin32==306 wandb", False),
    ],
)
def test_a_freeze_in_the_pip_list_is_a_freeze(tmp_path: Path, conda: str, pip: str, frozen: bool) -> None:
    lines = "".join(f"  - {line}\n" for line in conda.split())
    declared = read(tmp_path, f"dependencies:\n{lines}{pips(pip)}")
    assert bool(declared.freezes) is frozen
    assert bool(declared.declarations) is not frozen
    if frozen:
        assert "of its `pip` list: " in declared.notices[0]


def test_an_explicit_list_is_a_local_environment(tmp_path: Path) -> None:
    address = "https://conda.anaconda.org/conda-forge/noarch/tqdm-4.66.1-pyhd8ed1ab_0.conda"
    declared = read(tmp_path, f"# platform: linux-64\n@EXPLICIT\n{address}\n", "env.yml")
    assert declared.freezes == (str(tmp_path / "env.yml"),)
    assert not declared.questions


def test_a_pip_list_beside_the_dependencies_is_read_as_meant(tmp_path: Path) -> None:
    declared = read(tmp_path, "dependencies:\n- numpy\npip:\n- einops>=0.7\n")
    assert rows(declared) == [("numpy", 2), ("einops>=0.7", 4)]
    assert "conda passes over a `pip`" in declared.notices[0]
