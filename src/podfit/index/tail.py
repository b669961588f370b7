"""METADATA from the end of a wheel, without the rest of its central directory.

A wheel's .dist-info should lie at its physical end (the binary distribution format says so), and there tools put it. A
wheel of three thousand files has a central directory of 300 kilobytes, of which one entry is wanted: that entry, its
member and an end record make a zip file of one member, which the standard library reads and checks.
"""

from __future__ import annotations

import io
import struct

from packaging.utils import canonicalize_name

from podfit.index.archives import ArchiveError, member_of, opened
from podfit.index.wheel import LOCAL_HEADER_BYTES, RangeFile

_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"  # APPNOTE.TXT 4.3.12, 4.3.16
_ENTRY_BYTES, _END_BYTES = 46, 22
_ELSEWHERE = 0xFFFFFFFF
"""A number that stands in a ZIP64 record instead (APPNOTE.TXT 4.5.3)."""
_METADATA = b".dist-info/METADATA"


def metadata_of_tail(file: RangeFile, tail: bytes, name: str) -> bytes | None:
    """Return the METADATA of a wheel of the project name, None where its end does not show exactly one.

    A second one further ahead makes it no wheel that can be installed, which is for the installer to say. tail are the
    last bytes of file. At most the member itself is fetched. Raises what fetching raises.
    """
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        return None
    directory_bytes, directory = struct.unpack_from("<II", tail, end + 12)
    begin = file.size - len(tail)
    if directory + directory_bytes != begin + end:  # ZIP64, or something before the archive: for the whole reader
        return None
    entries = tail[max(0, directory - begin) : end]
    found = [place for place in _entries(entries) if _is_metadata(entries, place, name)]
    if len(found) != 1:
        return None
    entry = bytearray(entries[found[0] : found[0] + _length(entries, found[0])])
    (packed,) = struct.unpack_from("<I", entry, 20)
    (name_length,) = struct.unpack_from("<H", entry, 28)
    (place,) = struct.unpack_from("<I", entry, 42)
    if _ELSEWHERE in (packed, place) or place >= directory:
        return None
    stop = min(directory, place + LOCAL_HEADER_BYTES + name_length + packed)
    file.prefetch((place, stop))
    file.seek(place)
    member = file.read(stop - place)
    struct.pack_into("<I", entry, 42, 0)
    record = struct.pack("<4s4H2IH", _END, 0, 0, 1, 1, len(entry), len(member), 0)
    try:
        with opened(io.BytesIO(member + entry + record)) as bundle:
            (info,) = bundle.infolist()
            return member_of(bundle, info)
    except (ArchiveError, ValueError):
        return None


def _entries(directory: bytes) -> list[int]:
    """Return where entries begin that may be METADATA's, in the end of a central directory."""
    found = []
    place = directory.find(_METADATA)
    while place >= 0:
        begin = directory.rfind(_ENTRY, 0, place)
        if begin >= 0:
            found.append(begin)
        place = directory.find(_METADATA, place + 1)
    return found


def _is_metadata(directory: bytes, begin: int, name: str) -> bool:
    """Tell whether an entry is the METADATA of a project at the root of its wheel."""
    if len(directory) < begin + _ENTRY_BYTES:
        return False
    (length,) = struct.unpack_from("<H", directory, begin + 28)
    path = directory[begin + _ENTRY_BYTES : begin + _ENTRY_BYTES + length].decode("utf-8", "replace")
    folder = path.removesuffix(_METADATA.decode())
    return folder != path and "/" not in folder and canonicalize_name(folder.partition("-")[0]) == name


def _length(directory: bytes, begin: int) -> int:
    """Return the bytes of an entry."""
    name, extra, comment = struct.unpack_from("<3H", directory, begin + 28)
    return _ENTRY_BYTES + int(name + extra + comment)
