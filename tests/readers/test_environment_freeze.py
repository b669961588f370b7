"""`pip freeze` in all its spellings, and the listing that comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import EvidenceKind, InputError, canonical
from podfit.readers.environment import Document, Listing, detect, read_document, read_listing

EXAMPLE = Path(__file__).parents[2] / "examples" / "moola" / "local-environment.txt"


def read(text: str) -> Listing:
    return read_document(Document("freeze.txt", text))


def test_the_example_keeps_every_one_of_its_lines() -> None:
    listing = read_listing(str(EXAMPLE))
    lines = EXAMPLE.read_text().splitlines()
    assert len(listing.distributions) == 448 == sum(not line.startswith("#") for line in lines)
    assert listing.python_version == "3.12.2"
    assert listing.format == "pip freeze"
    for distribution in listing.distributions.values():
        path, _, number = distribution.evidence.source.rpartition(":")
        assert path == str(EXAMPLE)
        assert distribution.evidence.kind is EvidenceKind.METADATA
        assert canonical(distribution.name) in canonical(lines[int(number) - 1])
        assert distribution.version in lines[int(number) - 1]
    moola = listing.distributions["moola"]
    assert moola.editable
    assert moola.direct_url.startswith("git+ssh://git@git.example.com/tabular/moola.git@")
    assert listing.distributions["packaging"].direct_url.startswith("file:///croot/packaging_")
    assert any("editable" in notice and "moola" in notice for notice in listing.notices)
    assert any("not from an index" in notice and "packaging" in notice for notice in listing.notices)


@pytest.mark.parametrize(
    ("line", "name", "version", "url", "editable"),
    [
        ("torch==2.4.0+cu124", "torch", "2.4.0+cu124", "", False),
        ("Flask_SQL.Alchemy == 3.0", "flask-sql-alchemy", "3.0", "", False),
        ("old===2004d", "old", "2004d", "", False),
        ("uvicorn[standard]==0.30.1", "uvicorn", "0.30.1", "", False),
        ("a==1 ; python_version >= '3.8'", "a", "1", "", False),
        ("a==1 --hash=sha256:00 --hash=sha256:11", "a", "1", "", False),
        ("a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11", "a", "1", "", False),
        ("a==1  # via b", "a", "1", "", False),
        ("a @ file:///croot/a_17/work", "a", "", "file:///croot/a_17/work", False),
        ("a @ file:///tmp/a-1.5-py3-none-any.whl", "a", "1.5", "file:///tmp/a-1.5-py3-none-any.whl", False),
        ("a @ https://x.org/a-1.5.tar.gz#sha256=00", "a", "1.5", "https://x.org/a-1.5.tar.gz#sha256=00", False),
        ("a @ https://x.org/b-1.5.tar.gz", "a", "", "https://x.org/b-1.5.tar.gz", False),
        ("a @ git+https://x.org/a@0123", "a", "", "git+https://x.org/a@0123", False),
        ("a[b] @ git+https://me:secret@x.org/a@01", "a", "", "git+https://****@x.org/a@01", False),
        ("-e git+https://x.org/r.git@01#egg=my_pkg", "my-pkg", "", "git+https://x.org/r.git@01#egg=my_pkg", True),
        ("-e git+https://x.org/r@01#egg=p[d]&subdirectory=s", "p", "", None, True),
        ("--editable=git+https://x.org/r.git@01", "r", "", "git+https://x.org/r.git@01", True),
        ("-e /home/me/proj", "proj", "", "file:///home/me/proj", True),
        ("-e file:///home/me/proj", "proj", "", "file:///home/me/proj", True),
        ("git+https://x.org/r.git@v1#egg=r==1.0", "r", "1.0", "git+https://x.org/r.git@v1#egg=r==1.0", False),
        ("https://x.org/a-1.5-py3-none-any.whl", "a", "1.5", "https://x.org/a-1.5-py3-none-any.whl", False),
    ],
)
def test_one_line(line: str, name: str, version: str, url: str | None, editable: bool) -> None:
    listing = read(f"# a comment\n\n{line}\n")
    (found,) = listing.distributions.values()
    assert (found.name, found.version, found.editable) == (name, version, editable)
    assert found.evidence.source == "freeze.txt:3"
    assert found.requires_dist is None
    if url is not None:
        assert found.direct_url == url


@pytest.mark.parametrize(
    "comment",
    [
        "# Editable install with no version control (x==1.2)",
        "# Editable Git install with no remote (x==1.2)",
        "# Editable Git install (x==1.2) with either a deleted local remote or invalid URI:\n# '../r'",
    ],
)
def test_pips_comment_above_an_editable_install_names_it(comment: str) -> None:
    listing = read(f"a==1\n{comment}\n-e /somewhere/else\n-e /third/place\n")
    x, place = listing.distributions["x"], listing.distributions["place"]
    assert (x.version, x.editable, x.direct_url) == ("1.2", True, "file:///somewhere/else")
    assert place.version == "", "the comment speaks of the line under it only"


def test_a_relative_checkout_lies_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "own"\n')
    (tmp_path / "requirements.txt").write_text("a==1\n-e .\n-e ./sub/dir[dev]\n")
    listing = read_listing(str(tmp_path / "requirements.txt"))
    assert sorted(listing.distributions) == ["a", "dir", "own"]
    assert listing.distributions["own"].direct_url == "."


def test_a_line_that_names_nothing_is_told(tmp_path: Path) -> None:
    listing = read("a==1\n-e git+https://x.org/@01\n")
    assert list(listing.distributions) == ["a"]
    assert any(notice.startswith("freeze.txt:2: left out") for notice in listing.notices)


def test_a_checkout_on_this_machine_is_named_by_its_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Real_Name"\n')
    found = read(f"-e file://{tmp_path}\n").distributions["real-name"]
    assert found.evidence.kind is EvidenceKind.METADATA
    (tmp_path / "pyproject.toml").write_text("broken = [\n")
    (found,) = read(f"-e file://{tmp_path}\n").distributions.values()
    assert (found.name, found.evidence.kind) == (canonical(tmp_path.name), EvidenceKind.ASSUMED)


@pytest.mark.parametrize(
    ("comment", "python"),
    [
        ("# python: 3.12.2", "3.12.2"),
        ("# Python 3.10", "3.10"),
        ("#python_version = 3.9.1", "3.9.1"),
        ("# This file is autogenerated by pip-compile with Python 3.11", "3.11"),
        ("#    uv pip compile in.txt --python-version 3.12 -o out.txt", "3.12"),
        ("Using Python 3.11.7 environment at: v", "3.11.7"),
        ("# works with python 3.9 and 3.10", ""),
        ("# nothing of the kind", ""),
    ],
)
def test_the_python_version_is_read_from_a_comment(comment: str, python: str) -> None:
    assert read(f"{comment}\na==1\n").python_version == python


def test_glibc_and_machine_are_read_from_comments_too() -> None:
    listing = read("# glibc: 2.31\n# machine: aarch64\na==1\n")
    assert (listing.glibc, listing.machine) == ("2.31", "aarch64")


def test_options_and_what_pip_says_on_the_side_are_not_distributions() -> None:
    text = (
        "WARNING: something\n-i https://x.org/simple\n--extra-index-url https://y.org\n-f /wheels\na==1\n"
        "## The following requirements were added by pip freeze:\nb==2\n[notice] A new release of pip is available\n"
    )
    assert sorted(read(text).distributions) == ["a", "b"]


def test_the_first_of_two_versions_counts_and_is_told() -> None:
    listing = read("a==2\na==1\n")
    assert listing.distributions["a"].version == "2"
    assert any("a is there as 2 and 1" in notice for notice in listing.notices)


def test_of_versions_with_markers_the_one_for_this_machine_counts() -> None:
    text = "a==1 ; python_version < '3'\na==2 ; python_version >= '3'\n"
    assert read(text).distributions["a"].version == "2"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a==1\nb>=2\n", 2, "'b>=2' is no line of `pip freeze`"),
        ("a==1\n\nb\n", 3, "'b' is no line"),
        ("a==1\nb==1.*\n", 2, "'1.*' is not an exact version of b"),
        ("a==1\n-r other.txt\n", 2, "includes another file"),
        ("a==1\nthis is prose, not a list\n", 2, "is no line of `pip freeze`"),
        ("a==1\n" + "b" * 30_000 + "==1\n", 2, "a line without end"),
        ("# only\na==1\n\n-_- @ file:///x\n", 4, "is no line"),
    ],
)
def test_a_wrong_line_is_named(text: str, line: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.where is not None
    assert (caught.value.where.path, caught.value.where.line) == ("freeze.txt", line)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


_names = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,10}[A-Za-z0-9]", fullmatch=True)
_versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\+cu[0-9]{3})?", fullmatch=True)


@given(st.dictionaries(_names.map(canonical), _versions, min_size=1), st.booleans(), st.randoms())
def test_what_freeze_writes_is_read_back(pins: dict[str, str], windows: bool, random: object) -> None:
    order = list(pins)
    random.shuffle(order)  # type: ignore[attr-defined]
    end = "\r\n" if windows else "\n"
    document = Document("f", "".join(f"{name}=={pins[name]}{end}" for name in order))
    found = detect(document)
    assert found is not None
    listing = found.read(document)
    assert {name: d.version for name, d in listing.distributions.items()} == pins
    for name, distribution in listing.distributions.items():
        assert distribution.evidence.source == f"f:{order.index(name) + 1}"


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["a==1", "-e x", "@", " ", "\\", "#", "a @ ", "==", "'"])).map("".join)
)
def test_any_text_is_a_listing_or_an_input_error(text: str) -> None:
    try:
        listing = read(text)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert listing.distributions
