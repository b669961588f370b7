"""METADATA from the end of a wheel: the same as the whole archive gives, or nothing."""

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from podfit.index.tail import metadata_of_tail
from podfit.index.wheel import RangeFile, read_metadata

TEXT = b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\n"
PATH = "app-1.0.dist-info/METADATA"


def wheel(members, *, comment=b"", compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as bundle:
        bundle.comment = comment
        for path, data in members:
            bundle.writestr(path, data)
    return file.getvalue()


def read(data, tail_bytes, name="app"):
    """The METADATA that the last bytes lead to, and how many bytes were fetched for it beside them."""
    fetched = []

    def fetch(start, end):
        fetched.append(end - start)
        return data[start:end]

    tail = data[-tail_bytes:]
    return metadata_of_tail(RangeFile(fetch, len(data), tail), tail, name), fetched


def test_of_a_wheel_of_many_files_the_member_alone_is_fetched():
    many = [(f"app/{number:05}.py", b"x" * 50) for number in range(3000)]
    found, fetched = read(wheel([*many, (PATH, TEXT), ("app-1.0.dist-info/RECORD", b"")]), 8192)
    assert (found, len(fetched)) == (TEXT, 1)
    assert fetched[0] < 1000
    assert read(wheel([(PATH, TEXT)]), 8192) == (TEXT, [])


def test_what_leaves_a_doubt_is_nothing():
    many = [(f"app/{number:05}.py", b"") for number in range(3000)]
    assert read(wheel([(PATH, TEXT), *many]), 8192)[0] is None, "it lies before the end that was fetched"
    twice = wheel([("App-2.dist-info/METADATA", b"Name: other"), (PATH, TEXT)])
    assert read(twice, 8192)[0] is None, "two of them"
    assert read(wheel([(PATH, TEXT)]), 8192, "other")[0] is None, "another project's"
    assert read(wheel([(f"vendored/{PATH}", TEXT)]), 8192)[0] is None, "not at the root"
    assert read(b"#!/bin/sh\n" + wheel([(PATH, TEXT)]), 8192)[0] is None, "something before the archive"
    for damaged in (b"", b"PK\x05\x06", wheel([(PATH, TEXT)])[:-4], TEXT * 900):
        assert read(damaged, 8192)[0] is None


def test_a_member_with_another_checksum_is_nothing():
    data = bytearray(wheel([(PATH, TEXT)], compression=zipfile.ZIP_STORED))
    place = data.index(TEXT)
    data[place] ^= 1
    assert read(bytes(data), 8192)[0] is None


names = st.sampled_from([PATH, "app-1.0.dist-info/RECORD", "app/__init__.py", f"a/{PATH}", "x.dist-info/METADATA"])
members = st.lists(st.tuples(names, st.binary(max_size=300)), max_size=6, unique_by=lambda pair: pair[0])


@given(members, st.integers(30, 2000))
def test_it_is_what_the_whole_archive_says_or_nothing(members, tail_bytes):
    data = wheel(members)
    found, _ = read(data, tail_bytes)
    if found is not None:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            assert found == read_metadata(bundle, "app")


@given(st.integers(0, 2000), st.integers(1, 255), st.integers(60, 600))
def test_no_damage_is_more_than_nothing(place, change, tail_bytes):
    data = bytearray(wheel([("app/__init__.py", b"0" * 700), (PATH, TEXT), ("app-1.0.dist-info/RECORD", b"r" * 9)]))
    data[place % len(data)] ^= change
    try:
        found, _ = read(bytes(data), tail_bytes)
    except OSError:  # more bytes than there are were asked for
        return
    assert found in (None, TEXT)
