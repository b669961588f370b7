"""Properties of the readers of declarations: what is written is read, and no text brings anything but InputError."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from share import examples

from podfit.model import InputError
from podfit.readers.declared import Declared, conda, poetry, read_declared, requirement
from podfit.readers.declared.text import without_credentials

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}([._-][A-Za-z0-9]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|b|rc)[0-9])?(\.post[0-9])?", fullmatch=True)
CLAUSES = st.one_of(
    st.tuples(st.sampled_from([">=", "<=", "==", "!=", "<", ">"]), VERSIONS).map("".join),
    st.from_regex(r"==[0-9]{1,2}\.[0-9]{1,2}\.\*", fullmatch=True),
    st.from_regex(r"==[0-9]\.[0-9]\+cu[0-9]{3}", fullmatch=True),
)
EXTRAS = st.lists(st.sampled_from(["a", "b2", "with-dash"]), max_size=2, unique=True)
MARKERS = st.sampled_from(
    [
        "",
        'python_version < "3.11"',
        'sys_platform == "linux" and python_version >= "3.9"',
        "(platform_machine == 'x86_64' or os_name != 'nt') and python_full_version > '3.8.1'",
        'extra == "gpu"',
    ]
)
DIGESTS = st.lists(st.from_regex(r"sha256:[0-9a-f]{8}", fullmatch=True), max_size=3, unique=True)
COMMENTS = st.sampled_from(["", "  # plain", " # with --hash=sha256:00 and ; markers", "   # ünïcode"])
SPACE = st.sampled_from(["", " ", "  "])


@st.composite
def requirements(draw: st.DrawFn) -> tuple[str, str, tuple[str, ...]]:
    """Return a requirement line as a person may write it, its PEP 508 text, and its hashes."""
    name, extras, marker = draw(NAMES), draw(EXTRAS), draw(MARKERS)
    clauses = draw(st.lists(CLAUSES, max_size=3))
    gap = draw(SPACE)
    written = name + (f"{gap}[{','.join(extras)}]" if extras else "") + gap + f"{gap},{gap}".join(clauses)
    if marker:
        written += draw(st.sampled_from([";", " ;", "; ", " ; "])) + marker
    plain = str(Requirement(written))
    hashes = tuple(draw(DIGESTS)) if clauses else ()
    for digest in hashes:
        written += draw(st.sampled_from([" ", " \\\n    "])) + f"--hash={digest}"
    return written, plain, hashes


@contextlib.contextmanager
def project(files: dict[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in files.items():
            (root / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        yield root


def declared(files: dict[str, str]) -> Declared:
    with project(files) as root:
        return read_declared(root)


COMMON = settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@COMMON
@given(st.lists(st.tuples(requirements(), COMMENTS, st.sampled_from(["", "\n", "# between\n"])), max_size=8))
def test_written_lines_are_read(entries: list[tuple[tuple[str, str, tuple[str, ...]], str, str]]) -> None:
    text, expected = "", []
    for (written, plain, hashes), comment, before in entries:
        text += before
        expected.append((plain, hashes, text.count("\n") + 1))
        text += written + comment + "\n"
    found = [
        (each.requirement, each.hashes, each.where.line) for each in declared({"requirements.txt": text}).declarations
    ]
    assert found == list(dict.fromkeys(expected))


@COMMON
@given(st.lists(requirements(), max_size=6))
def test_the_same_requirements_in_every_format(entries: list[tuple[str, str, tuple[str, ...]]]) -> None:
    parsed = {canonicalize_name(Requirement(text).name): text for _, text, _ in entries}
    # Files that exclude each other are alternatives: here they agree, each with itself, too.
    plain = [text for text in parsed.values() if not Requirement(text).specifier.is_unsatisfiable()]
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in plain]
    array = "[\n" + "".join(f'    "{text}",\n' for text in quoted) + "]"
    files = {
        "requirements.txt": "".join(f"{text}\n" for text in plain),
        "pyproject.toml": f"[project]\nname = 'qqqqqqqqq'\ndependencies = {array}\n[dependency-groups]\ng = {array}\n",
        "setup.cfg": "[options]\ninstall_requires =\n" + "".join(f"    {text}\n" for text in plain),
        "setup.py": f"from setuptools import setup\nsetup(install_requires={array})\n",
    }
    found = declared(files).declarations
    for path, group, above in (
        ("requirements.txt", "", 0),
        ("pyproject.toml", "", 3),
        ("pyproject.toml", "group:g", 6 + len(plain)),
        ("setup.cfg", "", 2),
        ("setup.py", "", 2),
    ):
        lines = [
            (each.requirement, each.where.line) for each in found if (each.where.path, each.group) == (path, group)
        ]
        assert lines == [(text, above + number) for number, text in enumerate(plain, start=1)], path


@COMMON
@given(
    st.lists(
        st.sampled_from(["  ", "# c", "-r b.txt", "-c b.txt", "-r requirements.txt", "numpy", "\\", "-e ."]), max_size=9
    )
)
def test_includes_always_end(lines: list[str]) -> None:
    text = "\n".join(lines)
    with contextlib.suppress(InputError):
        declared({"requirements.txt": text, "b.txt": text})


FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "numpy",
                "==1.0",
                "-r ",
                "-e ",
                "--hash=",
                "git+https://",
                "git+git@h:a/b",
                "#egg=",
                "; ",
                "@ ",
                "[",
                "]",
                "${X}",
                "\\\n",
                "\n",
                "'",
                '"',
                "file:",
                "./",
                ".whl",
                "%",
                "-f",
                "--pre",
                "{",
                "}",
                "=",
                "<",
                "*",
                "\x00",
                "http://[",
                "~x/",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=12,
).map("".join)


def only_input_errors(files: dict[str, str]) -> None:
    """Read files; anything but success or a one-line InputError fails the test."""
    with project(files) as root:
        try:
            read_declared(root)
        except InputError as error:
            assert error.where is not None
            assert "\n" not in str(error)


@settings(COMMON, max_examples=examples(250))
@given(FRAGMENTS)
@example("-e http://[x")
@example("a @ file://host/x")
@example("./a\x00b")
@example("-r \x00")
@example("http://[::1/x-1.0.tar.gz")
@example("x[" + "a," * 2000)
@example("x; " + "(" * 3000)
@example("-f \x00")
@example("-e ~nobody-at-all/x")
def test_any_requirements_file(text: str) -> None:
    only_input_errors({"requirements.txt": text})


@COMMON
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    for name in ("requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "environment.yml"):
        with project({}) as root:
            (root / name).write_bytes(data)
            with contextlib.suppress(InputError):
                read_declared(root)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), FRAGMENTS, st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


def toml(value: object) -> str:
    """Return value as inline TOML."""
    if value is None or isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return (
        '"' + "".join(f"\\U{ord(char):08x}" if not 0xD800 <= ord(char) <= 0xDFFF else "?" for char in str(value)) + '"'
    )


TABLES = [
    "project",
    "project.name",
    "project.dependencies",
    "project.optional-dependencies",
    "project.requires-python",
    "dependency-groups",
    "tool",
    "tool.poetry",
    "tool.poetry.dependencies",
    "tool.poetry.dependencies.x",
    "tool.poetry.group",
    "tool.poetry.group.g.dependencies",
    "tool.poetry.extras",
    "tool.poetry.source",
    "tool.pdm.dev-dependencies",
    "tool.uv.sources",
    "tool.uv.sources.x",
    "tool.uv.index",
    "tool.uv.extra-index-url",
    "tool.setuptools.dynamic.dependencies.file",
]


@settings(COMMON, max_examples=examples(250))
@given(st.sampled_from(TABLES), VALUES, st.booleans())
@example("tool.poetry.dependencies.x", {"path": "\x00"}, False)
@example("tool.uv.sources.x", {"path": "\x00"}, True)
@example("tool.poetry.dependencies.x", {"python": "^", "version": "^1"}, False)
@example("tool.setuptools.dynamic.dependencies.file", ["\x00"], True)
def test_any_pyproject(key: str, value: object, dynamic: bool) -> None:
    head = "[project]\nname = 'p'\ndependencies = ['x']\n" if not key.startswith("project") else ""
    if dynamic and head:
        head = head.replace("dependencies = ['x']", "dynamic = ['dependencies', 'optional-dependencies']")
    table, _, last = key.rpartition(".")
    text = f"{head}[{table}]\n{last} = {toml(value)}\n" if table else f"{key} = {toml(value)}\n"
    only_input_errors({"pyproject.toml": text})


@COMMON
@given(FRAGMENTS)
@example("setup(install_requires=" + "[" * 150 + "]" * 150 + ")")
@example("x = " + "-" * 5000 + "1")
def test_any_setup_py(text: str) -> None:
    only_input_errors({"setup.py": text})
    only_input_errors({"setup.py": f"setup(install_requires={text!r}, name={text!r}, python_requires={text!r})\n"})
    only_input_errors({"setup.py": f"setup(extras_require={{{text!r}: [{text!r}]}})\n"})


@COMMON
@given(FRAGMENTS)
@example("[options\n")
@example("[a]\nb\n  c\n")
def test_any_setup_cfg(text: str) -> None:
    only_input_errors({"setup.cfg": text})
    only_input_errors(
        {"setup.cfg": f"[options]\ninstall_requires = {text}\n[options.extras_require]\n{text} = {text}\n"}
    )


@COMMON
@given(FRAGMENTS)
@example("a: &a [*a]\ndependencies: *a")
@example("dependencies: &a [*a]")
@example("? {a: 1}\n: 2\ndependencies: []")
def test_any_environment_yml(text: str) -> None:
    only_input_errors({"environment.yml": text})
    only_input_errors({"environment.yml": f"dependencies:\n  - {text}\n  - pip:\n      - {text}\n"})


@COMMON
@given(FRAGMENTS)
def test_constraints_of_poetry_and_conda(text: str) -> None:
    for translate in (poetry.specifier, conda.specifier):
        with contextlib.suppress(ValueError):
            assert str(Requirement(f"x{translate(text)}"))


@COMMON
@given(FRAGMENTS)
def test_names_in_addresses(text: str) -> None:
    url = f"git+https://example.org/{text}"
    with contextlib.suppress(ValueError):
        name, _ = requirement.guess_name(url)
        assert name == "" or requirement.normalized(name)
    requirement.egg(url)
    requirement.clean_address(url)
    assert "secret" not in without_credentials(f"{text} https://me:secret@{text}")


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "environment.yml"])
def test_lone_surrogates_are_not_text(name: str) -> None:
    only_input_errors({name: "\ud800"})
