"""pyproject.toml: PEP 621, PEP 735, setuptools, Hatch, Poetry, PDM and uv."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.declared import Declared, read_declared
from podfit.readers.declared.poetry import specifier
from podfit.readers.project import read_project


def read(root: Path, text: str, **others: str) -> Declared:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    for name, content in others.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return read_declared(root)


def rows(declared: Declared) -> list[tuple[str, str, str]]:
    return [(each.group, each.requirement, str(each.where)) for each in declared.declarations]


def failure(root: Path, text: str, **others: str) -> str:
    with pytest.raises(InputError) as caught:
        read(root, text, **others)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(root), "ROOT")


STANDARD = """\
[build-system]
requires = ["hatchling"]

[project]
name = "My.Project"
requires-python = ">=3.10"
dependencies = [
    "numpy>=1.26",  # arrays
    'tomli>=2 ; python_version < "3.11"',
    "tomli-w; python_version < \\"3.11\\"",
    "private @ git+https://github.com/acme/private.git@v2#egg=private",
]

[project.optional-dependencies]
API = ["fastapi>=0.115", "uvicorn[standard]"]
empty = []
all = [
    "my-project[api]",
    "numpy>=1.26",
]

[dependency-groups]
test = ["pytest>=8", "numpy>=1.26"]
"Type_Check" = [
    "mypy",
]
dev = [
    { include-group = "test" },
    {include-group = "type-check"},
    "ruff",
]
"""


def test_standards(tmp_path: Path) -> None:
    declared = read(tmp_path, STANDARD)
    assert declared.name == "my-project"
    assert declared.requires_python == ">=3.10"
    assert declared.files == ("pyproject.toml",)
    assert rows(declared) == [
        ("", "numpy>=1.26", "pyproject.toml:8"),
        ("", 'tomli>=2; python_version < "3.11"', "pyproject.toml:9"),
        ("", 'tomli-w; python_version < "3.11"', "pyproject.toml:10"),
        ("", "private @ git+https://github.com/acme/private.git@v2", "pyproject.toml:11"),
        ("extra:api", "fastapi>=0.115", "pyproject.toml:15"),
        ("extra:api", "uvicorn[standard]", "pyproject.toml:15"),
        ("extra:all", "numpy>=1.26", "pyproject.toml:19"),
        ("group:test", "pytest>=8", "pyproject.toml:23"),
        ("group:test", "numpy>=1.26", "pyproject.toml:23"),
        ("group:type-check", "mypy", "pyproject.toml:25"),
        ("group:dev", "pytest>=8", "pyproject.toml:23"),
        ("group:dev", "numpy>=1.26", "pyproject.toml:23"),
        ("group:dev", "mypy", "pyproject.toml:25"),
        ("group:dev", "ruff", "pyproject.toml:30"),
        ("extra:all", "fastapi>=0.115", "pyproject.toml:15"),
        ("extra:all", "uvicorn[standard]", "pyproject.toml:15"),
    ]


def test_extras_and_groups_must_exist(tmp_path: Path) -> None:
    read(tmp_path, STANDARD)
    read_declared(tmp_path, extras=["api", "Empty", "ALL"], groups=["type.check", "dev"])
    for kind, name, message in (
        ("extras", "apii", "the project has no extra 'apii'; did you mean api?"),
        ("extras", "zzz", "the project has no extra 'zzz'; it has all, api, empty"),
        ("groups", "tset", "the project has no group 'tset'; did you mean test?"),
    ):
        with pytest.raises(InputError) as caught:
            read_declared(tmp_path, **{kind: [name]})  # type: ignore[arg-type]
        assert str(caught.value) == f"{tmp_path}: {message}"
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(InputError, match="the project has no extra 'api'; it has none"):
        read_declared(tmp_path, extras=["api"])


def test_dynamic_dependencies_of_setuptools(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
dynamic = ["version", "dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
version = {attr = "p.version"}
dependencies = {file = ["reqs/main.txt", "reqs/more.txt"]}
optional-dependencies.Plot = {file = "reqs/plot.txt"}
"""
    pinned = "".join(f"dep-{number}==1.0\n" for number in range(70))
    others = {"reqs/main.txt": "numpy\n", "reqs/more.txt": pinned, "reqs/plot.txt": "# p\nmatplotlib\n"}
    declared = read(tmp_path, text, **others)
    assert rows(declared)[:2] == [("", "numpy", "reqs/main.txt:1"), ("", "dep-0==1.0", "reqs/more.txt:1")]
    assert rows(declared)[-1] == ("extra:plot", "matplotlib", "reqs/plot.txt:2")
    assert declared.freezes == ()
    assert declared.notices == ()


def test_dynamic_dependencies_of_hatch(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
dynamic = ["dependencies"]
[tool.hatch.metadata.hooks.requirements_txt]
files = ["requirements.txt"]
"""
    declared = read(tmp_path, text, **{"requirements.txt": "numpy\n"})
    assert rows(declared) == [("", "numpy", "requirements.txt:1")]


def test_dynamic_extras_of_hatch(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
dynamic = ["optional-dependencies"]
[tool.hatch.metadata.hooks.requirements_txt.optional-dependencies]
plot = ["plot.txt"]
"""
    declared = read(tmp_path, text, **{"plot.txt": "matplotlib\n"})
    assert rows(declared) == [("extra:plot", "matplotlib", "plot.txt:1")]


def test_computed_dependencies_are_said(tmp_path: Path) -> None:
    declared = read(tmp_path, '[project]\nname = "p"\ndynamic = ["dependencies"]\n')
    assert declared.declarations == ()
    assert declared.notices[0].startswith("pyproject.toml:3: the dependencies are computed when the project is built")


POETRY = """\
[tool.poetry]
name = "poet"
version = "0.1.0"

[tool.poetry.dependencies]
python = "^3.10"
numpy = "^1.26.4"
scipy = "~1.11"
pandas = ">=2.0,<3.0"
polars = "*"
attrs = "23.1"
requests = {version = "^2.31", extras = ["socks", "security"]}
psycopg2 = {version = "^2.9", optional = true}
unwanted = {version = "^1", optional = true}
tomli = {version = "^2.0.1", python = "<3.11"}
uvloop = {version = "*", platform = "linux", markers = "platform_python_implementation != 'PyPy'"}
clip = {git = "https://github.com/openai/CLIP.git", branch = "main", subdirectory = "py"}
ssh = {git = "git@github.com:acme/ssh.git", tag = "v1"}
near = {path = "../near", develop = true}
wheel_ = {url = "https://example.org/wheel_-1.0-py3-none-any.whl"}
torch = [
    {version = "2.4.0+cu124", markers = "sys_platform == 'linux'", source = "pytorch"},
    {version = "<=2.2.2", markers = "sys_platform == 'darwin'"},
]
either = "^1.0 || ^3.0"

[tool.poetry.extras]
db = ["psycopg2"]

[tool.poetry.dev-dependencies]
black = "^24"

[tool.poetry.group.test.dependencies]
pytest = "^8.0"

[tool.poetry.group.docs]
optional = true
include-groups = ["test"]

[tool.poetry.group.docs.dependencies]
mkdocs = "~1"

[[tool.poetry.source]]
name = "pytorch"
url = "https://download.pytorch.org/whl/cu124"
priority = "explicit"
"""


def test_poetry(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    declared = read(root, POETRY)
    near = (tmp_path / "near").as_uri()
    assert declared.name == "poet"
    assert declared.requires_python == "<4.0,>=3.10"
    assert declared.index_urls == ("https://download.pytorch.org/whl/cu124",)
    assert [(group, text, int(where.rpartition(":")[2])) for group, text, where in rows(declared)] == [
        ("", "numpy<2.0.0,>=1.26.4", 7),
        ("", "scipy<1.12,>=1.11", 8),
        ("", "pandas<3.0,>=2.0", 9),
        ("", "polars", 10),
        ("", "attrs==23.1", 11),
        ("", "requests[security,socks]<3.0,>=2.31", 12),
        ("extra:db", "psycopg2<3.0,>=2.9", 13),
        ("", 'tomli<3.0.0,>=2.0.1; python_version < "3.11"', 15),
        ("", 'uvloop; platform_python_implementation != "PyPy" and sys_platform == "linux"', 16),
        ("", "clip @ git+https://github.com/openai/CLIP.git@main#subdirectory=py", 17),
        ("", "ssh @ git+ssh://git@github.com/acme/ssh.git@v1", 18),
        ("", f"near @ {near}", 19),
        ("", "wheel_ @ https://example.org/wheel_-1.0-py3-none-any.whl", 20),
        ("", 'torch==2.4.0+cu124; sys_platform == "linux"', 21),
        ("", 'torch<=2.2.2; sys_platform == "darwin"', 21),
        ("", "either", 25),
        ("group:dev", "black<25,>=24", 31),
        ("group:test", "pytest<9.0,>=8.0", 34),
        ("group:docs", "mkdocs<2,>=1", 41),
        ("group:docs", "pytest<9.0,>=8.0", 34),
    ]
    assert [each.requirement for each in declared.declarations if each.editable] == [f"near @ {near}"]
    assert declared.notices == (
        "pyproject.toml:25: any version of either is taken, for PEP 508 cannot say '^1.0 || ^3.0'",
    )


def test_poetrys_alternatives_of_python(tmp_path: Path) -> None:
    text = """\
[tool.poetry.dependencies]
python = "~3.9 || ^3.11"
tomli = {version = "*", python = "~3.9 || >=3.10.4,<3.11"}
"""
    declared = read(tmp_path, text)
    assert declared.requires_python == ""
    assert declared.notices[0].startswith(
        "pyproject.toml:2: the range of Python versions '~3.9 || ^3.11' is not checked"
    )
    marker = (
        '(python_version >= "3.9" and python_version < "3.10") or '
        '(python_version < "3.11" and python_full_version >= "3.10.4")'
    )
    assert [each.requirement for each in declared.declarations] == [f"tomli; {marker}"]


def test_poetry_2_takes_only_sources_from_its_own_table(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
requires-python = ">=3.9"
dependencies = ["numpy>=1.26", "clip"]
[tool.poetry.dependencies]
python = "^3.12"
numpy = {version = "^1", source = "x"}
clip = {git = "https://github.com/openai/CLIP.git"}
"""
    declared = read(tmp_path, text)
    assert [each.requirement for each in declared.declarations] == [
        "numpy>=1.26",
        "clip",
        "clip @ git+https://github.com/openai/CLIP.git",
    ]
    assert declared.requires_python == ">=3.9"


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", "<2.0.0,>=1.2.3"),
        ("^1.2", "<2.0,>=1.2"),
        ("^1", "<2,>=1"),
        ("^0.2.3", "<0.3.0,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("~1.2.3", "<1.3.0,>=1.2.3"),
        ("~1.2", "<1.3,>=1.2"),
        ("~1", "<2,>=1"),
        ("~=1.2.3", "~=1.2.3"),
        ("^1.0b1", "<2.0,>=1.0b1"),
        ("1.2.*", "==1.2.*"),
        ("1.x", "==1.*"),
        (">=1.2 <2.0", "<2.0,>=1.2"),
        (">= 1.2, != 1.3", "!=1.3,>=1.2"),
        ("=1.2", "==1.2"),
        ("*", ""),
        ("", ""),
        ("2.1.0+cu121", "==2.1.0+cu121"),
    ],
)
def test_poetrys_constraints(constraint: str, expected: str) -> None:
    assert specifier(constraint) == expected


def test_pdm(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
dependencies = ["near @ file:///${PROJECT_ROOT}/near"]
[tool.pdm.dev-dependencies]
Test = [
    "pytest",
    "-e file:///${PROJECT_ROOT}/sub#egg=sub",
]
[[tool.pdm.source]]
url = "https://example.org/simple"
name = "x"
[[tool.pdm.source]]
type = "find_links"
url = "https://example.org/flat"
name = "y"
"""
    declared = read(tmp_path, text, **{"sub/pyproject.toml": '[project]\nname = "sub"\n'})
    assert rows(declared) == [
        ("", f"near @ {tmp_path.as_uri()}/near", "pyproject.toml:3"),
        ("group:test", "pytest", "pyproject.toml:6"),
        ("group:test", f"sub @ {tmp_path.as_uri()}/sub", "pyproject.toml:7"),
    ]
    assert declared.declarations[-1].editable
    assert declared.index_urls == ("https://example.org/simple",)
    assert declared.find_links == ("https://example.org/flat",)


def test_uv(tmp_path: Path) -> None:
    text = """\
[project]
name = "p"
dependencies = ["torch>=2.4", "clip", "near[x]; sys_platform == 'linux'", "sibling"]
[tool.uv]
dev-dependencies = ["pytest"]
constraint-dependencies = ["numpy<2"]
override-dependencies = ["scipy==1.11"]
[tool.uv.sources]
torch = [{ index = "pytorch-cu124", marker = "sys_platform == 'linux'" }]
clip = { git = "https://github.com/openai/CLIP.git", rev = "abc" }
near = { path = "near", editable = true }
sibling = { workspace = true }
[[tool.uv.index]]
name = "pytorch-cu124"
url = "https://download.pytorch.org/whl/cu124"
explicit = true
"""
    declared = read(tmp_path, text)
    assert rows(declared) == [
        ("", "torch>=2.4", "pyproject.toml:3"),
        ("", "clip @ git+https://github.com/openai/CLIP.git@abc", "pyproject.toml:3"),
        ("", f'near[x] @ {tmp_path.as_uri()}/near ; sys_platform == "linux"', "pyproject.toml:3"),
        ("", "sibling", "pyproject.toml:3"),
        ("group:dev", "pytest", "pyproject.toml:5"),
        ("", "numpy<2", "pyproject.toml:6"),
    ]
    assert [each.requirement for each in declared.declarations if each.constraint] == ["numpy<2"]
    assert declared.index_urls == ("https://download.pytorch.org/whl/cu124",)
    assert [notice.partition(": ")[0] for notice in declared.notices] == ["pyproject.toml:7", "pyproject.toml:12"]


def test_a_file_of_settings_declares_nothing(tmp_path: Path) -> None:
    declared = read(tmp_path, "[tool.ruff]\nline-length = 100\n")
    assert (declared.declarations, declared.name, declared.requires_python) == ((), "", "")


def test_the_example(tmp_path: Path) -> None:
    declared = read_declared(Path(__file__).parents[2] / "examples" / "moola", extras=["api"], groups=["dev", "docs"])
    assert declared.name == "moola"
    assert sum(not each.group for each in declared.declarations) == 15


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", "ROOT/pyproject.toml:1: this is not TOML at column 9: "),
        ('[project]\nname = "p\n', "ROOT/pyproject.toml:2: this is not TOML at column 10: "),
        ("[project]\na = 1\na = 2\n", "ROOT/pyproject.toml:3: this is not TOML at column 6: Cannot overwrite a value"),
        ("x = [1,\n", "ROOT/pyproject.toml:1: this is not TOML: "),
        ("x = " + "[" * 5000, "ROOT/pyproject.toml:1: this is not TOML: it is nested without end"),
        ("project = 3\n", "ROOT/pyproject.toml:1: project is not a table"),
        ("[project]\ndependencies = 'numpy'\n",
         "ROOT/pyproject.toml:2: project.dependencies is not an array of strings"),
        ("[project]\ndependencies = [\n 'ok',\n 'numpy>>1',\n]\n",
         "ROOT/pyproject.toml:4: project.dependencies: 'numpy>>1' is not a requirement: "),
        ("[project]\nname = 'p'\nrequires-python = 'three'\n",
         "ROOT/pyproject.toml:3: project.requires-python is no range of Python versions: 'three'"),
        ("[project.optional-dependencies]\nx = 'y'\n",
         "ROOT/pyproject.toml:2: project.optional-dependencies.x is not an array of strings"),
        ("[dependency-groups]\na = [{include-group = 'b'}]\n",
         "ROOT/pyproject.toml:2: dependency-groups.a is wrong: Dependency group 'b' not found"),
        ("[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n",
         "ROOT/pyproject.toml:2: dependency-groups.a is wrong: Cyclic dependency group include"),
        ("[dependency-groups]\na = ['x']\nA = ['y']\n",
         "ROOT/pyproject.toml:1: dependency-groups is wrong: Duplicate dependency group names: a (a, A)"),
        ("[dependency-groups]\na = [\n 'x y',\n]\n",
         "ROOT/pyproject.toml:3: dependency-groups.a: 'x y' is not a requirement: "),
        ("[dependency-groups]\na = 'x'\n", "ROOT/pyproject.toml:2: dependency-groups.a is wrong: "),
        ("[project]\ndynamic = ['dependencies']\n[tool.setuptools.dynamic]\ndependencies = {file = 'no.txt'}\n",
         "ROOT/pyproject.toml:4: tool.setuptools.dynamic.dependencies.file names 'no.txt', which is not there"),
        ("[tool.poetry.dependencies]\nnumpy = '^^1'\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.numpy is wrong: '^^1' is no version constraint"),
        ("[tool.poetry.dependencies]\nnumpy = 1.2\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.numpy is neither a version nor a table"),
        ("[tool.poetry.dependencies]\nnumpy = {version = '1', markers = 'huh'}\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.numpy is wrong: "),
        ("[tool.poetry.dependencies]\nnumpy = {version = '1', extras = 'x'}\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.numpy has extras that are no array of strings"),
        ("[tool.poetry.dependencies]\nnumpy = {version = 1}\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.numpy is wrong: its version is no string"),
        ("[tool.poetry.dependencies]\npython = '^three'\n",
         "ROOT/pyproject.toml:2: tool.poetry.dependencies.python is wrong: '^three' is no version constraint"),
        ("[tool.poetry.group.a]\ninclude-groups = ['b']\n",
         "ROOT/pyproject.toml:1: tool.poetry.group.a includes the group 'b', which is not there"),
        ("[tool.pdm.dev-dependencies]\nx = ['-e /nowhere/b -e c']\n",
         "ROOT/pyproject.toml:2: more than one -e on a line"),
    ],
)  # fmt: skip
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    found = failure(tmp_path, text)
    assert found.startswith(message), found


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\nname = 'caf\xe9'\n")
    with pytest.raises(InputError, match=r"pyproject.toml:2: this line is not UTF-8 text; save the file as UTF-8$"):
        read_declared(tmp_path)


def test_a_project_that_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such directory; name the project's directory"):
        read_declared(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, not a project directory"):
        read_declared(tmp_path / "file")


def test_an_empty_project_is_fine(tmp_path: Path) -> None:
    declared = read_declared(tmp_path)
    assert declared == Declared((), "", "", (), (), (), (), ())


@pytest.mark.parametrize(
    ("table", "requirements"),
    [
        ("[tool.uv]\noverride-dependencies = ['wordtree==2', 'other>1']", ["wordtree[x]==2"]),
        ("[tool.pdm.resolution.overrides]\nwordtree = '2'\nother = 'https://h/o.whl'", ["wordtree[x]==2"]),
        ("[tool.uv]\noverride-dependencies = [\"wordtree==2; sys_platform == 'win32'\"]", ["wordtree[x]<1"]),
    ],
)
def test_an_override_takes_the_place_of_what_is_declared(tmp_path: Path, table: str, requirements: list[str]) -> None:
    declared = read(tmp_path, f"[project]\nname = 'p'\ndependencies = ['wordtree[x]<1']\n{table}\n")
    assert [one.requirement for one in declared.declarations] == requirements
    assert "overrides take the place of what the project declares itself" in declared.notices[0]


def test_flits_table_of_before_pep_621(tmp_path: Path) -> None:
    text = "[tool.flit.metadata]\nmodule = 'a'\nrequires = ['wordtree>=2']\nrequires-python = '>=3.9'\n"
    declared = read(tmp_path, text + "[tool.flit.metadata.requires-extra]\ntest = ['pytest']\n")
    assert [(one.requirement, one.group) for one in declared.declarations] == [
        ("wordtree>=2", ""),
        ("pytest", "extra:test"),
    ]
    assert declared.requires_python == ">=3.9"


def test_one_group_that_is_wrong_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[dependency-groups]\ntrain = ['wordtree', {include-group = 'round'}]\nround = [{include-group = 'about'}]\n"
        "about = [{include-group = 'round'}]\nlost = ['c', {include-group = 'nowhere'}]\nlog = ['b']\n"
    )
    project = read_project(tmp_path, local="none").project
    assert {(one.requirement, one.group) for one in project.declarations} == {
        ("wordtree", "group:train"),
        ("b", "group:log"),
    }
    told = " ".join(map(str, project.questions))
    assert "round -> about -> round" in told and "'nowhere' not found" in told


def test_an_address_of_uvs_sources_that_is_none_ends_nothing(tmp_path: Path) -> None:
    text = (
        "[project]\nname = 'p'\ndependencies = ['e', 'f']\n[tool.uv.sources]\ne = {git = 'https://x:hunter2@[::1/e'}\n"
    )
    (tmp_path / "pyproject.toml").write_text(text)
    project = read_project(tmp_path, local="none").project
    assert [one.requirement for one in project.declarations] == ["f"]
    assert "has an address that is none" in str(project.questions[0]) and "hunter2" not in str(project.questions[0])
