"""uv's answers are locks of the standard format (PEP 751), but for hashes that an index does not state."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from podfit.model import Artefact, LockedPackage, PodfitError
from podfit.solve.answer import locked_packages, preferences

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\n'
HASHES = '{ sha256 = "00aa" }'


def test_files_of_an_index() -> None:
    text = f"""{HEAD}
[[packages]]
name = "torch"
version = "2.4.0+cu124"
wheels = [
    {{ url = "https://a.org/whl/torch-2.4.0%2Bcu124-cp311-cp311-linux_x86_64.whl", hashes = {HASHES} }},
    {{ path = "here/torch-2.4.0+cu124-cp310-cp310-linux_x86_64.whl", hashes = {HASHES} }},
]
sdist = {{ url = "https://a.org/torch-2.4.0+cu124.tar.gz", size = 5, upload-time = 2024-07-24T18:00:00Z, hashes = {HASHES} }}
"""  # noqa: E501 - an inline table of TOML is one line
    package = locked_packages(text)["torch"]
    assert (package.name, package.version, package.url) == ("torch", "2.4.0+cu124", "")
    wheel, sdist = package.artefacts  # what has no URL is no file that anybody else can fetch
    assert (wheel.filename, wheel.kind) == ("torch-2.4.0+cu124-cp311-cp311-linux_x86_64.whl", "wheel")
    assert wheel.url.endswith("2.4.0%2Bcu124-cp311-cp311-linux_x86_64.whl")
    assert sdist == Artefact(
        filename="torch-2.4.0+cu124.tar.gz",
        url="https://a.org/torch-2.4.0+cu124.tar.gz",
        hashes=("sha256:00aa",),
        kind="sdist",
        size=5,
        upload_time="2024-07-24T18:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("table", "url", "kinds"),
    [
        (f'archive = {{ url = "https://a.org/x-1.zip", hashes = {HASHES} }}', "https://a.org/x-1.zip", ["sdist"]),
        (
            f'archive = {{ url = "https://a.org/x-1%2Ba-py3-none-any.whl", hashes = {HASHES} }}',
            "https://a.org/x-1%2Ba-py3-none-any.whl",
            ["wheel"],
        ),
        (f'archive = {{ path = "x-1.zip", hashes = {HASHES} }}', "x-1.zip", []),
        (f'archive = {{ path = "/a/x-1.zip", hashes = {HASHES} }}', "/a/x-1.zip", ["sdist"]),
        ('vcs = { type = "git", url = "https://a.org/x", commit-id = "abc" }', "git+https://a.org/x@abc", []),
        ('directory = { path = "../x", editable = true }', "../x", []),
    ],
)
def test_what_comes_from_no_index(table: str, url: str, kinds: list[str]) -> None:
    package = locked_packages(f'{HEAD}[[packages]]\nname = "x"\nversion = "1"\n{table}\n')["x"]
    assert (package.version, package.url) == ("1", url)
    assert [artefact.kind for artefact in package.artefacts] == kinds
    assert not any("%" in artefact.filename for artefact in package.artefacts)


def test_preferences_are_a_lock_themselves() -> None:
    text = "".join(preferences({"b": "2.0+x", "a": "1"}))
    archive = f'\narchive = {{ url = "https://a.org/x.zip", hashes = {HASHES} }}'
    filled = text.replace('\nversion = "', f'{archive}\nversion = "')
    Pylock.from_dict(tomllib.loads(filled))  # all that it lacks is where its packages come from
    found = locked_packages(text)
    assert {name: package.version for name, package in found.items()} == {"a": "1", "b": "2.0+x"}
    assert locked_packages("".join(preferences({})) + "packages = []\n") == locked_packages(HEAD) == {}


def test_a_file_whose_hash_no_index_states() -> None:
    text = (
        f'{HEAD}[[packages]]\nname = "x"\nversion = "1"\nwheels = [{{ url = "https://a.org/x-1-py3-none-any.whl" }}]\n'
    )
    assert [file.hashes for file in locked_packages(text)["x"].artefacts] == [()]
    empty = text.replace('.whl" }', '.whl", hashes = {} }')
    assert [file.hashes for file in locked_packages(empty)["x"].artefacts] == [()]


@pytest.mark.parametrize("text", ["", "what", "a = 1", *(f"{HEAD}packages = {it}\n" for it in ("1", "[1]", "[{}]"))])
def test_what_is_no_lock(text: str) -> None:
    with pytest.raises(PodfitError, match="no lock of the standard format"):
        locked_packages(text)


def test_a_package_without_a_version() -> None:
    text = f'{HEAD}[[packages]]\nname = "x"\nvcs = {{ type = "git", path = "x", commit-id = "abc" }}\n'
    assert locked_packages(text) == {"x": LockedPackage("x", "", (), "git+x@abc")}


def test_a_file_on_this_machine_has_its_hash_even_where_uv_states_none(tmp_path: Path) -> None:
    wheel = tmp_path / "x-1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    gone = (tmp_path / "x-1.0.tar.gz").as_uri()
    text = f'{HEAD}[[packages]]\nname = "x"\nversion = "1.0"\n'
    text += f'wheels = [{{ url = "{wheel.as_uri()}" }}]\nsdist = {{ url = "{gone}" }}\n'
    own, other = locked_packages(text)["x"].artefacts
    assert own.hashes == (f"sha256:{hashlib.sha256(b'wheel').hexdigest()}",)
    assert other.hashes == ()
