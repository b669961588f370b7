"""Archives that unpack to more than anybody has room for, or to nothing: one kind of error, bounded time and memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from index_support import LocalIndex, build_sdist, build_wheel, metadata_text

from podfit.index import Index, archives
from podfit.index.archives import ArchiveError, member_of, opened, walk
from podfit.index.errors import MetadataUnknown
from podfit.index.metadata import from_sdist
from podfit.index.sources import source_files

MIB = 1 << 20


class Zeros(io.RawIOBase):
    """A file of so many zeros."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(self.left, size)
        self.left -= size
        return b"\0" * size


def bomb(name: str, size: int) -> bytes:
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w|") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = size
        archive.addfile(entry, Zeros(size))
    return data.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PKG-INFO", "setup.py", "pyproject.toml"])
def test_a_file_that_unpacks_without_end_is_given_up(name: str) -> None:
    data = bomb(f"demo-1.0/{name}", 64 * MIB)
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"{name} unpacks to more than 16777216 bytes|it has no PKG-INFO"):
        from_sdist(data, "demo-1.0.tar.gz", "u")
    if name != "PKG-INFO":
        with pytest.raises(ArchiveError, match="unpacks to more than"):
            source_files(data, "demo-1.0.tar.gz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * MIB, peak


def test_the_headers_that_a_source_distribution_includes_and_does_not_hold() -> None:
    files = {
        "src/a.c": '#include <stdio.h>\n  #  include "portaudio.h"\n#include "own/inner.h"\n',
        "src/own/inner.h": "#include <alsa/asoundlib.h>\n#include <vector>\n// #include <png.h>\n",
        "b.pyx": "cdef extern from 'gmp.h':\n    pass\n",
        "tests/c.c": "#include <mpi.h>\n",
        "big.c": "x" * (archives.MOST_OF_ONE + 1),
        "setup.py": "",
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(f"demo-1.0/{name}", text)
    found = source_files(data.getvalue(), "demo-1.0.zip")
    assert found.headers == ("alsa/asoundlib.h", "gmp.h", "portaudio.h", "stdio.h")


@pytest.mark.parametrize(("folder", "told"), [("", "at the root"), ("demo-1.0/", "in the folder")])
def test_a_source_distribution_without_a_folder_of_its_own_is_read_too(folder: str, told: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as bundle:
        bundle.writestr("pyproject.toml", "at the root")
        bundle.writestr("other.py", "")
        if folder:
            bundle.writestr(f"{folder}pyproject.toml", "in the folder")
    found = source_files(data.getvalue(), "demo-1.0.zip")
    assert (found.pyproject, found.setup, found.beside) == (told, "", ())


def test_an_archive_that_unpacks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 8 * MIB)
    with pytest.raises(ArchiveError, match="it unpacks to more than 8 MiB"):
        list(walk(bomb("demo-1.0/data.bin", 16 * MIB), "demo-1.0.tar.gz"))


def test_a_member_of_a_wheel_that_unpacks_without_end() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("demo-1.0.dist-info/METADATA", b"x" * (20 * MIB))
    with zipfile.ZipFile(data) as bundle:
        (info,) = bundle.infolist()
        with pytest.raises(ArchiveError, match="METADATA unpacks to more than"):
            member_of(bundle, info)
        info.file_size = 100  # what the directory states may be a lie
        with pytest.raises(ArchiveError, match="Bad CRC-32"):
            member_of(bundle, info)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_every_compression_is_read(pack: Callable[[bytes], bytes]) -> None:
    plain = gzip.decompress(build_sdist("demo", "1.0", {"PKG-INFO": metadata_text("demo", "1.0", ["x"], level="2.2")}))
    assert from_sdist(pack(plain), "demo-1.0.tar.gz", "u").requires_dist == ("x",)


def test_every_damage_is_one_kind_of_error(server: LocalIndex, client: Callable[..., Index]) -> None:
    """Every byte of a wheel wrong in turn: zlib's own error among what comes of it ended a run."""
    whole = build_wheel("demo", "1.0", extra="x" * 300)
    seen: set[str] = set()
    for at in range(0, len(whole), 7):
        data = bytearray(whole)
        data[at] ^= 0xFF
        try:
            with opened(io.BytesIO(bytes(data))) as bundle:
                for info in bundle.infolist():
                    try:
                        member_of(bundle, info)
                    except ArchiveError as error:
                        seen.add(str(error))
        except ArchiveError as error:
            seen.add(str(error))
    assert any("while decompressing" in text for text in seen), seen
    assert any("zip file version" in text for text in seen), seen
    damaged = bytearray(whole)
    start = whole.index(b"demo-1.0.dist-info/METADATA") + len("demo-1.0.dist-info/METADATA")
    damaged[start : start + 20] = b"\xff" * 20
    server.add("demo", "demo-1.0-py3-none-any.whl", bytes(damaged))
    with pytest.raises(MetadataUnknown, match="the archive cannot be read"):
        client().metadata("demo", "1.0")


def test_a_file_without_a_name_is_a_damage() -> None:
    data = build_wheel("alpha", "1.0", files={"alpha.py": b""})
    place = data.rindex(b"alpha.py") - 46
    nameless = data[: place + 28] + b"\0\0" + data[place + 30 : place + 46] + data[place + 54 :]
    end = nameless.rindex(b"PK\x05\x06")
    size = int.from_bytes(nameless[end + 12 : end + 16], "little") - 8
    nameless = nameless[: end + 12] + size.to_bytes(4, "little") + nameless[end + 16 :]
    assert "" in zipfile.ZipFile(io.BytesIO(nameless)).namelist()
    with pytest.raises(ArchiveError, match="has no name"):
        opened(io.BytesIO(nameless))
