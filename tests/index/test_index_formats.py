"""Pages, file names and zip directories, also such as nobody wrote by hand."""

from __future__ import annotations

import contextlib
import html
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_support import read
from share import examples

from podfit.index import best_files
from podfit.index.files import IndexFile, kind_and_version
from podfit.index.metadata import parse_metadata
from podfit.index.simple import PageError, parse_page
from podfit.index.wheel import RangeFile, WheelListing, WheelMember, list_wheel, read_member, read_metadata

URL = "https://index.example/simple/demo-project/"
JSON = "application/vnd.pypi.simple.v1+json"
NAME = "demo-project"

versions = st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\+[a-z][a-z0-9]{0,5})?\Z")
plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
rows = st.builds(
    lambda version, wheel, digest, python, yanked: {
        "filename": f"demo_project-{version}-py3-none-any.whl" if wheel else f"demo_project-{version}.tar.gz",
        "url": f"../../f/{digest[:4]}/" + (f"demo_project-{version}").replace("+", "%2B")
        + ("-py3-none-any.whl" if wheel else ".tar.gz"),
        "hashes": {"sha256": digest},
        "requires-python": python,
        "yanked": yanked,
    },
    versions,
    st.booleans(),
    st.from_regex(r"\A[0-9a-f]{64}\Z"),
    plain,
    st.one_of(st.booleans(), plain.filter(bool)),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.lists(rows, max_size=8))
def test_both_forms_of_a_page_say_the_same(listed: list[dict[str, object]]) -> None:
    as_json = json.dumps({"meta": {"api-version": "1.0"}, "name": NAME, "files": listed}).encode()
    anchors = ""
    for row in listed:
        digest = row["hashes"]["sha256"]  # type: ignore[index]
        yanked = row["yanked"]
        reason = "" if yanked is True else html.escape(str(yanked))
        extra = "" if yanked is False else f' data-yanked="{reason}"'
        python = html.escape(str(row["requires-python"]))
        anchors += f'<a href="{row["url"]}#sha256={digest}" data-requires-python="{python}"{extra}>file</a>'
    as_html = f"<!DOCTYPE html><html><body>{anchors}</body></html>".encode()
    found = read(parse_page(as_json, JSON, URL, NAME))
    assert len(found) == len(listed)
    assert read(parse_page(as_html, "text/html", URL, NAME)) == found
    assert all(file.url.startswith("https://index.example/f/") for file in found)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_an_error(body: bytes) -> None:
    parse_page(body, "text/html", URL, NAME)
    with contextlib.suppress(PageError):
        parse_page(body, JSON, URL, NAME)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_html_is_a_page(text: str) -> None:
    parse_page(f'<a href="{text}"><base href="{text}">{text}'.encode("utf-8", "replace"), "text/html", URL, NAME)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"files": [{"filename": "x", "url": 3}]}, "Expected `str`"),
        ({"meta": {"api-version": "1.0"}}, "missing required field"),
        ([], "Expected `object`"),
    ],
)
def test_json_of_another_shape(page: object, said: str) -> None:
    with pytest.raises(PageError, match=said):
        parse_page(json.dumps(page).encode(), JSON, URL, NAME)


def test_the_older_marks_of_a_page_count() -> None:
    page = {"files": [{"filename": "demo_project-1.0-py3-none-any.whl", "url": "a", "dist-info-metadata": True}]}
    assert read(parse_page(json.dumps(page).encode(), JSON, URL, NAME))[0].metadata
    text = (
        b'<base href="https://u:p@files.example/x/"><a href="demo_project-1.0-py3-none-any.whl"'
        b' data-dist-info-metadata="sha256=AB"></a>'
    )
    (file,) = read(parse_page(text, "text/html", URL, NAME))
    assert file.metadata
    assert file.metadata_hash == "sha256:ab"
    assert file.url == "https://files.example/x/demo_project-1.0-py3-none-any.whl"
    plain_page = b'<a href="demo_project-1.0.zip#md5=xyz&amp;x"></a><a name="top"></a><a href="https://[broken">x</a>'
    (bare,) = read(parse_page(plain_page, "text/html", URL, NAME))
    assert not bare.metadata
    assert bare.sha256 == ""


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("demo_project-1.0-py3-none-any.whl", ("wheel", "1.0")),
        ("Demo.Project-1.0.0-2-cp311-cp311-linux_x86_64.whl", ("wheel", "1.0.0")),
        ("demo_project-2.4.0+cu124-cp311-cp311-linux_x86_64.whl", ("wheel", "2.4.0+cu124")),
        ("demo-project-1.0-alpha.tar.gz", ("sdist", "1.0a0")),
        ("demo-project-1.0-1.zip", ("sdist", "1.0.post1")),
        ("demo_project-01.0.tar.bz2", ("sdist", "1.0")),
        ("demo-project-extra-1.0.tar.gz", ("", "")),
        ("demo-1.0.tar.gz", ("", "")),
        ("demo_project-1.0-py2.7.egg", ("", "")),
        ("demo_project-1.0.win32.exe", ("", "")),
        ("demo_project-nightly-py3-none-any.whl", ("", "")),
        ("demo_project-1.0.whl", ("", "")),
        ("demo_project-1.0.tar.gz.asc", ("", "")),
        ("other-1.0-py3-none-any.whl", ("", "")),
        ("", ("", "")),
    ],
)
def test_kind_and_version_of_a_file_name(filename: str, expected: tuple[str, str]) -> None:
    assert kind_and_version(filename, NAME) == expected


def file(filename: str) -> IndexFile:
    kind, version = kind_and_version(filename, "demo")
    assert kind
    return IndexFile(filename, f"https://x/{filename}", (), 0, "", False, "", False, kind, version)


def test_the_best_wheel_comes_first() -> None:
    names = [
        "demo-1.0.zip",
        "demo-1.0.tar.gz",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0-cp311-cp311-win_amd64.whl",
        "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "demo-1.0-1-cp311-cp311-manylinux2014_x86_64.whl",
        "demo-2.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    ]
    tags = ("cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux2014_x86_64", "py3-none-any")
    assert [found.filename for found in best_files(map(file, names), "1", tags)] == [
        "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "demo-1.0-1-cp311-cp311-manylinux2014_x86_64.whl",
        "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
        "demo-1.0.zip",
    ]
    anywhere = [found.filename for found in best_files(map(file, names), "1.0")]
    assert anywhere[0] == "demo-1.0-py3-none-any.whl"
    assert anywhere[-3:] == ["demo-1.0-cp311-cp311-win_amd64.whl", "demo-1.0.tar.gz", "demo-1.0.zip"]


class Counted:
    """Bytes that are given in parts, as a server would."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.calls = 0
        self.given = 0

    def __call__(self, start: int, end: int) -> bytes:
        assert 0 <= start < end <= len(self.data)
        self.calls += 1
        self.given += end - start
        return self.data[start:end]


@settings(deadline=None)
@given(
    st.integers(1, 60_000),
    st.integers(0, 2000),
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 20_000)), max_size=12),
)
def test_a_range_file_reads_as_the_file_itself(size: int, tail: int, reads: list[tuple[int, int]]) -> None:
    data = bytes(n * 31 % 251 for n in range(size))
    source = Counted(data)
    ours, theirs = RangeFile(source, size, data[-tail:] if tail else b""), io.BytesIO(data)
    for start, count in reads:
        assert ours.seek(start) == theirs.seek(start)
        assert ours.read(count) == theirs.read(count)
        assert ours.tell() == theirs.tell()
    assert source.given <= size, "nothing is fetched twice"
    ours.seek(0)
    assert io.BufferedReader(ours).read() == data


@settings(deadline=None)
@given(
    st.integers(1, 60_000),
    st.lists(st.tuples(st.booleans(), st.integers(0, 60_000), st.integers(0, 20_000)), max_size=12),
)
def test_what_is_fetched_before_it_is_read_takes_one_request(size: int, steps: list[tuple[bool, int, int]]) -> None:
    data = bytes(n * 31 % 251 for n in range(size))
    source = Counted(data)
    ours, theirs = RangeFile(source, size), io.BytesIO(data)
    for before, start, count in steps:
        calls = source.calls
        if before:
            ours.prefetch((start, start + count))
            assert source.calls <= calls + 1
            calls = source.calls
        assert ours.seek(start) == theirs.seek(start)
        assert ours.read(count) == theirs.read(count)
        assert not before or source.calls == calls, "all of it was there"


def test_a_member_takes_one_request() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("demo/first.bin", bytes(range(256)) * 400)
        bundle.writestr("demo/second.bin", bytes(255 - n % 256 for n in range(200_000)))
        bundle.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    source = Counted(data.getvalue())
    with zipfile.ZipFile(RangeFile(source, len(source.data), source.data[-600:])) as bundle:
        assert source.calls == 0
        assert read_member(bundle, "demo/second.bin")[:2] == b"\xff\xfe"
        assert source.calls == 1
        assert b"Name: demo" in read_metadata(bundle, "demo")
        assert len(list_wheel(bundle, "x").members) == 3
    assert source.calls <= 2


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (
            ["sklearn/__init__.py", "scikit_learn.libs/x.so", "scikit_learn-1.dist-info/top_level.py"],
            ("sklearn",),
        ),
        (["yaml/__init__.py", "_yaml/__init__.py", "tests/test_yaml.py"], ("_yaml", "yaml")),
        (["six.py", "_cffi_backend.cpython-311-x86_64-linux-gnu.so", "x.abi3.so"], ("_cffi_backend", "six", "x")),
        (["google/cloud/storage/__init__.py", "google_cloud-1-py3-nspkg.pth"], ("google",)),
        (["demo-1.data/purelib/demo/a.py", "demo-1.data/data/share/x.py", "demo-1.data/scripts/run.py"], ("demo",)),
        (["pandas-stubs/__init__.pyi", "README.md", "demo/py.typed", "1bad/x.py"], ()),
        (["tests/__init__.py"], ("tests",)),
    ],
)
def test_import_names_of_a_listing(paths: list[str], names: tuple[str, ...]) -> None:
    assert WheelListing("x.whl", tuple(WheelMember(path, 1, 1) for path in paths)).import_names == names


@pytest.mark.parametrize(
    ("paths", "roots"),
    [
        (["google/cloud/storage/__init__.py", "google/cloud/storage/blob.py"], ("google.cloud.storage",)),
        (["google/__init__.py", "google/cloud/storage/__init__.py"], ("google",)),
        (["ns/one.py", "ns/deep/two/__init__.py", "six.py", "tests/x.py"], ("ns.deep.two", "ns.one", "six")),
        (["__init__.py", "demo/data.txt"], ()),
    ],
)
def test_import_roots_of_a_listing(paths: list[str], roots: tuple[str, ...]) -> None:
    assert WheelListing("x.whl", tuple(WheelMember(path, 1, 1) for path in paths)).import_roots == roots


def test_metadata_is_read_leniently() -> None:
    data = b"Metadata-Version: 2.1\nName: Demo.Project\nVersion: 1.0\nRequires-Dist: numpy (>=1.0)\nBad: \xff\n\n\xfe\n"
    found = parse_metadata(data, "x", "y")
    assert (found.name, found.requires_dist, found.requires_python) == ("demo-project", ("numpy (>=1.0)",), "")
    with pytest.raises(ValueError, match="no Name"):
        parse_metadata(b"<html>", "x", "y")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_metadata_or_an_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_metadata(data, "x", "y")
