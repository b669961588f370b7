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
        "from setuptools import setup\ndeps = []\ndeps.append(x)\nsetup(install_requires=deps)\n",
        "from setuptools import setup\ndeps = []\ndeps += read('x')\nsetup(install_requires=deps)\n",
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


def test_of_the_files_that_setup_py_names_those_count_that_an_argument_is_made_of(tmp_path: Path) -> None:
    (tmp_path / "requirements_minimal.txt").write_text("einops\n")
    (tmp_path / "requirements.txt").write_text("einops\nflake8\n")
    text = (
        "from setuptools import setup\n"
        "def load(name):\n    with open(name) as lines:\n        return [line for line in lines]\n"
        "ALL = load('requirements.txt')\nFEW = load('requirements_minimal.txt')\n"
        "setup(install_requires=FEW, extras_require={'dev': ALL})\n"
    )
    declared = read(tmp_path, setup_py=text)
    assert [(one.requirement, one.group, one.asks) for one in declared.declarations] == [
        ("einops", "", True),
        ("einops", "extra:dev", True),
        ("flake8", "extra:dev", True),
        ("einops", "", False),
        ("flake8", "", False),
    ]
    assert "reads the file that it names: requirements_minimal.txt" in declared.notices[0]


def test_files_that_are_opened_one_after_another_under_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("requirements", "requirements.ja", "requirements.dev"):
        (tmp_path / f"{name}.txt").write_text(f"for-{name.replace('.', '-')}\n")
    text = (
        "from setuptools import setup\n"
        "with open('requirements.txt') as f:\n    needs = f.readlines()\n"
        "with open('requirements.ja.txt') as f:\n    ja = f.readlines()\n"
        "with open('requirements.dev.txt') as f:\n    dev = f.readlines()\n"
        "setup(install_requires=needs, extras_require={'ja': ja, 'all': dev + ja})\n"
    )
    declared = read(tmp_path, setup_py=text)
    assert {(one.group, one.requirement) for one in declared.declarations if one.asks} == {
        ("", "for-requirements"),
        ("extra:ja", "for-requirements-ja"),
        ("extra:all", "for-requirements-ja"),
        ("extra:all", "for-requirements-dev"),
        ("group:dev", "for-requirements-dev"),
    }


def test_a_file_in_a_folder_that_a_function_joins_is_found(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "requirements.txt").write_text("numpy\n")
    (tmp_path / "requirements" / "requirements_asr.txt").write_text("editdistance\n")
    (tmp_path / "requirements" / "requirements_tts.txt").write_text("janome\n")
    text = (
        "import os\nfrom setuptools import setup\n"
        "def req(name, folder='requirements'):\n    return [line for line in open(os.path.join(folder, name))]\n"
        "needs = req('requirements.txt')\nextras = {'asr': req('requirements_asr.txt')}\n"
        "extras['tts'] = req('requirements_tts.txt')\nextras['asr'] = list(chain([extras['asr']]))\n"
        "setup(install_requires=needs, extras_require=extras)\n"
    )
    declared = read(tmp_path, setup_py=text)
    assert {(one.group, one.requirement) for one in declared.declarations if one.asks} == {
        ("", "numpy"),
        ("extra:asr", "editdistance"),
        ("extra:tts", "janome"),
    }
    assert "reads the file that it names: requirements/requirements.txt" in declared.notices[0]


def test_where_setup_py_names_a_file_another_one_tells_only_about_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "requirements_minimal.txt").write_text("einops\n")
    (tmp_path / "requirements.txt").write_text("einops\nflake8\nhydra-core>=1.1\n")
    text = "from setuptools import setup\nsetup(install_requires=[line for line in open('requirements_minimal.txt')])\n"
    declared = read(tmp_path, setup_py=text)
    assert [(one.requirement, one.scope, one.asks) for one in declared.declarations] == [
        ("einops", "", True),
        ("einops", "requirements.txt", False),
        ("flake8", "requirements.txt", False),
        ("hydra-core>=1.1", "requirements.txt", False),
    ]
    assert declared.notices[1] == (
        "requirements.txt is read for what the code imports, no more: the project asks for what "
        "requirements_minimal.txt lists; -r requirements.txt takes all of it"
    )


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


TABLE = """\
import re
from setuptools import setup
_deps = ["accelerate==1.4.0", "huggingface-hub[cli]>=0.30", "pytest", "tqdm"]
deps = {b: a for a, b in (re.findall(r"^(([^!=<>]+)(?:[!=<>].*)?$)", x)[0] for x in _deps)}
def deps_list(*pkgs):
    return [deps[pkg] for pkg in pkgs]
extras = {}
extras["tests"] = deps_list("pytest")
extras["dev"] = extras["tests"] + deps_list("tqdm")
install_requires = [deps["accelerate"], deps["huggingface-hub"]]
setup(name="x", install_requires=install_requires, extras_require=extras)
"""


def test_a_table_of_requirements_that_setup_py_looks_up(tmp_path: Path) -> None:
    declared = read(tmp_path, setup_py=TABLE)
    assert rows(declared) == [
        ("", "accelerate==1.4.0", "setup.py:3"),
        ("", "huggingface-hub[cli]>=0.30", "setup.py:3"),
        ("extra:tests", "pytest", "setup.py:3"),
        ("extra:dev", "pytest", "setup.py:3"),
        ("extra:dev", "tqdm", "setup.py:3"),
    ]
    assert declared.notices == ()
    lacking = read(tmp_path, setup_py=TABLE.replace('deps["accelerate"]', 'deps["nothing"]'))
    assert [row for row in rows(lacking) if not row[0]] == [("", "huggingface-hub[cli]>=0.30", "setup.py:3")]
    assert "takes the 1 that are literals" in lacking.notices[0]


def test_what_the_top_of_setup_py_adds_to_a_list(tmp_path: Path) -> None:
    text = "from setuptools import setup\nr = ['a']\nr += ['b']\nr.append('c')\nr.extend(['d'])\n"
    more = "e = dict(test=['t'])\nsetup(install_requires=r, extras_require=e)\n"
    declared = read(tmp_path, setup_py=text + more)
    assert [(group, name) for group, name, _ in rows(declared)] == [
        *(("", name) for name in "abcd"),
        ("extra:test", "t"),
    ]
    assert declared.notices == ()


@pytest.mark.parametrize(
    "change",
    ["if docs:\n    r.extend(more)\n", "if docs:\n    r += more\n", "r += more()\n", "r.insert(0, 'x')\n"],
)
def test_of_a_list_that_is_computed_further_the_literals_are_taken(change: str, tmp_path: Path) -> None:
    text = f"from setuptools import setup\nr = ['a', f'b{{c}}']\n{change}setup(install_requires=r)\n"
    declared = read(tmp_path, setup_py=text)
    assert [name for _, name, _ in rows(declared)] == ["a"]
    assert "is computed when setup.py runs" in declared.notices[0]


def test_a_list_that_grows_line_by_line_is_read_whole(tmp_path: Path) -> None:
    grown = "".join(f"r += ['a{number}']\n" for number in range(1500))
    declared = read(tmp_path, setup_py=f"from setuptools import setup\nr = ['b']\n{grown}setup(install_requires=r)\n")
    assert (len(declared.declarations), declared.notices) == (1501, ())
    declared = read(
        tmp_path, setup_py=f"from setuptools import setup\nr = ['b']\n{grown}setup(install_requires=f(r))\n"
    )
    assert len(declared.declarations) == 1501


def test_of_what_a_function_makes_of_a_list_the_list_is_taken_and_said_so(tmp_path: Path) -> None:
    text = "from setuptools import setup\nr = ['a', f'b=={v}']\ne = {'x': ['c<2'], 'y': r}\nr = r + ['d']\n"
    made = "r = caps.ranged(r)\ne = {key: caps.ranged(value) for key, value in e.items()}\n"
    declared = read(tmp_path, setup_py=f"{text}{made}setup(install_requires=r, extras_require=e)\n")
    assert [row[:2] for row in rows(declared)] == [
        ("", "a"),
        ("", "d"),
        ("extra:x", "c<2"),
        ("extra:y", "a"),
        ("extra:y", "d"),
    ]
    assert declared.notices == (
        "setup.py:7: install_requires is computed when setup.py runs; podfit does not run it, and takes the 2 that are "
        "literals",
        "setup.py:7: extras_require is computed when setup.py runs; podfit does not run it, and takes what of it is "
        "literal",
        "setup.py:3: extras_require['y'] is computed when setup.py runs; podfit does not run it, and takes the 2 that "
        "are literals",
    )


def test_a_list_that_is_copied_or_added_to_itself_is_a_literal(tmp_path: Path) -> None:
    text = "from setuptools import setup\nr = ['a']\nr = r + ['b']\nsetup(install_requires=sorted(set(r)))\n"
    declared = read(tmp_path, setup_py=text)
    assert [name for _, name, _ in rows(declared)] == ["a", "b"]
    assert declared.notices == ()


@pytest.mark.parametrize("given", ["'base'", "'base.txt'", "['base.txt']"])
def test_what_a_function_reads_from_files_is_no_list_of_requirements(given: str, tmp_path: Path) -> None:
    text = f"from setuptools import setup\nr = {given}\nsetup(install_requires=load(r))\n"
    declared = read(tmp_path, setup_py=text)
    assert declared.declarations == ()
    assert "leaves it out" in declared.notices[0]


def test_comments_behind_requirements_are_dropped_as_setuptools_drops_them(tmp_path: Path) -> None:
    text = "[options]\ninstall_requires =\n    transformers==4.43.1  # change the assertion, too\n    numpy\n"
    assert rows(read(tmp_path, setup_cfg=text)) == [
        ("", "transformers==4.43.1", "setup.cfg:3"),
        ("", "numpy", "setup.cfg:4"),
    ]
    (tmp_path / "setup.cfg").unlink()
    code = "from setuptools import setup\nsetup(install_requires=['scipy  # for bitsandbytes', '# none'])\n"
    assert [name for _, name, _ in rows(read(tmp_path, setup_py=code))] == ["scipy"]


def test_a_bare_commit_in_pyproject_is_read_as_in_a_requirements_file(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\ndependencies = ["numpy", "git+https://example.org/tools/cstr.git"]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    declared = read_declared(tmp_path, lenient=True)
    assert [name for _, name, _ in rows(declared)] == ["numpy", "cstr @ git+https://example.org/tools/cstr.git"]
    assert declared.questions == ()
    with pytest.raises(InputError, match="is not a requirement"):
        read_declared(tmp_path)


def test_a_pipfile_tells_its_environments_python_and_asks_for_none(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text('[packages]\neinops = "*"\n[requires]\npython_version = "3.9"\n')
    declared = read_declared(tmp_path)
    assert len(declared.declarations) == 1
    assert declared.requires_python == ""
    (said,) = declared.notices
    assert said.endswith("Pipfile:4: python_version 3.9 is the Python of this environment; the template brings its own")
