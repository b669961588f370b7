"""Formats are told by content; every other content is one sentence of error."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_environment_conda import EXPORT, YAML
from test_environment_locks import PIPFILE, POETRY, PYLOCK, UV
from test_environment_pip import COLUMNS, report

from podfit.model import InputError, PodfitError
from podfit.readers.environment import FORMATS, open_document, read_document, read_listing
from podfit.readers.environment.document import Document


def failing(path: str | Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_listing(str(path))
    assert "\n" not in str(caught.value)
    assert caught.value.where is not None
    return caught.value


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        ("a==1\n", "pip freeze"),
        ("-e /src/a\n", "pip freeze"),
        ("# comments\n# only at first\n\na @ file:///a\n", "pip freeze"),
        ("Package Version\n------- -------\na       1\n", "pip list"),
        ('[{"name":"a","version":"1"}]', "pip list --format json"),
        ('version = 1\nrequires-python = ">=3"\n[[package]]\nname = "a"\nsource = { registry = "x" }\n', "uv.lock"),
        ("dependencies:\n  - a=1\n", "conda environment.yml"),
    ],
)
def test_the_name_of_the_file_does_not_matter(content: str, format_name: str, tmp_path: Path) -> None:
    for name in ("freeze.txt", "poetry.lock", "environment.yml", "report.json", "noname"):
        (tmp_path / name).write_text(content)
        listing = read_listing(str(tmp_path / name))
        assert listing.format == format_name
        assert listing.distributions["a"].evidence.source.startswith(str(tmp_path / name))


def test_formats_have_names_of_their_own() -> None:
    assert len({known.name for known in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_shells_write(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "freeze.txt"
    path.write_bytes("# größer\r\ntorch==2.4.0+cu124\r\n".encode(encoding))
    found = read_listing(str(path)).distributions["torch"]
    assert (found.version, found.evidence.source) == ("2.4.0+cu124", f"{path}:2")


def test_missing_unreadable_empty_and_unknown_files(tmp_path: Path) -> None:
    assert "there is no such file" in str(failing(tmp_path / "absent"))
    assert "cannot be read" in str(failing(tmp_path))
    (tmp_path / "empty").write_text("\n \n")
    assert "the file is empty" in str(failing(tmp_path / "empty"))
    (tmp_path / "code.py").write_text("import os\nprint(os.name)\n")
    error = failing(tmp_path / "code.py")
    assert "not a list of distributions in any known format" in str(error)
    assert all(known.name in error.remedy for known in FORMATS)
    assert "not the name of a file" in str(failing("a\0b"))


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a==1\nb==\xff\n", 2), (b"a==1\n\0\n", 2), (b"\x7fELF\0\0", 1), (codecs.BOM_UTF16_LE + b"a", 1)],
)
def test_what_is_no_text_says_where(content: bytes, line: int, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    error = failing(tmp_path / "f")
    assert "not text" in str(error)
    assert error.where is not None
    assert error.where.line == line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"name": ' + "9" * 5000 + "}]", "not valid JSON"),
        ('[[package]]\nname = "a"\nx = ' + "[" * 3000, "not valid TOML"),
        ("dependencies:\n  - a=1\n  - \x07\n", "not valid YAML"),
        ("dependencies:\n  - *missing\n", "not valid YAML"),
    ],
)
def test_syntax_that_exhausts_or_confuses_a_parser(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(content)
    assert said in str(failing(tmp_path / "f"))


def test_a_file_past_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podfit.readers.environment.document.LARGEST", 100)
    (tmp_path / "f").write_text("a==1\n" * 20)
    assert len(read_listing(str(tmp_path / "f")).distributions) == 1
    (tmp_path / "f").write_text("a==1\n" * 20 + "b")
    assert "no list of distributions" in str(failing(tmp_path / "f"))


def test_a_manifest_is_a_listing_with_imports() -> None:
    manifest = {
        "schema": "podfit.template/1",
        "name": "mac",
        "interpreter": {"version": "3.12.2"},
        "platform": {"machine": "arm64", "system": "darwin", "glibc": ""},
        "distributions": [
            {"name": "scikit-learn", "version": "1.7.2", "import_names": ["sklearn"]},
            {"name": "opencv-python", "version": "4.1", "import_names": ["cv2"]},
            {"name": "opencv-python-headless", "version": "4.1", "import_names": ["cv2"]},
        ],
    }
    listing = read_document(Document("m.json", json.dumps(manifest)))
    assert (listing.format, listing.python_version, listing.system) == ("podfit manifest", "3.12.2", "darwin")
    assert listing.import_map["sklearn"] == ("scikit-learn",)
    assert listing.import_map["cv2"] == ("opencv-python", "opencv-python-headless")
    for wrong in ({**manifest, "schema": "podfit.template/9"}, {**manifest, "distributions": 5}):
        with pytest.raises(InputError):
            read_document(Document("m.json", json.dumps(wrong)))


_STARTS = [
    b"", b"[{", b'[{"name": "a", "version": "1"}', b'{"installed": [', b'{"_meta": {}, "default": {"a": ', b"\xff\xfe",
    b"[[package]]\n", b"[[packages]]\nname = ", b'lock-version = "', b"dependencies:\n", b"Package Version\n---- ---\n",
    b"a==1\n", b"-e ", b'{"schema": "podfit.template/1", "', b"# packages in environment at \n", b"a=1=py_0\n",
]  # fmt: skip


@settings(deadline=None)
@given(
    st.sampled_from(_STARTS), st.binary(max_size=80) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "ignore"))
)
def test_any_bytes_are_a_listing_or_an_input_error(start: bytes, rest: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(start + rest)
        file.flush()
        try:
            read_document(open_document(file.name))
        except PodfitError as error:
            assert isinstance(error, InputError)
            assert "\n" not in str(error)


_SAMPLES = [UV, POETRY, PYLOCK, PIPFILE, EXPORT, YAML, COLUMNS, json.dumps(report(), indent=1), "a==1\n-e file:///b\n"]
_PIECES = [
    '"',
    "[",
    "]",
    "{",
    "}",
    "\n",
    "=",
    "[[package]]\n",
    "null",
    "5",
    "\\",
    " ",
    "#",
    "@",
    "-e ",
    "[]",
    "{}",
    "é",
    "",
]
_edits = st.tuples(st.integers(0, 2000), st.sampled_from([0, 1, 3, 12, 40]), st.sampled_from(_PIECES))


@settings(deadline=None)
@given(st.sampled_from(_SAMPLES), st.lists(_edits, min_size=1, max_size=4))
def test_a_damaged_listing_is_a_listing_or_an_input_error(text: str, edits: list[tuple[int, int, str]]) -> None:
    for start, length, piece in edits:
        at = start % (len(text) + 1)
        text = text[:at] + piece + text[at + length :]
    try:
        read_document(Document("damaged", text))
    except PodfitError as error:
        assert isinstance(error, InputError)
        assert "\n" not in str(error)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "version", "metadata", "url", "requires_dist", "direct_url", "platform", "a"]),
            inner,
        )
    ),
    max_leaves=10,
)
_shapes = st.dictionaries(
    st.sampled_from(
        [
            "installed",
            "pip_version",
            "version",
            "environment",
            "_meta",
            "default",
            "schema",
            "distributions",
            "platform",
        ]
    ),
    _values | st.sampled_from(["1", "podfit.template/1"]),
)


@given(_shapes | st.lists(_values, max_size=3))
def test_any_json_is_a_listing_or_an_input_error(data: object) -> None:
    try:
        read_document(Document("x.json", json.dumps(data, indent=1)))
    except PodfitError as error:
        assert isinstance(error, InputError)
