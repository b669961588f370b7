"""setup.cfg and setup.py: what setuptools would install, without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.declared import Declared, read_declared


def read(root: Path, **files: str) -> Declared:
    for name, content in files.items():
        (root / name.replace("_py", ".py").replace("_cfg", ".cfg").replace("_txt", ".txt")).write_text(content)
    return read_declared(root)


def rows(declared: Declared) -> list[tuple[str, str, str]]:
    return [(each.group, each.requirement, str(each.where)) for each in declared.declarations]


def failure(root: Path, **files: str) -> str:
    with pytest.raises(InputError) as caught:
        read(root, **files)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(root), "ROOT")


CFG = """\
[metadata]
name = Some_Thing
version = attr: some.version

[options]
packages = find:
python_requires = >=3.9
install_requires =
    numpy>=1.26
    # a comment
    pandas; python_version < "3.13"
    clip @ git+https://github.com/openai/CLIP.git

[options.extras_require]
Plot = matplotlib; seaborn
dev =
    some-thing[plot]
    pytest>=8

[tool:pytest]
addopts = -q
"""


def test_setup_cfg(tmp_path: Path) -> None:
    declared = read(tmp_path, setup_cfg=CFG)
    assert (declared.name, declared.requires_python, declared.files) == ("some-thing", ">=3.9", ("setup.cfg",))
    assert rows(declared) == [
        ("", "numpy>=1.26", "setup.cfg:9"),
        ("", 'pandas; python_version < "3.13"', "setup.cfg:11"),
        ("", "clip @ git+https://github.com/openai/CLIP.git", "setup.cfg:12"),
        ("extra:plot", "matplotlib", "setup.cfg:15"),
        ("extra:plot", "seaborn", "setup.cfg:15"),
        ("extra:dev", "pytest>=8", "setup.cfg:18"),
        ("extra:dev", "matplotlib", "setup.cfg:15"),
        ("extra:dev", "seaborn", "setup.cfg:15"),
    ]


def test_setup_cfg_with_files(tmp_path: Path) -> None:
    text = "[options]\ninstall_requires = file: needs_txt, more.txt\n".replace("needs_txt", "needs.txt")
    (tmp_path / "more.txt").write_text("scipy\n")
    declared = read(tmp_path, setup_cfg=text, needs_txt="# head\nnumpy\n")
    assert rows(declared) == [("", "numpy", "needs.txt:2"), ("", "scipy", "more.txt:1")]


def test_a_setup_cfg_of_settings_declares_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, setup_cfg="[flake8]\nmax-line-length = 100\n").declarations == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("install_requires = numpy\n", "ROOT/setup.cfg:1: this line stands before any [section]"),
        ("[options]\n\nfoo bar\n", "ROOT/setup.cfg:3: this line is neither a [section] nor an option"),
        ("[a]\nx = 1\nx = 2\n", "ROOT/setup.cfg:3: this line sets an option for the second time"),
        ("[a]\n[a]\n", "ROOT/setup.cfg:2: this line opens a section for the second time"),
        (
            "[options]\ninstall_requires =\n    numpy\n    pandas>>1\n",
            "ROOT/setup.cfg:4: install_requires: 'pandas>>1' is not a requirement: ",
        ),
        (
            "[options]\npython_requires = three\n",
            "ROOT/setup.cfg:2: python_requires is no range of Python versions: 'three'",
        ),
        (
            "[options]\ninstall_requires = file: gone.txt\n",
            "ROOT/setup.cfg:2: install_requires names 'gone.txt', which is not there",
        ),
    ],
)
def test_wrong_setup_cfg(tmp_path: Path, text: str, message: str) -> None:
    found = failure(tmp_path, setup_cfg=text)
    assert found.startswith(message), found


SETUP = '''\
"""Packaging."""
import os
from setuptools import find_packages, setup

BASE = [
    "numpy>=1.26",
    "pandas",
]
EXTRAS = {"plot": ["matplotlib"], "gpu:python_version<'3.13'": ["cupy"], ":sys_platform=='linux'": "uvloop"}

setup(
    name="Some-Thing",
    packages=find_packages(),
    python_requires=">=3.8",
    install_requires=BASE + ["scipy; python_version<'3.12'"],
    extras_require={**EXTRAS, "all": BASE + EXTRAS["plot"]},
)
'''


def test_setup_py_in_literals(tmp_path: Path) -> None:
    declared = read(tmp_path, setup_py=SETUP)
    assert (declared.name, declared.requires_python) == ("some-thing", ">=3.8")
    assert rows(declared) == [
        ("", "numpy>=1.26", "setup.py:6"),
        ("", "pandas", "setup.py:7"),
        ("", 'scipy; python_version < "3.12"', "setup.py:15"),
        ("extra:plot", "matplotlib", "setup.py:9"),
        ("extra:gpu", 'cupy; python_version < "3.13"', "setup.py:9"),
        ("", 'uvloop; sys_platform == "linux"', "setup.py:9"),
        ("extra:all", "numpy>=1.26", "setup.py:6"),
        ("extra:all", "pandas", "setup.py:7"),
        ("extra:all", "matplotlib", "setup.py:9"),
    ]
    assert declared.notices == ()


@pytest.mark.parametrize(
    "text",
    [
        "from setuptools import setup\nsetup(install_requires=open('requirements.txt').read().splitlines())\n",
        "import setuptools\nsetuptools.setup(\ninstall_requires=read('requirements.txt'))\n",
        "from setuptools import setup\ndeps = ['numpy']\ndeps.append('x')\nsetup(install_requires=deps)\n",
        "from setuptools import setup\ndeps = []\ndeps += ['x']\nsetup(install_requires=deps)\n",
        "from setuptools import setup\nsetup(**make())\n",
        "from setuptools import setup\nsetup(install_requires=[f'numpy=={v}'])\n",
        "from setuptools import setup\nsetup(extras_require=read_extras())\n",
        "from setuptools import setup\na = b\nb = a\nsetup(install_requires=a)\n",
    ],
)
def test_what_setup_py_computes_is_said_and_not_run(tmp_path: Path, text: str) -> None:
    declared = read(tmp_path, setup_py=text)
    assert declared.declarations == ()
    assert len(declared.notices) == 1
    assert declared.notices[0].startswith("setup.py:")
    assert "does not run" in declared.notices[0]


def test_the_files_that_setup_py_reads_its_requirements_from(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "install.txt").write_text("numpy\n")
    (tmp_path / "requirements" / "gui.txt").write_text("pygame\n")
    text = "from setuptools import setup\nsetup(install_requires=lines('requirements/install.txt'))\n"
    declared = read(tmp_path, setup_py=text)
    assert rows(declared) == [
        ("", "numpy", "requirements/install.txt:1"),
        ("group:gui", "pygame", "requirements/gui.txt:1"),
    ]
    assert "does not run it, and reads the file that it names: requirements/install.txt" in declared.notices[0]


def test_python_2_is_said_and_ends_nothing(tmp_path: Path) -> None:
    declared = read(tmp_path, setup_py="print 'python 2'\n")
    assert declared.notices == ("setup.py:1: Python 2 code, not read",)


def test_other_forms_of_setup_py(tmp_path: Path) -> None:
    assert rows(
        read(tmp_path, setup_py="import setuptools as s\ns.setup(install_requires='''\nnumpy\npandas\n''')\n")
    ) == [
        ("", "numpy", "setup.py:3"),
        ("", "pandas", "setup.py:4"),
    ]
    assert rows(read(tmp_path, setup_py="import setup\nprint('no call')\n")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from setuptools import setup\nsetup(\n", "ROOT/setup.py:2: this is not Python: '(' was never closed"),
        ("x = '\0'\n", "ROOT/setup.py"),
        (
            "setup(install_requires=[\n'ok',\n'not ok',\n])\n",
            "ROOT/setup.py:3: install_requires: 'not ok' is not a requirement: ",
        ),
        (
            "setup(python_requires='three')\n",
            "ROOT/setup.py:1: python_requires is no range of Python versions: 'three'",
        ),
        ("setup(extras_require={'x:huh': ['numpy']})\n", "ROOT/setup.py:1: extras_require['x:huh']: "),
    ],
)
def test_wrong_setup_py(tmp_path: Path, text: str, message: str) -> None:
    found = failure(tmp_path, setup_py=text)
    assert found.startswith(message), found


def test_all_sources_of_a_directory_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\n[tool.black]\nline-length = 88\n"
    )
    declared = read(
        tmp_path, setup_py="from setuptools import setup\nsetup()\n", setup_cfg=CFG, requirements_txt="numpy\n"
    )
    assert declared.files == ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt")
    assert ("", "numpy", "requirements.txt:1") in rows(declared)
