"""`pip list` (JSON and columns) and `pip inspect`, as text; what the real tools write is in test_environment_real."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import InputError
from podfit.readers.environment import Document, Listing, read_document
from podfit.readers.environment.positions import Lines, elements, members


def read(text: str) -> Listing:
    return read_document(Document("list.json", text))


def failing(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert "\n" not in str(caught.value)
    return caught.value


def line_of(error: InputError) -> int:
    return error.where.line if error.where else -1


def test_pip_list_json_knows_the_line_of_each_entry() -> None:
    text = '[\n  {"name": "Torch", "version": "2.4.0+cu124"},\n  {"name": "b",\n   "version": "1"}\n]\n'
    listing = read(text)
    assert listing.format == "pip list --format json"
    found = {name: (d.version, d.evidence.source) for name, d in listing.distributions.items()}
    assert found == {"torch": ("2.4.0+cu124", "list.json:2"), "b": ("1", "list.json:3")}


def test_pip_list_json_keeps_editable_installs() -> None:
    entry = {"name": "x", "version": "1", "editable_project_location": "/src/x", "installer": "pip", "location": "/v"}
    found = read(json.dumps([entry])).distributions["x"]
    assert (found.editable, found.direct_url, found.installer, found.location) == (True, "file:///src/x", "pip", "/v")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[{"name": "a", "version": "1"},\n {"name": "b"}]', 2, "an entry without a version"),
        ('[{"name": "a", "version": "1"},\n\n {"version": "1"}]', 3, "an entry without a name"),
        ('[{"name": "a", "version": 1}]', 1, "version is not a string"),
        ('[{"name": "a b", "version": "1"}]', 1, "'a b' is not the name of a distribution"),
        ('[{"name": "\\ud800", "version": "1"}]', 1, "is not the name"),
        ('[{"name": "a", "version": "1 2"}]', 1, "is not an exact version"),
        ('[{"name": "a", "version": "1"},\n {"name": "b" "version": "1"}]', 2, "not valid JSON"),
        ('[{"name": "a", "version": "1"},\n 5]', 2, "an entry without a name"),
        ("[]", 0, "lists no distribution"),
        ('[{"a":' + "[" * 100_000, 0, "not valid JSON"),
    ],
)
def test_a_wrong_json_list_is_an_error_with_its_line(text: str, line: int, said: str) -> None:
    error = failing(text)
    assert said in str(error)
    assert line_of(error) == line


COLUMNS = """\
Package           Version      Editable project location Location        Installer
----------------- ------------ ------------------------- --------------- ---------
nvidia-cublas-cu1 12.4.5.8                               /v/lib          pip
tiny_app          0.1.0        /src/tiny app             /v/lib
zope.interface    7.2                                    /v/lib

[notice] A new release of pip is available: 24.0 -> 25.0
"""


def test_pip_list_columns() -> None:
    listing = read(COLUMNS)
    assert listing.format == "pip list"
    found = {name: (d.version, d.evidence.source) for name, d in listing.distributions.items()}
    assert found == {
        "nvidia-cublas-cu1": ("12.4.5.8", "list.json:3"),
        "tiny-app": ("0.1.0", "list.json:4"),
        "zope-interface": ("7.2", "list.json:5"),
    }
    tiny = listing.distributions["tiny-app"]
    assert (tiny.editable, tiny.direct_url, tiny.location, tiny.installer) == (
        True,
        "file:///src/tiny app",
        "/v/lib",
        "",
    )
    assert listing.distributions["nvidia-cublas-cu1"].installer == "pip"


def test_pip_list_columns_errors_name_the_row() -> None:
    error = failing("Package Version\n------- -------\na       1\njust-a-name\n")
    assert line_of(error) == 4
    assert "no row of `pip list`" in str(error)
    assert line_of(failing(COLUMNS.replace("zope.interface ", "zope.interfaces.and.more"))) == 5
    assert line_of(failing("Package Version\n------- -------\n\n")) == 0


def report(**changes: Any) -> dict[str, Any]:
    entry = {
        "metadata": {
            "metadata_version": "2.1",
            "name": "Tiny_App",
            "version": "0.1.0",
            "requires_dist": ["click>=8", 'colorama; sys_platform ==\n "win32"'],
            "requires_python": ">=3.10",
            "import_name": ["tiny_app", "tiny_app.inner ; private"],
        },
        "metadata_location": "/v/lib/python3.11/site-packages/tiny_app-0.1.0.dist-info",
        "direct_url": {"url": "file:///src", "dir_info": {"editable": True}},
        "installer": "uv",
    }
    environment = {
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "platform_system": "Linux",
        "python_full_version": "3.11.7",
        "python_version": "3.11",
    }
    return {"version": "1", "pip_version": "26.3", "installed": [entry], "environment": environment, **changes}


def test_pip_inspect_gives_metadata_python_and_platform() -> None:
    listing = read(json.dumps(report(), indent=2))
    assert listing.format == "pip inspect"
    found = listing.distributions["tiny-app"]
    assert found.requires_dist == ("click>=8", 'colorama; sys_platform == "win32"')
    assert (found.requires_python, found.installer, found.editable) == (">=3.10", "uv", True)
    assert (found.direct_url, found.location) == ("file:///src", "/v/lib/python3.11/site-packages")
    assert found.evidence.source == "list.json:5"
    assert found.import_names == ("tiny_app",)
    assert listing.import_map == {"tiny_app": ("tiny-app",)}
    assert (listing.python_version, listing.machine, listing.system) == ("3.11.7", "x86_64", "linux")


def test_pip_inspect_direct_references_carry_their_commit_and_no_password() -> None:
    data = report()
    data["installed"][0]["direct_url"] = {
        "url": "https://me:secret@x.org/r.git",
        "vcs_info": {"vcs": "git", "commit_id": "0123"},
        "subdirectory": "s",
    }
    found = read(json.dumps(data)).distributions["tiny-app"]
    assert found.direct_url == "git+https://****@x.org/r.git@0123#subdirectory=s"
    assert not found.editable


def test_pip_inspect_leaves_out_what_has_no_name_or_version_and_says_so() -> None:
    data = report()
    data["installed"].append({"metadata": {"name": "broken"}, "metadata_location": "/v/broken.dist-info"})
    listing = read(json.dumps(data))
    assert list(listing.distributions) == ["tiny-app"]
    assert any("/v/broken.dist-info has no name or no version" in notice for notice in listing.notices)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (report(version="2"), "version '2' is newer than podfit knows"),
        (report(installed={}), "wrong shape"),
        (report(installed=[{"metadata": {"name": 5}}]), "wrong shape"),
        (report(environment=[]), "wrong shape"),
        (report(installed=[]), "lists no distribution"),
    ],
)
def test_a_wrong_report_is_an_error(data: dict[str, Any], said: str) -> None:
    assert said in str(failing(json.dumps(data)))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _json, max_size=5), st.sampled_from([None, 0, 2]), st.booleans())
def test_the_offsets_of_json_members_are_those_of_their_values(
    data: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    decoder = json.JSONDecoder()
    assert {key: decoder.raw_decode(text, offset)[0] for key, offset in members(text)} == data
    values = json.dumps(list(data.values()), indent=indent)
    assert [decoder.raw_decode(values, offset)[0] for offset in elements(values)] == list(data.values())


@given(st.text(alphabet="a\n"), st.integers(0, 50))
def test_lines_count_like_newlines(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    assert Lines(text).at(offset) == text.count("\n", 0, offset) + 1
