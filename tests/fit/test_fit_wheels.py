"""How much of a wheel's compiled modules is read, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from index_support import LocalIndex, build_wheel

from podfit.audit.binary.facts import WheelBinaries
from podfit.fit.wheels import HOWS, Wanted, how_of
from podfit.index import Index, IndexFile
from podfit.model import Evidence, EvidenceKind, Release

SEEN = Evidence(EvidenceKind.METADATA, "METADATA")


@pytest.fixture
def server() -> Iterator[LocalIndex]:
    made = LocalIndex()
    yield made
    made.close()


@pytest.fixture
def index(server: LocalIndex, tmp_path: Path) -> Index:
    wheel = build_wheel("plain", "1.0", (), {"plain/_plain.so": b"no library", "plain/__init__.py": b""})
    server.add("plain", "plain-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", wheel)
    return Index([server.url], cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "lines", "how"),
    [
        ("plain", (), "some"),
        ("plain", ("six",), "some"),
        ("plain", ("numpy>=1.20; python_version > '3'",), "numpy"),
        ("plain", None, "numpy"),
        ("plain", ("torch",), "all"),
        ("cuda-plain", None, "all"),
    ],
)
def test_what_a_release_requires_says_how_much_counts(name: str, lines: tuple[str, ...] | None, how: str) -> None:
    assert how_of(Release(name, "1.0", lines, "", SEEN)) == how


def test_what_was_read_for_less_does_not_count_for_more(index: Index) -> None:
    (file,) = index.files("plain")
    assert _count(index, file, "some") == 0
    for how in HOWS[1:]:
        assert Wanted(file, "plain", how).known(index) is None
        assert _count(index, file, how) == 1
    assert _count(index, file, "some") == 0


def _count(index: Index, file: IndexFile, how: str) -> int:
    """Read a wheel, and return how many compiled modules were seen in it."""
    found = Wanted(file, "plain", how).made(index)
    assert isinstance(found, WheelBinaries)
    assert Wanted(file, "plain", how).known(index) == found
    return found.count
