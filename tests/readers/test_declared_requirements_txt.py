"""pip's requirement files: every syntax met in the wild, and every way they go wrong."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers.declared import Declared, read_declared
from podfit.readers.local import read_local


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def read(root: Path, text: str, **others: str) -> Declared:
    write(root, {"requirements.txt": text, **others})
    return read_declared(root)


def lines(declared: Declared) -> list[tuple[str, int]]:
    return [(each.requirement, each.where.line) for each in declared.declarations]


def failure(root: Path, text: str, **others: str) -> str:
    with pytest.raises(InputError) as caught:
        read(root, text, **others)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(root), "ROOT")


TYPICAL = """\
# Training environment for the H100 pod
--index-url https://pypi.org/simple
--extra-index-url https://download.pytorch.org/whl/cu121   # torch
-f https://data.pyg.org/whl/torch-2.1.0+cu121.html
--trusted-host pypi.internal
--prefer-binary

torch==2.1.0+cu121
torchvision == 0.16.0+cu121  # matches torch
numpy>=1.26,<2 ; python_version < "3.13"
uvicorn[standard]
scikit_learn ~= 1.5
pandas \\
    >=2.2, \\
    <3
cryptography==42.0.5 \\
    --hash=sha256:0a \\
    --hash=sha256:1b   # two wheels
ruamel.yaml.clib>=0.2;platform_python_implementation=="CPython" and python_version<"3.13"
  indented>1
legacy (>=1.0)
"""


def test_a_typical_file(tmp_path: Path) -> None:
    declared = read(tmp_path, TYPICAL)
    assert lines(declared) == [
        ("torch==2.1.0+cu121", 8),
        ("torchvision==0.16.0+cu121", 9),
        ('numpy<2,>=1.26; python_version < "3.13"', 10),
        ("uvicorn[standard]", 11),
        ("scikit_learn~=1.5", 12),
        ("pandas<3,>=2.2", 13),
        ("cryptography==42.0.5", 16),
        (
            'ruamel.yaml.clib>=0.2; platform_python_implementation == "CPython" and python_version < "3.13"',
            19,
        ),
        ("indented>1", 20),
        ("legacy>=1.0", 21),
    ]
    assert declared.declarations[6].hashes == ("sha256:0a", "sha256:1b")
    assert declared.index_urls == ("https://download.pytorch.org/whl/cu121",)
    assert declared.find_links == ("https://data.pyg.org/whl/torch-2.1.0+cu121.html",)
    assert declared.files == ("requirements.txt",)
    assert str(declared.declarations[0].where) == "requirements.txt:8"
    assert {each.group for each in declared.declarations} == {""}
    assert declared.notices == ()


@pytest.mark.parametrize(
    ("line", "requirement", "editable"),
    [
        ("git+https://github.com/huggingface/transformers",
         "transformers @ git+https://github.com/huggingface/transformers", False),
        ("git+https://github.com/openai/CLIP.git@main", "clip @ git+https://github.com/openai/CLIP.git@main", False),
        ("-e git+https://github.com/a/b.git@v1#egg=thing", "thing @ git+https://github.com/a/b.git@v1", True),
        ("--editable=git+https://github.com/a/b.git#egg=thing[x]", "thing[x] @ git+https://github.com/a/b.git", True),
        ("-e git@github.com:a/b.git#egg=thing", "thing @ git+ssh://git@github.com/a/b.git", True),
        ("git+git@github.com:a/b.git", "b @ git+ssh://git@github.com/a/b.git", False),
        ("git+ssh://git@github.com/a/b.git#egg=b&subdirectory=py",
         "b @ git+ssh://git@github.com/a/b.git#subdirectory=py", False),
        ("b @ git+https://github.com/a/b@0123abc#egg=b", "b @ git+https://github.com/a/b@0123abc", False),
        ("b[x]@https://example.org/b-1.zip", "b[x] @ https://example.org/b-1.zip", False),
        ("https://example.org/whl/torch-2.1.0%2Bcu121-cp310-cp310-linux_x86_64.whl",
         "torch @ https://example.org/whl/torch-2.1.0%2Bcu121-cp310-cp310-linux_x86_64.whl", False),
        ("https://example.org/dist/thing-1.2.tar.gz ; sys_platform == 'linux'",
         'thing @ https://example.org/dist/thing-1.2.tar.gz ; sys_platform == "linux"', False),
        ("https://github.com/acme/Tool/archive/refs/heads/main.zip",
         "tool @ https://github.com/acme/Tool/archive/refs/heads/main.zip", False),
        ("hg+https://example.org/hg/thing#egg=thing", "thing @ hg+https://example.org/hg/thing", False),
    ],
)  # fmt: skip
def test_addresses(tmp_path: Path, line: str, requirement: str, editable: bool) -> None:
    declared = read(tmp_path, f"# first\n{line}\n")
    assert lines(declared) == [(requirement, 2)]
    assert declared.declarations[0].editable is editable


def test_a_guessed_name_is_said(tmp_path: Path) -> None:
    declared = read(tmp_path, "git+https://github.com/a/b\ngit+https://github.com/a/c#egg=c\n")
    assert declared.notices == (
        "requirements.txt:1: git+https://github.com/a/b does not say what it installs; taken to be b",
    )


def test_an_address_without_any_name_is_left_out_and_said(tmp_path: Path) -> None:
    declared = read(tmp_path, "https://user:secret@example.org/download?id=7\nnumpy\n")
    assert lines(declared) == [("numpy", 2)]
    assert declared.notices == (
        "requirements.txt:1: left out, for https://****@example.org/download?id=7 names no distribution; "
        "write NAME @ https://****@example.org/download?id=7",
    )


def test_local_files_and_directories(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "libs/thing/pyproject.toml": '[project]\nname = "The_Thing"\nversion = "1"\n',
            "libs/old/setup.py": "from setuptools import setup\nsetup(name='old-one')\n",
            "libs/bare/bare.py": "",
            "wheels/my_pkg-1.0+cu121-py3-none-any.whl": "",
            "wheels/a b-2.0.tar.gz": "",
        },
    )
    text = """\
-e ./libs/thing[fast]
libs/old/
-e libs/bare
./wheels/my_pkg-1.0+cu121-py3-none-any.whl ; python_version > "3"
thing2 @ file:libs/thing
./gone-1.0-py3-none-any.whl
"""
    declared = read(tmp_path, text)
    uri = tmp_path.as_uri()
    assert lines(declared) == [
        (f"the-thing[fast] @ {uri}/libs/thing", 1),
        (f"old-one @ {uri}/libs/old", 2),
        (f"bare @ {uri}/libs/bare", 3),
        (f'my-pkg @ {uri}/wheels/my_pkg-1.0%2Bcu121-py3-none-any.whl ; python_version > "3"', 4),
        (f"thing2 @ {uri}/libs/thing", 5),
        (f"gone @ {uri}/gone-1.0-py3-none-any.whl", 6),
    ]
    assert [each.editable for each in declared.declarations] == [True, False, True, False, False, False]
    assert any("libs/bare says nowhere what it is called" in notice for notice in declared.notices)
    assert any("gone-1.0-py3-none-any.whl is not there" in notice for notice in declared.notices)


def test_the_project_itself_is_no_requirement_but_its_extras_are(tmp_path: Path) -> None:
    pyproject = """\
[project]
name = "Moola"
dependencies = ["numpy"]
[project.optional-dependencies]
fast = ["numba"]
all = ["moola[fast]", "duckdb"]
"""
    write(tmp_path, {"pyproject.toml": pyproject})
    declared = read(tmp_path, "-e .[all]\npandas\n", **{"requirements-dev.txt": "-e .\nmoola[fast]\npytest\n"})
    found = {(each.group, each.requirement) for each in declared.declarations}
    assert found == {
        ("", "numpy"),
        ("", "pandas"),
        ("", "numba"),
        ("", "duckdb"),
        ("extra:fast", "numba"),
        ("extra:all", "numba"),
        ("extra:all", "duckdb"),
        ("group:dev", "numba"),
        ("group:dev", "pytest"),
    }


def test_nested_files_and_constraints_with_relative_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "requirements/base.txt": "numpy\n-r more/deep.txt\n",
            "requirements/more/deep.txt": "scipy\n-c ../../constraints.txt\n",
            "constraints.txt": "numpy<2\n-r other.txt\n",
            "other.txt": "pandas<3\n",
        },
    )
    declared = read(tmp_path, "-r requirements/base.txt\n--constraint=constraints.txt\ntorch\n")
    asked = [(str(each.where), each.requirement) for each in declared.declarations if not each.constraint]
    limits = [(str(each.where), each.requirement) for each in declared.declarations if each.constraint]
    assert asked == [
        ("requirements/base.txt:1", "numpy"),
        ("requirements/more/deep.txt:1", "scipy"),
        ("requirements.txt:3", "torch"),
    ]
    assert limits == [("constraints.txt:1", "numpy<2"), ("other.txt:1", "pandas<3")]
    assert set(declared.files) == {
        "requirements.txt",
        "requirements/base.txt",
        "requirements/more/deep.txt",
        "constraints.txt",
        "other.txt",
    }


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    declared = read(tmp_path, "numpy\n-r b.txt\n", **{"b.txt": "scipy\n-r requirements.txt\n"})
    assert lines(declared) == [("numpy", 1), ("scipy", 1)]
    assert declared.notices == ("b.txt:2: requirements.txt is being read already; the circle ends here",)


def test_the_group_is_in_the_files_name(tmp_path: Path) -> None:
    names = {
        "requirements.txt": "",
        "requirements-runpod.txt": "",
        "requirements_gpu.txt": "",
        "requirements-dev.txt": "group:dev",
        "test-requirements.txt": "group:test",
        "requirements_docs.txt": "group:docs",
        "requirements/base.txt": "",
        "requirements/tests.txt": "group:tests",
    }
    write(tmp_path, {name: f"needs-{number}\n" for number, name in enumerate(names)})
    write(tmp_path, {"constraints.txt": "numpy<2\n", "requirements/constraints.txt": "numpy<2\n"})
    declared = read_declared(tmp_path, groups=["dev", "Tests"])
    assert {each.where.path: each.group for each in declared.declarations} == names


def test_a_dev_file_that_includes_the_runtime_file_repeats_nothing(tmp_path: Path) -> None:
    declared = read(tmp_path, "numpy\n", **{"requirements-dev.txt": "-r requirements.txt\npytest\n"})
    assert [(each.group, each.requirement) for each in declared.declarations] == [
        ("", "numpy"),
        ("group:dev", "pytest"),
    ]


def test_a_named_file_is_always_needed_and_the_only_one_read(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "numpy\n", "requirements-dev.txt": "pytest\n", "setup.cfg": "[broken"})
    declared = read_declared(tmp_path, files=[tmp_path / "requirements-dev.txt"])
    assert [(each.group, each.requirement) for each in declared.declarations] == [("", "pytest")]
    assert declared.files == ("requirements-dev.txt",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "numpy>=1.26  # für die Pods\r\npandas\r\n"
    (tmp_path / "requirements.txt").write_bytes(text.encode(encoding))
    assert lines(read_declared(tmp_path)) == [("numpy>=1.26", 1), ("pandas", 2)]


def test_powershells_redirect(tmp_path: Path) -> None:
    data = codecs.BOM_UTF16_LE + "torch==2.4.0+cu124\r\nnumpy==1.26.4\r\n".encode("utf-16-le")
    (tmp_path / "requirements.txt").write_bytes(data)
    assert lines(read_declared(tmp_path)) == [("torch==2.4.0+cu124", 1), ("numpy==1.26.4", 2)]


def test_a_coding_comment(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("# -*- coding: cp1251 -*-\n# Привет\nnumpy\n".encode("cp1251"))
    assert lines(read_declared(tmp_path)) == [("numpy", 3)]
    (tmp_path / "requirements.txt").write_bytes(b"# coding: rot13\nnumpy\n")
    assert lines(read_declared(tmp_path)) == [("numpy", 2)]


def test_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODFIT_TEST_TOKEN", "abc")
    monkeypatch.delenv("PODFIT_TEST_NONE", raising=False)
    text = "--extra-index-url https://${PODFIT_TEST_TOKEN}@example.org/simple\nb @ https://example.org/${PODFIT_TEST_NONE}/b-1.zip\n"
    declared = read(tmp_path, text)
    assert declared.index_urls == ("https://abc@example.org/simple",)
    assert lines(declared) == [("b @ https://example.org/${PODFIT_TEST_NONE}/b-1.zip", 2)]


def test_options_that_change_nothing_for_podfit(tmp_path: Path) -> None:
    text = """\
--pre
--no-binary :all:
--only-binary=numpy
--require-hashes
--use-feature fast-deps
-r https://example.org/requirements.txt
flash-attn --config-settings="--build-option=--x" --global-option="y"
"""
    declared = read(tmp_path, text)
    assert lines(declared) == [("flash-attn", 7)]
    assert [notice.split(": ")[0] for notice in declared.notices] == [
        "requirements.txt:1",
        "requirements.txt:6",
        "requirements.txt:7",
    ]


def test_a_constraint_file_asks_for_nothing_editable(tmp_path: Path) -> None:
    message = failure(tmp_path, "-c limits.txt\n", **{"limits.txt": "-e ./x\n"})
    assert message.startswith("ROOT/limits.txt:1: a constraints file cannot ask for an editable install")


def test_an_editable_requirement_with_its_name(tmp_path: Path) -> None:
    declared = read(tmp_path, "-e thing @ git+https://github.com/a/b.git#egg=thing\n-e 'c @ git+https://x.org/c'\n")
    assert lines(declared) == [("thing @ git+https://github.com/a/b.git", 1), ("c @ git+https://x.org/c", 2)]
    assert all(each.editable for each in declared.declarations)


def test_what_pip_ignores_is_said(tmp_path: Path) -> None:
    declared = read(tmp_path, "--extra-index-url https://a.org https://b.org\n--pre numpy\n")
    assert declared.index_urls == ("https://a.org",)
    assert declared.declarations == ()
    assert "requirements.txt:1: ignored, as pip does" in declared.notices[0]
    assert declared.notices[0].endswith(": https://b.org")


def test_an_own_extra_that_is_not_there_is_said(tmp_path: Path) -> None:
    declared = read(tmp_path, "-e .[dev]\n", **{"setup.py": "from setuptools import setup\nsetup(name='p')\n"})
    assert declared.notices == ("the project asks for its own extra dev, which podfit does not find declared",)


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml", "pylock.gpu.toml", "Pipfile.lock"])
def test_a_lock_file_is_no_declaration(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version = 1\n")
    assert read_declared(tmp_path).files == ()
    with pytest.raises(InputError) as caught:
        read_declared(tmp_path, files=[Path(name)])
    assert str(caught.value) == (
        f"{tmp_path / name}: this is a lock file: what somebody tested with and not what the project asks for; "
        "give it as the local environment (--local)"
    )


def test_find_links_of_a_directory_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    declared = read(tmp_path, "--find-links wheels\n-f elsewhere\n")
    assert declared.find_links == (str(tmp_path / "wheels"), "elsewhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numpy\npandas>=\n", "ROOT/requirements.txt:2: 'pandas>=' is not a requirement: "),
        ("numpy=1.26\n",
         "ROOT/requirements.txt:1: 'numpy=1.26' is not a requirement: one = compares nothing, write =="),
        ("\n\nfoo bar\n", "ROOT/requirements.txt:3: 'foo bar' is not a requirement: "),
        ("numpy \\\n  >=1 \\\n  oops\n", "ROOT/requirements.txt:1: "),
        ("numpy; python_versio < '3'\n", "ROOT/requirements.txt:1: "),
        ("--frobnicate\n", "ROOT/requirements.txt:1: '--frobnicate' is no line of a requirements file: no such option"),
        ("# x\n-r missing.txt\n",
         "ROOT/requirements.txt:2: the included file 'missing.txt' is not there; podfit looked for ROOT/missing.txt"),
        ("-c missing.txt\n", "ROOT/requirements.txt:1: the included file 'missing.txt' is not there"),
        ("numpy==1.0 --hash=md4:xyz\n",
         "ROOT/requirements.txt:1: 'md4:xyz' is no hash that pip takes; write --hash=sha256:DIGEST"),
        ("-r\n", "ROOT/requirements.txt:1: "),
        ("-e a/b -e c/d\n", "ROOT/requirements.txt:1: more than one -e on a line; put each on a line of its own"),
        ("foo @ bar\n", "ROOT/requirements.txt:1: 'bar' is neither an address nor a path; write ./ before a path"),
        ("git+https://me:secret@x.org/a ; huh\n",
         "ROOT/requirements.txt:1: 'a @ git+https://****@x.org/a ; huh' is not a requirement: "),
        ("numpy==1.*.2\n", "ROOT/requirements.txt:1: "),
        ("foo @ \n", "ROOT/requirements.txt:1: "),
        ("git+https://github.com/a/b ; nonsense\n", "ROOT/requirements.txt:1: "),
    ],
)  # fmt: skip
def test_wrong_lines(tmp_path: Path, text: str, message: str) -> None:
    assert failure(tmp_path, text).startswith(message)


def test_a_wrong_line_of_an_included_file_names_that_file(tmp_path: Path) -> None:
    assert failure(tmp_path, "-r sub/b.txt\n", **{"sub/b.txt": "ok\n\n!!!\n"}).startswith("ROOT/sub/b.txt:3: ")


def test_a_missing_named_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_declared(tmp_path, files=[tmp_path / "nope.txt"])
    assert str(caught.value) == f"{tmp_path / 'nope.txt'}: there is no such file; check the path"


def test_a_directory_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "reqs").mkdir()
    with pytest.raises(InputError, match="this is a directory, not a file of requirements"):
        read_declared(tmp_path, files=[tmp_path / "reqs"])


# --- freezes ----------------------------------------------------------------------------------------


def pins(count: int) -> str:
    return "".join(f"package-{number}==1.{number}\n" for number in range(count))


def test_a_freeze_is_no_declaration(tmp_path: Path) -> None:
    declared = read(tmp_path, pins(58) + "-e git+https://github.com/a/b#egg=b\nc @ file:///croot/c\n# end\n")
    assert declared.declarations == ()
    assert declared.freezes == (str(tmp_path / "requirements.txt"),)
    assert declared.notices == (
        "requirements.txt is taken as a local environment and not as what the project needs: "
        "60 of its 60 requirements are exact versions, as in a freeze of a whole environment",
    )


@pytest.mark.parametrize(
    "text",
    [
        pins(59),
        pins(70) + "open\n" * 1 + "open2>=1\n" * 4,
        "".join(f"p{number}==1.{number}.*\n" for number in range(80)),
    ],
)
def test_other_lists_are_declarations(tmp_path: Path, text: str) -> None:
    declared = read(tmp_path, text)
    assert declared.freezes == ()
    assert len(declared.declarations) >= 59


def test_a_named_freeze_counts_as_declared(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": pins(80)})
    declared = read_declared(tmp_path, files=[tmp_path / "requirements.txt"])
    assert len(declared.declarations) == 80
    assert declared.freezes == ()


def test_compiled_files_are_locks(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "requirements.in": "numpy\n",
            "requirements.txt": "numpy==1.26.4 \\\n    --hash=sha256:00\n    # via -r requirements.in\n",
            "requirements-dev.txt": "#\n# This file is autogenerated by pip-compile with Python 3.11\n#\npytest==8.0\n",
            "requirements-frozen.txt": "scipy==1.11\n",
            "requirements-gpu.txt": "torch==2.4.0\n",
        },
    )
    declared = read_declared(tmp_path)
    assert [each.requirement for each in declared.declarations] == ["numpy", "torch==2.4.0"]
    assert [Path(path).name for path in declared.freezes] == [
        "requirements-frozen.txt",
        "requirements.txt",
        "requirements-dev.txt",
    ]


def test_an_included_freeze_is_none_either(tmp_path: Path) -> None:
    declared = read(tmp_path, "torch\n-r laptop.txt\n", **{"laptop.txt": pins(100)})
    assert lines(declared) == [("torch", 1)]
    assert declared.freezes == (str(tmp_path / "laptop.txt"),)


def test_the_examples_laptop_is_a_freeze(tmp_path: Path) -> None:
    laptop = Path(__file__).parents[2] / "examples" / "moola" / "local-environment.txt"
    (tmp_path / "requirements.txt").write_bytes(laptop.read_bytes())
    assert len(read_declared(tmp_path).freezes) == 1


CONDA = """\
appnope @ file:///Users/builder/conda-bld/appnope_1629146036738/work
einops==0.8.0
numpy @ file:///Users/builder/cbouss/conda-bld/numpy_1668/work/dist/numpy-1.26.4-cp311-cp311-macosx_10_9_x86_64.whl
torch==2.2.2
"""


@pytest.mark.parametrize(
    ("text", "encoding", "why"),
    [
        (CONDA, "utf-8", "appnope stands there with a path of the machine that built it"),
        ("certifi @ file:///croot/certifi_1707/work/certifi\n", "utf-8", "certifi stands there with a path"),
        ("pywin32==306\nsix==1.16\ntorch==2.2.0\n", "utf-8", "pywin32 is for Windows alone, and six is what others"),
        ("mpmath==1.3\npyobjc-core==10.3.1\ntorch==2.2.0\n", "utf-8", "pyobjc-core is for macOS alone"),
        ("numpy==1.26.4\nmkl-service==2.4.0\ntorch==2.2.0\n", "utf-8", "mkl-service is a build of conda's"),
        ("numpy==1.26.4\ntorch==2.2.0\ntqdm==4.66.1\n", "utf-16", "in UTF-16"),
        ("numpy==1.26.4\ntorch==2.2.0\ntqdm==4.66.1\n", "utf-16-le", "in UTF-16"),
        (pins(9) + "certifi==1\nidna==3\nurllib3==2.0\nsix==1.16\npytz==2023.3\n", "utf-8", "5 of its 14 lines"),
        ("_libgcc_mutex=0.1=main\njpeg=9e=h5eee18b_1\nnumpy=1.26.4=py311h08b1b3b_0\n", "utf-8", "conda list --export"),
    ],
)
def test_a_freeze_is_a_freeze_however_short(tmp_path: Path, text: str, encoding: str, why: str) -> None:
    (tmp_path / "requirements.txt").write_bytes(text.encode(encoding))
    declared = read_declared(tmp_path)
    assert declared.declarations == ()
    assert declared.freezes == (str(tmp_path / "requirements.txt"),)
    assert why in declared.notices[0]
    assert read_local(str(tmp_path / "requirements.txt")).distributions


@pytest.mark.parametrize(
    "text",
    [
        "pandas==1.5.3\nscikit-learn==1.2.2\n",
        "torch==2.4.1\nsix==1.16\ncertifi==2024.2.2\n",
        "pandas==2.0.3\nmatplotlib==3.7.2\neinops==0.8.0\npywin32==306\ntorch==2.2.0\n",
        "six==1.16\npywin32==306; sys_platform == 'win32'\ntorch==2.2.0\n",
        "numpy==1.26.4\npywin32==306\ntorch\n",
        "numpy @ file:///opt/wheels/numpy-1.26.4-cp311-cp311-linux_x86_64.whl\n",
    ],
)
def test_a_few_pins_are_declarations(tmp_path: Path, text: str) -> None:
    declared = read(tmp_path, text)
    assert declared.freezes == ()
    assert len(declared.declarations) == text.count("\n")


def test_a_version_that_pep_440_does_not_know_is_named(tmp_path: Path) -> None:
    declared = read(tmp_path, "jpeg[x]==9e ; python_version > '3'\nnumpy>=1\n")
    assert [line for line, _ in lines(declared)] == ['jpeg[x]; python_version > "3"', "numpy>=1"]
    assert declared.notices[0].startswith("requirements.txt:1: 9e is no version that PEP 440 knows")


def test_a_local_environments_odd_versions_are_left_open(tmp_path: Path) -> None:
    (tmp_path / "freeze.txt").write_text(CONDA + "jpeg==9e\n")
    there = read_local(str(tmp_path / "freeze.txt")).distributions
    assert {name: (one.version, one.direct_url) for name, one in there.items()} == {
        "appnope": ("", ""), "einops": ("0.8.0", ""), "jpeg": ("", ""), "numpy": ("1.26.4", ""), "torch": ("2.2.2", ""),
    }  # fmt: skip


def test_what_old_pips_took_is_read_and_said(tmp_path: Path) -> None:
    declared = read(tmp_path, "tensorflow>=2.0.*,<3.*\nnumpy==1.*,!=1.2.*\nscipy~=1.7.*; python_version>='3'\n")
    assert [line for line, _ in lines(declared)] == [
        "tensorflow<3,>=2.0", "numpy!=1.2.*,==1.*", 'scipy~=1.7; python_version >= "3"',
    ]  # fmt: skip
    assert len(declared.notices) == 2
    assert declared.notices[0].startswith("requirements.txt:1: tensorflow>=2.0.*,<3.* is read as tensorflow>=2.0,<3")


def test_exact_lines_of_what_a_manifest_asks_for_in_ranges_are_what_it_was_tested_with(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["torch>=1.11", "numpy>=1.21", "tqdm>=4"]\n'
    )
    (tmp_path / "requirements").mkdir()
    pins = tmp_path / "requirements" / "required.txt"
    pins.write_text("# kept by a bot\ntorch==2.13.0\nnumpy==2.5.2\ntqdm==4.70.0\n")
    declared = read_declared(tmp_path)
    assert declared.freezes == (str(pins),)
    assert sorted(one.requirement for one in declared.declarations) == ["numpy>=1.21", "torch>=1.11", "tqdm>=4"]
    for other in ("torch==1.0\nnumpy==2.5.2\ntqdm==4.70.0\n", "torch==2.13.0\nnumpy==2.5.2\nrich==13\n", "torch==2\n"):
        pins.write_text(other)  # one that the range excludes, one that nobody else names, too few to tell
        assert read_declared(tmp_path).freezes == ()


def test_files_for_different_hardware_are_alternatives_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "requirments_cpu_py312.txt").write_text("torch==2.4.1+cpu\n")
    (tmp_path / "requirments_cu118_py312.txt").write_text("einops\n")
    found = read_declared(tmp_path)
    assert {(one.group, one.requirement) for one in found.declarations} == {
        ("group:requirments-cpu-py312", "torch==2.4.1+cpu"),
        ("", "einops"),
    }
    assert {one.requirement: one.instead for one in found.declarations} == {"torch==2.4.1+cpu": True, "einops": False}
    assert found.notices[0].startswith("requirments_cpu_py312.txt is taken for requirements.txt with a slip of the pen")
    assert found.notices[2].startswith(
        "requirments_cpu_py312.txt and requirments_cu118_py312.txt are for different hardware"
    )


def test_of_condas_files_that_name_mostly_the_same_one_is_followed(tmp_path: Path) -> None:
    base = "dependencies:\n  - numpy=1.23.3\n  - scipy\n  - tqdm\n  - pip:\n    - robosuite==1.4\n"
    (tmp_path / "conda_environment.yaml").write_text(base)
    (tmp_path / "conda_environment_macos.yaml").write_text(base.replace("scipy", "atomics"))
    (tmp_path / "conda_environment_real.yaml").write_text(base + "    - pyrealsense2==2.51.1.4348\n")
    (tmp_path / "conda_render.yaml").write_text("dependencies:\n  - trimesh\n  - tqdm\n  - pyrender\n")
    found = read_declared(tmp_path)
    asked = {one.requirement.split("==")[0] for one in found.declarations if not one.group}
    assert asked == {"numpy", "scipy", "tqdm", "robosuite", "trimesh", "pyrender"}
    assert {one.group for one in found.declarations if one.group} == {
        "group:conda-environment-macos",
        "group:conda-environment-real",
    }
    assert any("conda_environment_macos.yaml and conda_environment.yaml each describe" in one for one in found.notices)


def test_an_included_file_for_developers_is_a_group_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "lint-requirements.txt").write_text("ruff\n")
    (tmp_path / "extra-requirements.txt").write_text("einops\n")
    text = "-r lint-requirements.txt\n-r extra-requirements.txt\nnumpy\n"
    (tmp_path / "requirements.txt").write_text(text)
    found = read_declared(tmp_path)
    assert {(one.group, one.requirement) for one in found.declarations} == {
        ("group:lint", "ruff"),
        ("", "einops"),
        ("group:extra", "einops"),
        ("", "numpy"),
    }
    assert any(notice.startswith("requirements.txt:1: lint-requirements.txt is for who") for notice in found.notices)
    named = read_declared(tmp_path, files=[tmp_path / "requirements.txt"])
    assert {(one.group, one.requirement) for one in named.declarations} == {("", "ruff"), ("", "einops"), ("", "numpy")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS's pointer to the file"),
        ("\n<!DOCTYPE html>\n<html><body>404: Not Found</body>\n", "a page of the web"),
    ],
)
def test_what_stands_in_the_place_of_a_requirements_file_is_one_question(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    declared = read_declared(tmp_path, lenient=True)
    assert declared.declarations == ()
    (question,) = declared.questions
    assert said in question.message
    assert question.remedy.startswith("fetch the file")


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("C:\\Users\\me\\torch-2.1.0+cu118-cp310-cp310-win_amd64.whl", "torch==2.1.0"),
        ("file:///C:/wheels/flash_attn-2.5.0-cp310-cp310-win_amd64.whl", "flash-attn==2.5.0"),
        ("timm @ file:///D:/x/timm-0.9.16-py3-none-any.whl", "timm==0.9.16"),
        ("\\\\share\\x\\timm-0.9.16.tar.gz ; python_version > '3.8'", 'timm==0.9.16; python_version > "3.8"'),
        ("wordtree @ file:///C:/work/wordtree", "wordtree"),
        ("C:\\work\\wordtree", ""),
    ],
)
def test_a_file_on_a_drive_of_windows_is_its_release(tmp_path: Path, line: str, asked: str) -> None:
    declared = read(tmp_path, f"{line}\n")
    assert [one.requirement for one in declared.declarations] == ([asked] if asked else [])
    assert "lies on another machine" in declared.notices[0]


def test_a_path_with_backslashes_beside_the_project_is_found(tmp_path: Path) -> None:
    declared = read(tmp_path, ".\\whl\\bar-1.0-py3-none-any.whl\n", **{"whl/bar-1.0-py3-none-any.whl": ""})
    assert [one.requirement for one in declared.declarations] == [
        f"bar @ {(tmp_path / 'whl' / 'bar-1.0-py3-none-any.whl').as_uri()}"
    ]
    assert not declared.notices


def test_the_value_of_a_variable_is_no_name_to_ask_an_index_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDTREE_TOKEN", "glpatx99")
    text = failure(tmp_path, "${WORDTREE_TOKEN}\n")
    assert "glpatx99" not in text and "a variable gives the name" in text
    assert lines(read(tmp_path, "wordtree==${WORDTREE_TOKEN}.1\n".replace("WORDTREE_TOKEN", "UNSET_HERE"))) == [
        ("wordtree", 1)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "https://x:hunter2@[::1/foo-1.0-py3-none-any.whl",
        "git+https://x:hunter2@[::1/foo.git",
        "-e git+https://x:hunter2@[::1/foo.git#egg=foo",
        "q @ https://x:hunter2@[zz]/z.whl",
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(tmp_path: Path, line: str) -> None:
    assert "hunter2" not in failure(tmp_path, f"{line}\n")


def test_a_list_without_end_is_read_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podfit.readers.declared.requirements_txt.MOST_LINES", 3)
    (tmp_path / "requirements.txt").write_text("a\nb\n# c\nd\ne\nf\n")
    declared = read_declared(tmp_path, lenient=True)
    assert [one.requirement for one in declared.declarations] == ["a", "b", "d"]
    assert "has more than 3 requirements" in str(declared.questions[0])


def test_of_files_for_several_cudas_the_newest_is_followed(tmp_path: Path) -> None:
    (tmp_path / "requirements_cpu.txt").write_text("onnxruntime\n")
    for cuda, release in (("cu118", "1.18.0"), ("cu128", "1.19.2"), ("cu121", "1.18.1")):
        (tmp_path / f"requirements_{cuda}.txt").write_text(f"onnxruntime-gpu=={release}\n")
    found = [one.requirement for one in read_declared(tmp_path).declarations if not one.group]
    assert found == ["onnxruntime-gpu==1.19.2"]
