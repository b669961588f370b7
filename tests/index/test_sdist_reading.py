"""How much of a source distribution is read: no more than says what it asks for."""

from __future__ import annotations

import io
import os
import tarfile

import pytest
from index_support import build_sdist

from podfit.index.metadata import from_sdist
from podfit.model import PodfitError

FINAL = b"Metadata-Version: 2.2\nName: alpha\nVersion: 1.0\nRequires-Dist: beta>=2\n"
OLDER = b"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\nRequires-Dist: beta>=2\n"


def cut_after(info: bytes) -> bytes:
    """Return a tar file with PKG-INFO first, of which half of a large file behind it is lost."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in (("alpha-1.0/PKG-INFO", info), ("alpha-1.0/data.bin", os.urandom(2_000_000))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()[:1_000_000]


def test_a_promise_in_pkg_info_is_the_last_that_is_read() -> None:
    read = from_sdist(cut_after(FINAL), "alpha-1.0.tar.gz", "index")
    assert read.requires_dist == ("beta>=2",)
    assert "dependencies not dynamic" in read.evidence.detail


def test_without_a_promise_all_is_read() -> None:
    with pytest.raises(ValueError, match="unexpected end of data"):
        from_sdist(cut_after(OLDER), "alpha-1.0.tar.gz", "index")


@pytest.mark.parametrize("ranges", [True, False])
def test_of_a_large_file_the_beginning_is_read_where_that_will_do(server, client, ranges) -> None:
    server.ranges = ranges
    rest = {"data.bin": os.urandom(3_000_000)}
    server.add("alpha", "alpha-1.0.tar.gz", build_sdist("alpha", "1.0", {"PKG-INFO": FINAL, **rest}))
    older = build_sdist("beta", "1.0", {"PKG-INFO": OLDER.replace(b"alpha", b"beta"), **rest})
    server.add("beta", "beta-1.0.tar.gz", older)
    index = client()
    assert index.metadata("alpha", "1.0").requires_dist == ("beta>=2",)
    assert not ranges or server.sent < 200_000
    assert index.metadata("beta", "1.0").requires_dist == ("beta>=2",)
    assert "may differ" in index.metadata("beta", "1.0").evidence.detail


def test_what_is_too_large_is_not_fetched(server, client, monkeypatch) -> None:
    monkeypatch.setattr("podfit.index.client._SOURCE_BYTES", 1000)
    server.add("alpha", "alpha-1.0.tar.gz", build_sdist("alpha", "1.0", {"data.bin": os.urandom(2000)}))
    index = client()
    with pytest.raises(PodfitError, match="too large to be read"):
        index.source_files(index.files("alpha")[0])
    assert server.asked("/files/") == 0
