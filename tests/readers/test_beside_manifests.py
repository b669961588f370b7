"""What setup scripts and conda's environments beside a project's manifests tell about its needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.readers.declared.installs import commands
from podfit.readers.project import read_project

ENVIRONMENT = "name: x\ndependencies:\n  - python=3.10\n  - numpy\n  - pip:\n    - mlxu>=0.1\n"


def test_an_environment_of_conda_in_a_folder_asks_where_there_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import mlxu\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "gpu_environment.yml").write_text(ENVIRONMENT)
    project = read_project(tmp_path, local="none").project
    assert {(one.requirement, str(one.where), one.asks) for one in project.declarations} == {
        ("numpy", "scripts/gpu_environment.yml:4", True),
        ("mlxu>=0.1", "scripts/gpu_environment.yml:6", True),
    }
    (tmp_path / "requirements.txt").write_text("torch\n")
    project = read_project(tmp_path, local="none").project
    assert [one.requirement for one in project.declarations if one.asks] == ["torch"]


def test_a_configuration_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "environment.yaml").write_text("gravity: 9.81\n_target_: gym.make\n")
    reading = read_project(tmp_path, local="none").project
    assert reading.declarations == ()
    assert [site.module for site in reading.imports] == ["gym"]
    assert not [notice for notice in reading.notices if "environment.yaml" in notice]


def test_an_export_of_a_whole_environment_is_told_and_not_followed(tmp_path: Path) -> None:
    lines = "".join(f"  - package{number}=1.{number}=py310_0\n" for number in range(80))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "environment.yml").write_text(f"dependencies:\n{lines}")
    project = read_project(tmp_path, local="none").project
    assert project.declarations == ()
    assert any(notice.startswith("docker/environment.yml lists a whole environment") for notice in project.notices)


def test_what_podfit_wrote_into_a_folder_of_the_project_asks_for_nothing(tmp_path: Path) -> None:
    """With --out out, the next plan would rest on the last one's."""
    (tmp_path / "main.py").write_text("import scipy\n")
    (tmp_path / "out").mkdir()
    text = "# podfit: requirements of x on pod (Python 3.11, torch 2.4.1)\n# Solved 2026-12-01.\n\nscipy<2,>=1.15\n"
    (tmp_path / "out" / "requirements-pod.txt").write_text(text)
    assert read_project(tmp_path, local="none").project.declarations == ()
    (tmp_path / "out" / "requirements-pod.txt").write_text(text.replace("# podfit: ", "# "))
    assert len(read_project(tmp_path, local="none").project.declarations) == 1


def test_a_setup_script_tells_and_never_asks(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text(
        'if [ "$BASIC" = true ]; then\n    pip install pillow==10.1 git+https://example.org/utils3d.git@0a1b\nfi\n'
    )
    (tmp_path / "train.sh").write_text("pip install nothing\n")
    project = read_project(tmp_path, local="none").project
    assert {(one.requirement.partition(" ")[0], one.asks) for one in project.declarations} == {
        ("pillow==10.1", False),
        ("utils3d", False),
    }


def test_a_dockerfile_for_continuous_integration_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import torch\n")
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN pip install gemmi\n")
    (tmp_path / "Dockerfile.ci_lint").write_text("FROM python\nRUN pip install mypy\n")
    project = read_project(tmp_path, local="none").project
    assert {(one.requirement, one.asks) for one in project.declarations} == {("gemmi", True), ("mypy", False)}


def test_a_part_that_nobody_asks_for_tells_what_it_needs_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    text = "from setuptools import setup\nr = ['a']\nr = ranged(r)\ne = {'x': ['c<2']}\n"
    (tmp_path / "part" / "setup.py").write_text(f"{text}setup(name=name(), install_requires=r, extras_require=e)\n")
    project = read_project(tmp_path, local="none").project
    told = [(one.requirement, str(one.where), one.group, one.scope, one.asks) for one in project.declarations]
    assert told == [("a", "part/setup.py:2", "", "part", False), ("c<2", "part/setup.py:4", "", "part", False)]
    said = "in part, setup.py:5: install_requires is computed"
    assert any(notice.startswith(said) for notice in project.notices)


def declared(tmp_path: Path, line: str) -> tuple[list[str], tuple[str, ...]]:
    """Return what a Dockerfile of one line asks for, and the notices."""
    (tmp_path / "Dockerfile").write_text(f"FROM python\nRUN {line}\n")
    project = read_project(tmp_path, local="none").project
    return [one.requirement for one in project.declarations], project.notices


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("ARG TV=0.9.12\nRUN pip install timm==${TV}\n", ("timm==0.9.12",)),
        ('ENV TV "0.9"\nRUN pip install timm==$TV\n', ("timm==$TV",)),
        ("ENV TV 0.9.12\nRUN pip install 'timm>=$TV' x==$OTHER\n", ("timm>=0.9.12", "x==$OTHER")),
        ("export TV='0.9.12'\npip install timm==$TV-x\n", ("timm==0.9.12-x",)),
        ("TV=1\npip install timm==$TV\nTV=2\n", ("timm==$TV",)),
        ("ARG TV=0.9.12\nARG TV=$(cat v)\npip install timm==$TV\n", ("timm==$TV",)),
        ("ARG TV\npip install timm==$TV\n", ("timm==$TV",)),
    ],
)
def test_a_variable_with_one_plain_value_is_that(text: str, asked: tuple[str, ...]) -> None:
    (found,) = commands(text)
    assert found.requirements == asked


@pytest.mark.parametrize(
    "computed", ["$(cat v)", "$(python -c 'import x; print(x.f(1)) | cat')", "`cat w`", "$V", "${V}"]
)
def test_of_a_version_that_the_shell_computes_the_name_is_read_and_said_so(computed: str, tmp_path: Path) -> None:
    found, notices = declared(tmp_path, f'pip install "aa=={computed}" b-b[x]>=1,<{computed} c')
    assert found == ["aa", "b-b[x]", "c"]
    assert [notice.partition(": ")[0] for notice in notices] == ["Dockerfile:2", "Dockerfile:2"]
    assert all("the shell computes a version" in notice for notice in notices)


@pytest.mark.parametrize(
    "line",
    [
        "pip install $(grep -v torch reqs) && echo done",
        "pip install -r <(grep -v torch reqs)",
        "pip install `cat reqs`",
        "pip install $PACKAGES ${MORE}[all]",
        "X=$(date; echo pip)",
    ],
)
def test_what_the_shell_computes_whole_is_left_out(line: str, tmp_path: Path) -> None:
    assert declared(tmp_path, line)[0] == []


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("pip install -e widowx_envs", []),  # a directory of some clone, whatever the index has by that name
        ("pip install --editable tools[all] a", ["a"]),
        ("pip install -e git+https://host/o/p.git#egg=p", ["p @ git+https://host/o/p.git"]),
        ('mim install "mmcv==2.0.1" mmengine', ["mmcv==2.0.1", "mmengine"]),
    ],
)
def test_what_is_installed_editable_is_a_directory_and_mim_is_pip(line: str, asked: list[str], tmp_path: Path) -> None:
    assert declared(tmp_path, line)[0] == asked


def test_the_values_of_uv_s_options_are_no_requirements(tmp_path: Path) -> None:
    line = "uv pip install --system --index-strategy unsafe-best-match --prerelease allow a -P b --link-mode copy c"
    assert declared(tmp_path, line)[0] == ["a", "c"]


def test_what_is_installed_inside_a_substitution_and_beside_a_log_is_read(tmp_path: Path) -> None:
    assert declared(tmp_path, 'OUT="$(pip install a 2> log)" && pip install b > out 2>&1')[0] == ["b", "a"]


@pytest.mark.parametrize(
    "word",
    [
        "https://example.org/w/mine_rl-1.0-cp311-cp311-linux_x86_64.whl",
        "'mine-rl @ https://example.org/w/mine_rl-1.0-cp311-cp311-linux_x86_64.whl'",
        "mine-rl @ https://example.org/w/mine_rl-1.0-cp311-cp311-linux_x86_64.whl",
        "mine-rl@https://example.org/w/mine_rl-1.0-cp311-cp311-linux_x86_64.whl",
    ],
)
def test_a_wheel_s_address_is_read_as_other_addresses_are(word: str, tmp_path: Path) -> None:
    found, _ = declared(tmp_path, f"pip install {word}")
    assert found == ["mine-rl @ https://example.org/w/mine_rl-1.0-cp311-cp311-linux_x86_64.whl"]


COG = """build:
  gpu: true
  python_packages:
    - "torch==2.0.1"
    - einops==0.6.0
  run:
    - pip install tqdm==4.66.1
    - command: python -m pip install ftfy
    - apt-get install -y ffmpeg
predict: "predict.py:Predictor"
"""


def test_a_cog_file_asks_where_nothing_else_does_and_else_tells(tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(COG)
    (tmp_path / "predict.py").write_text("import einops, torch\n")
    found = {(one.requirement, str(one.where)) for one in read_project(tmp_path, local="none").project.declarations}
    assert found == {
        ("torch==2.0.1", "cog.yaml:4"),
        ("einops==0.6.0", "cog.yaml:5"),
        ("tqdm==4.66.1", "cog.yaml:7"),
        ("ftfy", "cog.yaml:8"),
    }
    (tmp_path / "requirements.txt").write_text("rich\n")
    project = read_project(tmp_path, local="none").project
    assert [one.requirement for one in project.declarations if one.asks] == ["rich"]


@pytest.mark.parametrize(
    "text", ["build: [", "build: 1\n", "- a\n", "build:\n  run: {a: b}\n  python_packages: x\n", ""]
)
def test_a_cog_file_that_is_none_tells_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(text)
    assert read_project(tmp_path, local="none").project.declarations == ()


@pytest.mark.parametrize(
    ("head", "asked"),
    [
        ("---\ntitle: X\nsdk: gradio\nsdk_version: 4.44.0\n---\n# X\n", [("gradio==4.44.0", 4)]),
        ('---\r\nsdk: "streamlit"\r\nsdk_version: "1.30.0"\r\n---\r\n', [("streamlit==1.30.0", 3)]),
        ("---\nsdk: docker\napp_port: 7860\n---\n", []),
        ("# X\n---\nsdk: gradio\nsdk_version: 4.44.0\n---\n", []),
        ("---\nlicense: mit\nbase_model: gpt2\n---\n", []),
    ],
)
def test_the_card_of_a_space_names_its_sdk(head: str, asked: list[tuple[str, int]], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(head.encode())
    (tmp_path / "requirements.txt").write_text("rich\n")
    project = read_project(tmp_path, local="none").project
    assert [(one.requirement, one.where.line) for one in project.declarations if not one.asks] == asked


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ('RUN ["pip", "install", "--no-cache-dir", "ftfy==6.1.1", "einops"]', ("ftfy==6.1.1", "einops")),
        ('RUN --mount=type=cache,target=/c ["python", "-m", "pip", "install", "a b"]', ()),
        ('RUN ["pip", "install", 1]', ()),
        ('RUN ["pip", "install", "x"', ()),
        ('CMD ["pip", "install", "x"]', ()),
    ],
)
def test_the_exec_form_of_a_dockerfile_is_read(line: str, asked: tuple[str, ...]) -> None:
    assert tuple(name for one in commands(line) for name in one.requirements) == asked


@pytest.mark.parametrize(
    ("others", "python"),
    [
        ({}, ">=3.12"),
        ({"b.py": '# /// script\n# requires-python = ">=3.9"\n# ///\n'}, ""),
        ({"requirements.txt": "numpy\n"}, ""),
        ({"examples/b.py": '# /// script\n# requires-python = ">=3.9"\n# ///\n'}, ">=3.12"),
    ],
    ids=["one script", "scripts that differ", "a manifest", "an example"],
)
def test_the_python_of_a_script_is_the_projects_where_nothing_else_says_so(
    tmp_path: Path, others: dict[str, str], python: str
) -> None:
    script = '# /// script\n# requires-python = ">=3.12"\n# dependencies = ["rich"]\n# ///\nimport rich\n'
    for name, text in {"a.py": script, **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert read_project(tmp_path, local="none").project.requires_python == python
